"""`flowleague board`: a contest's pages."""

from pathlib import Path
from typing import Annotated

import typer


def board(
    contest: Annotated[Path, typer.Argument(help="The contest's folder.")] = Path(),
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write the pages into.")] = Path("site"),
) -> None:
    """Make the contest's pages: standings, awards, a page for every entry. Open index.html, or publish the folder."""
    from flowleague.board.build import build

    pages = build(contest, out)
    entries = sum(page.parent.name == "entries" for page in pages)
    print(f"The board of {entries} {'entry' if entries == 1 else 'entries'} is {pages[0]}.")
