"""`flowleague contest`: make a contest's folder, submit entries, and measure them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli import hands, keeping, measuring, standings
from flowleague.cli import provenance as examining
from flowleague.cli import take_in as taking
from flowleague.cli.layout import print_json, say
from flowleague.cli.options import HERE, ContestOption, EntryId, JsonOption, KeyOption, PublicReason, shipped_or
from flowleague.errors import docs_link

_ENTER, _MEASURE, _RESULTS, _ORGANISE = "Enter", "Measure", "Results", "Organise"
app = typer.Typer(help="Run a contest: rules, entries, scorecards, ranks with error bars, awards with reasons.")


@app.command(
    epilog="Example: flowleague contest new class-2026 --opens 2026-10-08 --closes 2026-10-12T17:30",
    rich_help_panel=_ORGANISE,
)
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    name: Annotated[str | None, typer.Option(help="Name of the contest; the folder's name by default.")] = None,
    dataset: Annotated[str, typer.Option(help="mnist, fashion-mnist or kmnist.")] = "mnist",
    zone: Annotated[str, typer.Option(help="Time zone of all times, such as America/Chicago.")] = "UTC",
    opens: Annotated[datetime | None, typer.Option(help="Local time of the zone; now by default.")] = None,
    closes: Annotated[datetime | None, typer.Option(help="Local time; two weeks after by default.")] = None,
    judges: Annotated[
        bool, typer.Option("--judges", help="Train a judge of your own in the background: finds tuning to the others.")
    ] = False,
    github: Annotated[bool, typer.Option("--github", help="Add workflows for entries by pull request.")] = False,
    source: Annotated[
        str | None, typer.Option(help="For --github: where jobs get FlowLeague from, git+https://…@COMMIT or a wheel.")
    ] = None,
) -> None:
    """Make a contest's folder with the assignment's rules."""
    from flowleague.contest.folder import new_contest
    from flowleague.contest.seeds import commit
    from flowleague.contest.submit import shown
    from flowleague.files import write_atomically
    from flowleague.pulls.workflows import github_files

    workflows = github_files(folder, source) if github else {}
    rules = new_contest(folder, name=name, dataset=dataset, zone=zone, opens=opens, closes=closes)
    times = rules.time
    say(f"{folder} is ready: open from {shown(times.opens, times)} to {shown(times.closes, times)}.")
    if github:  # whose jobs measure without any secret
        say("No secret for the seeds is drawn: pull requests are measured with the published ones.")
    else:
        say(f"The seeds derive from a secret in {folder}/private.toml: keep a copy. Its SHA-256 is {commit(folder)}.")
    if judges:
        measuring.judges(folder)
    for path, content in workflows.items():
        write_atomically(path, content)
    if github:
        say(f"The workflows are in {folder}/.github; what to set up on GitHub, in order: {docs_link('pulls')}")
    say(f"The rules are {folder}/contest.toml; read them, and put the folder into git.")
    measuring.warn(folder)
    say(f"Before it opens: flowleague contest check --contest {folder}")
    say(f"Next: flowleague contest submit FILE --team NAME --contest {folder}")


@app.command(
    epilog="Example: flowleague contest submit runs/quick --team 'The Latents' --contest class-2026",
    rich_help_panel=_ENTER,
)
def submit(
    file: Annotated[
        Path,
        typer.Argument(help="A bundle (folder or zip), a .py or an .ipynb, or a shipped model.", callback=shipped_or),
    ],
    team: Annotated[str, typer.Option(help="The public name; whoever uses it first owns it.")],
    key: KeyOption = None,
    contest: ContestOption = HERE,
    weights: Annotated[
        list[Path] | None, typer.Option(help="A weight file of a .py or .ipynb, named as the code names it.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="The training.jsonl of a .py or .ipynb: declares its training.")
    ] = None,
    person: Annotated[list[str] | None, typer.Option(help="A member's name, for the organiser only.")] = None,
    hours: Annotated[float | None, typer.Option(min=0, help="Declare: hours of training.")] = None,
    gpu: Annotated[str | None, typer.Option(help="Declare: the GPU it was trained on; '' for none.")] = None,
    memory: Annotated[float | None, typer.Option(min=0, help="Declare: memory used, GiB.")] = None,
    trained_on: Annotated[list[str] | None, typer.Option(help="Declare: a data set it was trained on.")] = None,
    from_scratch: Annotated[
        bool | None, typer.Option("--from-scratch/--pretrained", help="Declare: whether any part was pretrained.")
    ] = None,
) -> None:
    """Send an entry in. The first one claims the team's name and prints its key, once."""
    from flowleague.contest.submit import Parcel
    from flowleague.contest.submit import submit as send
    from flowleague.ranking.field import Compute

    said = Compute(hours, gpu, memory, tuple(trained_on) if trained_on else None, from_scratch)
    try_first(contest, file, team, weights or ())
    sent = send(
        contest, Parcel(team, file, [*(weights or ()), *([log] if log else [])], said), key=key, people=person or ()
    )
    if sent.known:
        say(f"This file is entry {sent.id} of {sent.team} already.")
    else:
        say(f"Entry {sent.id} of {sent.team} is in{', late: it is kept, and does not count' if sent.late else ''}.")
    if sent.key:
        say(f"The key of {sent.team} is {sent.key}")
        say("It is shown this once. Later entries need it: --key, or FLOWLEAGUE_KEY in the environment.")


def try_first(contest: Path, file: Path, team: str, weights: Sequence[Path]) -> None:
    """Build code in the sandbox, where there is one; raises `EntryError` for what could never be measured."""
    from flowleague.contest.rules import read_rules
    from flowleague.contest.teams import clean_name
    from flowleague.errors import NetworkError, WallError
    from flowleague.limits import parse_limits

    if file.suffix.lower() not in (".py", ".ipynb") or not all(path.is_file() for path in (file, *weights)):
        return
    rules = read_rules(contest)
    clean_name(team)
    try:
        from flowleague.entrant.code import try_code
    except ImportError:  # without torch
        return
    try:
        try_code(file, weights, parse_limits(rules.limits, "[limits]"))
    except WallError:
        say("The entry was not tried, as there is no sandbox here; flowleague doctor says why.")
    except NetworkError as error:
        say(f"The entry was not tried: {error}")


app.command(epilog="Example: flowleague contest final 3f9a --key ... --contest class-2026", rich_help_panel=_ENTER)(
    hands.final
)
app.command(epilog="Example: flowleague contest withdraw 3f9a --key ... --contest class-2026", rich_help_panel=_ENTER)(
    hands.withdraw
)
app.command(
    epilog="Example: flowleague contest rename 'The Latents' 'Latents' --reason 'they asked' -C class-2026",
    rich_help_panel=_ORGANISE,
)(hands.rename)
app.command(
    "new-key",
    epilog="Example: flowleague contest new-key 'The Latents' --reason 'lost' -C class-2026",
    rich_help_panel=_ORGANISE,
)(hands.new_key)


@app.command(
    epilog="Example: flowleague contest disqualify 3f9a --reason 'Trained on test images' -C class-2026",
    rich_help_panel=_ORGANISE,
)
def disqualify(
    entry: EntryId,
    reason: PublicReason,
    contest: ContestOption = HERE,
) -> None:
    """Disqualify an entry, as the organiser; an older entry of the team counts instead."""
    from flowleague.contest.submit import disqualify as exclude

    gone = exclude(contest, entry, reason)
    say(f"Entry {gone.id} of {gone.team} is disqualified. `flowleague contest reinstate {gone.id}` reverses that.")


@app.command(epilog="Example: flowleague contest reinstate 3f9a -C class-2026", rich_help_panel=_ORGANISE)
def reinstate(entry: EntryId, contest: ContestOption = HERE) -> None:
    """Reverse a disqualification."""
    from flowleague.contest.submit import reinstate as take_back

    back = take_back(contest, entry)
    say(f"Entry {back.id} of {back.team} takes part again.")


@app.command(
    epilog="Example: flowleague contest clear 3f9a stored_bank --reason 'one stroke' --name 'A. Judge'",
    rich_help_panel=_ORGANISE,
)
def clear(
    entry: EntryId,
    finding: Annotated[str, typer.Argument(help="The finding's name.")],
    reason: Annotated[str, typer.Option(help="Why it does not count; shown in the records and on the board.")],
    name: Annotated[str, typer.Option(help="Who says so; shown as well.")],
    contest: ContestOption = HERE,
) -> None:
    """Clear a finding after hearing the team: with these numbers and this evaluator, it costs nothing."""
    from flowleague.contest.submit import clear as clear_finding

    cleared = clear_finding(contest, entry, finding, reason, name)
    say(f"The finding '{finding}' of {cleared.team}'s entry {cleared.id} is cleared by {name}: {reason}")


@app.command(epilog="Example: flowleague contest entries --contest class-2026", rich_help_panel=_RESULTS)
def entries(
    contest: ContestOption = HERE,
    team: Annotated[str | None, typer.Option(help="Those of a team.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Those that could not be measured.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List all entries: team, time, which ones count, and the outcome of measuring."""
    from flowleague.contest.folder import open_contest

    opened = open_contest(contest)
    if as_json:
        print_json(list(standings.entries_of(opened, team, failed)))
    else:
        standings.print_entries(opened, team, failed)


app.command(epilog="Example: flowleague contest check --contest class-2026", rich_help_panel=_ORGANISE)(measuring.check)
app.command(epilog="Example: flowleague contest judges --contest class-2026", rich_help_panel=_ORGANISE)(
    measuring.judges
)
app.command(epilog="Example: flowleague contest evaluate --contest class-2026", rich_help_panel=_MEASURE)(
    measuring.evaluate
)
app.command(
    epilog="Example: flowleague contest rescore --reason 'new judges' --contest class-2026", rich_help_panel=_MEASURE
)(measuring.rescore)
app.command(
    "final-round",
    epilog="Example: flowleague contest final-round '4f1c…' --contest class-2026",
    rich_help_panel=_MEASURE,
)(measuring.final_round)


app.command(
    epilog="Example: flowleague contest amend --reason 'the building was closed for a day' -C class-2026",
    rich_help_panel=_ORGANISE,
)(keeping.amend)
app.command(epilog="Example: flowleague contest verify --contest class-2026", rich_help_panel=_ORGANISE)(keeping.verify)
app.command(
    epilog="Example: flowleague contest store ../class-2026-files --contest class-2026", rich_help_panel=_ORGANISE
)(keeping.store)
app.command(
    "import-history",
    epilog="Example: flowleague contest import-history --contest class-2026",
    rich_help_panel=_ORGANISE,
)(keeping.import_history)
app.command(
    "take-in",
    epilog="Example: flowleague contest take-in submissions.zip --dry-run --contest class-2026",
    rich_help_panel=_ORGANISE,
)(taking.take_in)
app.command(epilog="Example: flowleague contest rank --contest class-2026", rich_help_panel=_RESULTS)(standings.rank)
app.command(
    epilog="Example: flowleague contest feedback --out feedback --contest class-2026", rich_help_panel=_RESULTS
)(standings.feedback)
app.command(epilog="Example: flowleague contest explain 'The Latents' --contest class-2026", rich_help_panel=_RESULTS)(
    standings.explain
)
app.command(epilog="Example: flowleague contest awards --contest class-2026", rich_help_panel=_RESULTS)(
    standings.awards
)
app.command(epilog="Example: flowleague contest export --format csv --out board.csv", rich_help_panel=_RESULTS)(
    standings.export
)
app.command(
    epilog="Example: flowleague contest provenance 'The Latents' --contest class-2026", rich_help_panel=_ORGANISE
)(examining.provenance)
