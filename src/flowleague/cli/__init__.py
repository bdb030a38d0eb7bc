"""The command line. Every command imports what it needs when it runs, so help is instant."""

import os
import sys

import typer

from flowleague.capacity import WAITING, has_quota, usable_cores
from flowleague.cli import (
    board,
    capture,
    compare,
    contest,
    doctor,
    inspect,
    judges,
    live,
    make,
    models,
    new_entry,
    pack,
    pulls,
    report,
    runs,
    score,
    set_anew,
    share,
    sweep,
    terminal,
)
from flowleague.errors import FlowLeagueError, docs_link
from flowleague.files import sweep as sweep_files

app = typer.Typer(
    name="flowleague",
    help="Run, enter and win latent flow matching contests.",
    epilog=f"Documentation: {docs_link('index')}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
_TRAIN, _MEASURE, _SHOW, _LEAGUE = "Train", "Measure", "Show and hand in", "Contest"
app.command(epilog="Example: flowleague train quick --out runs/quick", rich_help_panel=_TRAIN)(make.train)
app.command(epilog="Example: flowleague runs", rich_help_panel=_TRAIN)(runs.runs)
app.command(
    epilog="Example: flowleague sweep quick --vary vae.channels=12..32 --minimise reconstruction.mse --trials 20",
    rich_help_panel=_TRAIN,
)(sweep.sweep)
app.command(
    "set", epilog="Example: flowleague set runs/quick --solver heun --steps 3 --out heun.zip", rich_help_panel=_TRAIN
)(set_anew.set_anew)
app.command("new-entry", epilog="Example: flowleague new-entry mine", rich_help_panel=_TRAIN)(new_entry.new_entry)
app.command(epilog="Example: flowleague recipes", rich_help_panel=_TRAIN)(inspect.recipes)
app.command(epilog="Example: flowleague models", rich_help_panel=_TRAIN)(models.models)
app.command(epilog="Example: flowleague data fashion-mnist", rich_help_panel=_TRAIN)(inspect.data)
app.command(epilog="Example: flowleague score runs/quick", rich_help_panel=_MEASURE)(score.score)
app.command(epilog="Example: flowleague compare runs/quick other-model.zip", rich_help_panel=_MEASURE)(compare.compare)
app.command(epilog="Example: flowleague show runs/quick", rich_help_panel=_MEASURE)(inspect.show)
app.add_typer(judges.app, name="judges", epilog="Example: flowleague judges", rich_help_panel=_MEASURE)
app.command(epilog="Example: flowleague doctor", rich_help_panel=_MEASURE)(doctor.doctor)
app.command(epilog="Example: flowleague generate runs/quick --out samples.png --n 100 --seed 1", rich_help_panel=_SHOW)(
    make.generate
)
app.command(epilog="Example: flowleague reconstruct runs/quick --out reconstructions.png", rich_help_panel=_SHOW)(
    make.reconstruct
)
app.command(epilog="Example: flowleague live runs/quick -o live.html", rich_help_panel=_SHOW)(live.live)
app.command(epilog="Example: flowleague report runs/quick -o report", rich_help_panel=_SHOW)(report.report)
app.command(epilog="Example: flowleague export runs/quick -o onnx", rich_help_panel=_SHOW)(live.export)
app.command(epilog="Example: flowleague capture my_model.py -o entry.zip", rich_help_panel=_SHOW)(capture.capture)
app.command(epilog="Example: flowleague pack runs/quick --team 'The Latents' --out submission", rich_help_panel=_SHOW)(
    pack.pack
)
app.command(epilog="Example: flowleague share runs/quick --to hugging-face --repo me/digits", rich_help_panel=_SHOW)(
    share.share
)
app.add_typer(contest.app, name="contest", epilog="Example: flowleague contest new class-2026", rich_help_panel=_LEAGUE)
app.command(epilog="Example: flowleague board class-2026 -o site", rich_help_panel=_LEAGUE)(board.board)
app.add_typer(pulls.app, name="pull", rich_help_panel=_LEAGUE)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    """Run, enter and win latent flow matching contests."""
    if version:
        from flowleague.build import evaluator

        print(evaluator().replace("-", " ", 1))
        raise typer.Exit


def main() -> None:
    """Run the command line; what a user can mend ends in one sentence and exit status 2, without a traceback."""
    os.environ.update(WAITING | os.environ)
    if has_quota():  # torch counts the processors of the machine, of which a container may have few
        os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
    terminal.plain_streams()
    sweep_files()
    try:
        try:
            app()
        finally:
            terminal.flush()
    except (FlowLeagueError, OSError, MemoryError, RuntimeError, ImportError) as error:
        sys.exit(terminal.end(error))
