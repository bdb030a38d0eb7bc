"""The command line. Every command imports what it needs when it runs, so help is instant."""

import os
import sys

import typer

from flowleague.capacity import has_quota, usable_cores
from flowleague.cli import (
    board,
    capture,
    contest,
    doctor,
    inspect,
    judges,
    live,
    make,
    models,
    pack,
    pulls,
    report,
    score,
    set_anew,
    share,
    terminal,
)
from flowleague.errors import FlowLeagueError

app = typer.Typer(
    name="flowleague",
    help="Run, enter and win latent flow matching contests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog="Example: flowleague train quick --out runs/quick")(make.train)
app.command(epilog="Example: flowleague generate runs/quick --out samples.png --n 100 --seed 1")(make.generate)
app.command(epilog="Example: flowleague reconstruct runs/quick --out reconstructions.png")(make.reconstruct)
app.command(epilog="Example: flowleague show runs/quick")(inspect.show)
app.command("set", epilog="Example: flowleague set runs/quick --solver heun --steps 3 --out heun.zip")(
    set_anew.set_anew
)
app.command(epilog="Example: flowleague score runs/quick")(score.score)
app.command(epilog="Example: flowleague compare runs/quick other-model.zip")(score.compare)
app.command(epilog="Example: flowleague export runs/quick -o onnx")(live.export)
app.command(epilog="Example: flowleague live runs/quick -o live.html")(live.live)
app.command(epilog="Example: flowleague report runs/quick -o report")(report.report)
app.command(epilog="Example: flowleague pack runs/quick --team 'The Latents' --out submission")(pack.pack)
app.command(epilog="Example: flowleague capture my_model.py -o entry.zip")(capture.capture)
app.command(epilog="Example: flowleague share runs/quick --to hugging-face --repo me/digits")(share.share)
app.command(epilog="Example: flowleague models")(models.models)
app.add_typer(judges.app, name="judges", epilog="Example: flowleague judges")
app.add_typer(contest.app, name="contest", epilog="Example: flowleague contest new class-2026")
app.add_typer(pulls.app, name="pull")
app.command(epilog="Example: flowleague board class-2026 -o site")(board.board)
app.command(epilog="Example: flowleague doctor")(doctor.doctor)
app.command(epilog="Example: flowleague recipes")(inspect.recipes)
app.command(epilog="Example: flowleague data fashion-mnist")(inspect.data)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    """Run, enter and win latent flow matching contests."""
    if version:
        from flowleague.build import evaluator

        print(evaluator().replace("-", " ", 1))
        raise typer.Exit


def main() -> None:
    """Run the command line; what a user can mend ends in one sentence and exit status 2, without a traceback."""
    # Threads that spin while they wait slow training tenfold when another program uses a core; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if has_quota():  # torch counts the processors of the machine, of which a container may have few
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    terminal.plain_streams()
    try:
        try:
            app()
        finally:
            terminal.flush()
    except (FlowLeagueError, OSError, MemoryError, RuntimeError, ImportError) as error:
        sys.exit(terminal.end(error))
