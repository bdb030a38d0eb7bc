"""`flowleague pull`: what a contest's GitHub jobs run; users do not need it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.options import HERE, ContestOption
from flowleague.errors import docs_link

app = typer.Typer(help=f"Entries by pull request: the commands of a contest's GitHub jobs. See {docs_link('pulls')}")

Place = Annotated[Path, typer.Argument(metavar="ENTRY", help="The folder for the entry's files.")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The folder for the result.")]


@app.command(epilog="Example: flowleague pull check entry evaluation")
def check(place: Place, out: Out, contest: ContestOption = HERE) -> None:
    """Check what a pull request changes, and fetch its entry as data. Runs without privileges."""
    from flowleague.errors import FlowLeagueError
    from flowleague.pulls.artifact import write_outcome
    from flowleague.pulls.event import pull_of_event, read_event
    from flowleague.pulls.fetch import fetch

    event = read_event()
    pull = pull_of_event(event)
    try:
        found = fetch(contest, pull, event["repository"]["default_branch"], place, os.environ.get("GITHUB_TOKEN", ""))
    except FlowLeagueError as refusal:
        write_outcome(out, pull, "refused", str(refusal))
        say(refusal)
        raise typer.Exit(2) from refusal
    say("The entry can be measured." if found else "The pull request sends no entry in; there is nothing to measure.")


@app.command(epilog="Example: flowleague pull evaluate entry evaluation")
def evaluate(place: Place, out: Out, contest: ContestOption = HERE) -> None:
    """Measure the fetched entry in the sandbox, and write scorecard and outcome. Runs without privileges."""
    from flowleague.pulls.event import pull_of_event, read_event
    from flowleague.pulls.report import write_report
    from flowleague.pulls.trial import measure

    if not place.is_dir():
        say("There is no entry to measure.")
        return
    pull = pull_of_event(read_event())
    if problem := measure(contest, pull, place, out):
        say(problem)
        raise typer.Exit(2)
    say(f"The entry is measured; the scorecard is in {out}.")
    if why_not := write_report(contest, pull, place, out):
        say(why_not)


@app.command(epilog="Example: flowleague pull comment")
def comment(contest: ContestOption = HERE) -> None:
    """Check the result of an evaluation as hostile data, and comment on its pull request."""
    from flowleague.pulls.event import read_event, run_of_event
    from flowleague.pulls.github import GitHub
    from flowleague.pulls.verdict import judge

    github = GitHub.here()
    verdict = judge(contest, github, run_of_event(read_event()))
    if verdict:
        github.say(verdict.pull.number, verdict.comment)
    is_measured = verdict is not None and verdict.card is not None
    if path := os.environ.get("GITHUB_OUTPUT"):
        with open(path, "a") as file:
            file.write(f"measured={'true' if is_measured else 'false'}\n")
    say(f"Commented on pull request {verdict.pull.number}." if verdict else "There is no pull request to comment on.")


@app.command(epilog="Example: flowleague pull record")
def record(contest: ContestOption = HERE) -> None:
    """Record an entry that a reviewer approved, push that as one commit, comment, and close the pull request."""
    from flowleague.pulls.event import read_event, run_of_event
    from flowleague.pulls.github import GitHub
    from flowleague.pulls.record import record as put_on_board

    verdict = put_on_board(contest, GitHub.here(), run_of_event(read_event()))
    if verdict is None or verdict.entry is None:
        say(
            "Nothing was recorded; the pull request says why."
            if verdict
            else "The pull request has moved on or closed."
        )
        raise typer.Exit(2)
    say(f"The entry of pull request {verdict.pull.number} is recorded.")


def say(text: object) -> None:
    """Print a line in which GitHub's runner finds no command, whatever an entry contains."""
    from flowleague.errors import printable

    print("flowleague: " + printable(text, 1000).replace("##[", "## ["), flush=True)
