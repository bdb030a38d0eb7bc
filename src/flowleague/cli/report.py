"""`flowleague report`: the results analysis of a bundle or captured entry."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import DataOption, EntryArgument


def report(
    entry: EntryArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the report.")] = Path("report"),
    scorecard: Annotated[
        Path | None, typer.Option(help="A scorecard of this entry; by default the one beside it, or it is measured.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same on few images, in seconds.")] = False,
    name: Annotated[
        str | None, typer.Option(help="Name of the model in the report; the file's name by default.")
    ] = None,
    judges: Annotated[
        str | None, typer.Option(help="Judges: mnist, or a folder that judges train wrote; the data set's by default.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Analyse a model: a page, Markdown for a README and a notebook, with room for your own words."""
    from flowleague.report import require_libraries

    require_libraries()
    from flowleague.cli.compare import known
    from flowleague.cli.progress import progress_bar
    from flowleague.report.build import Wanted, build
    from flowleague.report.words import FILE

    wanted = Wanted(entry, out, name, scorecard, known(entry), judges, data, dry_run)
    with progress_bar() as progress:
        build(wanted, progress)
    say(f"The report is {out / 'index.html'}; for a README {out / 'report.md'}, as a notebook {out / 'report.ipynb'}.")
    say(f"Write your own words into {out / FILE} and run the same command again: it takes them over and keeps them.")
