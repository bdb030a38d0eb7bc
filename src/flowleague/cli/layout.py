"""One layout for all that is printed, from 60 to 120 columns: what matters least is left out first, nothing is cut.

Where the output is no terminal, tables have 120 columns and sentences stay whole, for `grep` and for files.
"""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from flowleague.errors import legible

if TYPE_CHECKING:
    from rich.console import Console

NARROW, WIDE = 60, 120  # columns: no table is narrower or wider
_GAP = 2  # columns between two of a table
_VALUE = 20  # characters of a value beside others; longer ones fold


class Column(NamedTuple):
    """A column: its title, its side, and when it is left out.

    Columns with the highest `spare` are left out first, all together; those with 0 never. One that `folds` takes the
    room that is left, and breaks between words.
    """

    title: str
    right: bool = False
    spare: int = 0
    folds: bool = False
    least: int = 12  # characters of a column that folds


class Group(str):
    """A row of a table that names the rows after it."""


Row = Sequence[str] | Group | None  # None: a line between groups


def width() -> int:
    """Columns that a table may have: those of COLUMNS or of the terminal, between 60 and 120; 120 in a pipe."""
    sized = is_terminal() or os.environ.get("COLUMNS", "").isdecimal()
    seen = shutil.get_terminal_size((WIDE, 0)).columns if sized else WIDE
    return min(max(seen, NARROW), WIDE)


def is_terminal() -> bool:
    """Whether a person reads the output as it comes."""
    return sys.stdout.isatty()


def console() -> "Console":
    """A console as wide as a table may be, which colours nothing on its own."""
    from rich.console import Console

    return Console(width=width(), highlight=False)


def say(*sentences: str, indent: str = "", file: IO[str] | None = None) -> None:
    """Print sentences, each on a line of its own and at once: wrapped between words where there is a terminal."""
    for sentence in sentences:
        print(wrapped(sentence, indent), file=file, flush=True)


def wrapped(sentence: str, indent: str = "") -> str:
    """A sentence that fits a terminal, its further lines two characters deeper than the first; it may hold strangers'
    text, of which what cannot be printed becomes question marks.
    """
    sentence = _legible(sentence)
    if not is_terminal():
        return indent + sentence
    lines = sentence.split("\n")
    wrapper = textwrap.TextWrapper(
        width(),
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
        break_long_words=False,  # a path or a hash stays one word, to be copied
    )
    return "\n".join(map(wrapper.fill, lines))


def _legible(text: str) -> str:
    """Text of several lines without what plays with a terminal."""
    return "\n".join(map(legible, text.split("\n")))


def print_json(value: Any) -> None:
    """Print an answer for programs: one JSON value, dataclasses as objects, what is no number as null."""
    import msgspec

    encoded = msgspec.json.encode(value, enc_hook=lambda number: number.item())  # those of numpy
    print(msgspec.json.format(encoded, indent=2).decode())


def print_table(columns: Sequence[Column], rows: Iterable[Row], title: str = "") -> None:
    """Print a table without frames, as wide as it needs to be and there is room."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    rows = list(rows)
    kept = _fitting(columns, [row for row in rows if row is not None and not isinstance(row, Group)])
    named = any(columns[i].title for i in kept)
    table = Table(box=box.SIMPLE_HEAD, show_header=named, show_edge=False, pad_edge=False, collapse_padding=True)
    for i in kept:
        name, right, _, folds, least = columns[i]
        side = "right" if right else "left"
        table.add_column(
            escape(_legible(name)), justify=side, no_wrap=not folds, overflow="fold", min_width=least if folds else None
        )
    for row in rows:
        if row is None:
            table.add_section()
        elif isinstance(row, Group):
            table.add_section()
            table.add_row(f"[bold]{escape(_legible(row))}[/bold]")
        else:
            table.add_row(*(escape(_legible(row[i])) for i in kept))
    if title:
        say(title)
    printer = console()
    with printer.capture() as captured:
        printer.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))
    if left := [columns[i].title for i in range(len(columns)) if i not in kept]:
        say(f"Left out for want of room: {', '.join(left)}.")


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns that are shown: all, without the most spare ones while there is too little room."""
    from rich.cells import cell_len

    def needed(i: int) -> int:
        if columns[i].folds:
            return max(columns[i].least, cell_len(columns[i].title))
        return max(map(cell_len, (columns[i].title, *(row[i] for row in rows))))

    kept = list(range(len(columns)))
    while sum(map(needed, kept)) + _GAP * (len(kept) - 1) > width():
        most = max(columns[i].spare for i in kept)
        if not most:
            break
        kept = [i for i in kept if columns[i].spare != most]
    return kept


def print_beside(names: Sequence[str], rows: Iterable[tuple[str, Sequence[str]] | Group], title: str = "") -> None:
    """Print things side by side, a column each; those for which there is no room stand in a block below.

    `rows`: a label, and a value for each of the things.
    """
    from rich.cells import cell_len

    rows = list(rows)
    labelled = [row for row in rows if not isinstance(row, Group)]
    label = max(cell_len(row[0]) for row in labelled)
    widths = [min(max(map(cell_len, (name, *(row[1][i] for row in labelled)))), _VALUE) for i, name in enumerate(names)]
    first = 0
    while first < len(names):
        last = first + 1
        while last < len(names) and label + sum(widths[first : last + 1]) + _GAP * (last + 1 - first) <= width():
            last += 1
        columns = [
            Column(name, right=True, folds=True, least=widths[first + i]) for i, name in enumerate(names[first:last])
        ]
        lines = [row if isinstance(row, Group) else [row[0], *row[1][first:last]] for row in rows]
        print_table([Column(""), *columns], lines, title="" if first else title)
        first = last
        if first < len(names):
            print()


def print_facts(facts: Iterable[tuple[str, str]], title: str = "") -> None:
    """Print facts about one thing, a line each: what it is, and the value beside it."""
    print_table([Column("", folds=True, least=20), Column("", right=True, folds=True)], facts, title)
