"""`flowleague contest take-in`: the inventory of what came, printed, and taken in."""

import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli.layout import say, width
from flowleague.cli.options import HERE, ContestOption
from flowleague.errors import printable
from flowleague.text import number

if TYPE_CHECKING:
    from flowleague.contest.contents import Row
    from flowleague.contest.intake import Inventory, Taken
    from flowleague.contest.rules import Times

_WIDEST = 34  # characters for a file's name; what follows a longer one begins on the next line


def take_in(
    source: Annotated[Path, typer.Argument(help="A Canvas download, a folder or zip of entries, or a scorecard.")],
    contest: ContestOption = HERE,
    at: Annotated[
        datetime | None,
        typer.Option(help="When they were sent in, local time; by default Canvas says, else it is now."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of every file.")] = False,
    answers: Annotated[
        Path | None, typer.Option(help="Where questions are asked and answered; SOURCE.answers.toml by default.")
    ] = None,
) -> None:
    """Take in many files at once, or a scorecard that was measured elsewhere; every file is accounted for."""
    from flowleague.cli.measuring import warn
    from flowleague.contest.intake import answers_of
    from flowleague.contest.intake import take_in as take
    from flowleague.contest.rules import read_rules

    if source.suffix == ".json":
        take_card(contest, source)
        return
    answers = answers or answers_of(source)
    inventory = take(contest, source, at, answers=answers, dry_run=dry_run)
    *lines, total = lines_of(inventory, read_rules(contest).time, dry_run, width())
    for line in lines:
        print(line)
    say(total)
    warn(contest)
    if inventory.questions:
        say(f"What is in question is asked in {answers}: answer there, and give the same command again.")
    if inventory.asks:
        raise typer.Exit(2)


def take_card(contest: Path, source: Path) -> None:
    """Take a scorecard in and say for which entry."""
    from flowleague.contest.scores import take_card as take

    entry, new_one = take(contest, source)
    say(f"The scorecard is {'now' if new_one else 'not needed: there is already'} one of entry {entry.id}.")


def lines_of(inventory: "Inventory", times: "Times", dry_run: bool, width: int = 100) -> list[str]:
    """The inventory for people, a block for each student or folder; what needs a person begins with an exclamation."""
    lines = [line for lot in inventory.lots for line in _block(lot, times, width)]
    if inventory.others:
        lines += ["Of no entry yet" if any(row.asks for row in inventory.others) else "Of no entry"]
        lines += [*_rows(inventory.others, "", width), ""]
    taken = sum(lot.received is not None for lot in inventory.lots)
    rows = [*inventory.others, *(row for lot in inventory.lots for row in lot.rows)]
    asking = sum(each.asks for each in (*inventory.lots, *inventory.others))
    verb, need = "would be" if dry_run else "are", "needs" if asking == 1 else "need"
    lines.append(
        f"{number(len(rows))} files: {number(taken)} of {number(len(inventory.lots))} students and folders {verb} "
        f"taken in, {number(asking)} {need} a person. Times are of {times.zone}."
    )
    return lines


def _block(lot: "Taken", times: "Times", width: int) -> list[str]:
    head = [f"Student {lot.student}" if lot.student else printable(lot.key), *([lot.team] if lot.team else [])]
    if lot.received:
        head += [
            f"{times.local(lot.received):%Y-%m-%d %H:%M}",
            ("late" if lot.late else "on time") + (" by Canvas" if lot.by_canvas else ""),
        ]
    else:
        head += ["not taken"]
    said = f"entry {lot.entry.id}" if lot.entry else "entry"
    said = f"{said} already" if lot.known else said
    lines = [" · ".join(head), *_rows(lot.rows, said if lot.received else "the entry, not taken", width)]
    for mark, text in (("!", lot.problem), ("-", lot.note)):
        lines += textwrap.wrap(printable(text, 1000), width, initial_indent=f"  {mark} ", subsequent_indent="    ")
    return [*lines, ""]


def _rows(rows: "Sequence[Row]", entry: str, width: int) -> list[str]:
    """A line for each file: its name, and beside it, or below where it is long, what becomes of it."""
    names = [f"  {'!' if row.asks else ' '} {printable(row.file)}" for row in rows]
    column = min(max(map(len, names), default=0), _WIDEST) + 2
    lines = []
    for name, row in zip(names, rows, strict=True):
        what = entry if row.taken == "entry" else row.taken
        why = f"{what or ('in question' if '?' in row.why else 'left')}: {row.why}" if row.why else what
        first, *more = textwrap.wrap(printable(why, 1000), max(width - column, 20))
        beside = len(name) + 2 <= column
        lines.append(f"{name:{column}}{first}" if beside else name)
        lines += [" " * column + line for line in (more if beside else [first, *more])]
    return lines
