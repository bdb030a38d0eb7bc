"""A contest's records and files: amended, verified, kept elsewhere, and the board of 2025 beside them."""

from typing import Annotated

import typer

from flowleague.cli import standings
from flowleague.cli.layout import say
from flowleague.cli.options import HERE, ContestOption, PublicReason
from flowleague.text import number


def amend(
    reason: PublicReason,
    contest: ContestOption = HERE,
) -> None:
    """Record that you changed rules, judges or marks, and why; after the closing nothing else does."""
    from flowleague.contest.amending import amend as record
    from flowleague.text import listed

    say(f"Recorded, with the reason: {listed(record(contest, reason))}. The board shows it.")


def verify(
    contest: ContestOption = HERE,
    against: Annotated[str, typer.Option(metavar="HEAD", help="A head kept elsewhere; the records must hold it.")] = "",
) -> None:
    """Recompute the chain of hashes, and report what was altered, is missing or was added."""
    from flowleague.contest.chain import read_records
    from flowleague.contest.rules import read_rules
    from flowleague.contest.seeds import described
    from flowleague.contest.state import state_of
    from flowleague.contest.verify import verify as check

    report = check(contest, against)
    if not report.records:
        read_rules(contest)  # fails where there is no contest at all
    for note in report.notes:
        say(f"Note: {note}")
    for fault in report.faults:
        say(f"Fault: {fault}")
    say(f"{number(report.records)} records and {number(report.files)} files; the head is {report.head}.")
    if report.faults:
        say(f"{len(report.faults)} faults.")
        raise typer.Exit(2)
    say(described(state_of(read_records(contest))))
    say("All as recorded.")


def store(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A folder, or s3://bucket/name; the line store of the rules.")
    ] = "",
    contest: ContestOption = HERE,
    fetch: Annotated[bool, typer.Option("--fetch", help="Bring what is missing in the folder from there.")] = False,
) -> None:
    """Keep entries, cards and pictures in a place of their own, by SHA-256, so that git need not hold them."""
    from flowleague.contest import store as stores
    from flowleague.text import listed

    done = (stores.fetch if fetch else stores.store)(contest, place)
    say(f"{number(done.moved)} files {'fetched' if fetch else 'stored'}, {done.bytes / 1e6:.1f} MB.")
    if done.missing:
        where = "there, or not as recorded" if fetch else "in the folder as recorded, nor there"
        say(f"{number(len(done.missing))} files are not {where}: {listed(done.missing, most=5)}.")
        raise typer.Exit(2)


def import_history(contest: ContestOption = HERE) -> None:
    """Add the board of 2025 to the contest's folder, marked as not comparable."""
    from flowleague.edition2025.past import FILE, NOT_COMPARABLE
    from flowleague.edition2025.past import import_history as keep

    _, is_new = keep(contest)
    say(f"The board of 2025 is {'now' if is_new else 'already'} {contest / FILE}. {NOT_COMPARABLE}")
    standings.print_history(contest)
