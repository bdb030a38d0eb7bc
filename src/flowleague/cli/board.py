"""`flowleague board`: a contest's pages."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say
from flowleague.text import counted


def board(
    contest: Annotated[Path, typer.Argument(help="The contest's folder.")] = Path(),
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write the pages into.")] = Path("site"),
    url: Annotated[
        str, typer.Option(help="Where the folder will be published: badges and pictures of links get whole addresses.")
    ] = "",
) -> None:
    """Make the contest's pages: standings, awards, a page for every entry. Open index.html, or publish the folder."""
    from flowleague.board.build import build

    pages = build(contest, out, url)
    entries = sum(page.parent.name == "entries" for page in pages)
    say(f"The board of {counted(entries, 'entry', 'entries')} is {pages[0]}.")
