"""`flowleague compare`: scorecards side by side; and where the scorecard of an entry lies."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli import completion
from flowleague.cli.layout import print_json, say
from flowleague.cli.options import shipped_or


def compare(
    scorecards: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more scorecards, entries that were scored, or shipped models.",
            autocompletion=completion.entries,
        ),
    ],
    differences: Annotated[
        bool, typer.Option("--differences", help="Only metrics in which one differs from the best beyond the noise.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print values, errors and differences as JSON.")] = False,
) -> None:
    """Show scorecards side by side and mark which differences exceed the noise."""
    from flowleague.cli.tables import print_comparison
    from flowleague.scorecard.card import ScorecardError, read_scorecard
    from flowleague.scorecard.compare import compare as compare_cards

    if len(scorecards) < 2:
        raise ScorecardError("There is nothing to compare with: give at least two scorecards.")
    cards = [read_scorecard(path if path.suffix == ".json" else known(shipped_or(path))) for path in scorecards]
    rows = [row for row in compare_cards(cards) if not differences or row.differs]
    if as_json:
        print_json({"names": [card.name for card in cards], "metrics": rows})
    else:
        print_comparison(cards, rows)
        if len(builds := dict.fromkeys(card.evaluator for card in cards)) > 1:
            say(f"Measured by {', '.join(builds)}: what differs may be the evaluator's; score again to be sure.")


def known(entry: Path) -> Path:
    """The scorecard that an entry has: a shipped model's own, or what `score` wrote."""
    return entry.with_suffix(".scorecard.json") if _is_shipped(entry) else beside(entry)


def beside(entry: Path) -> Path:
    """Where the scorecard of an entry goes: into its folder, or next to its file; of a shipped model, here."""
    if _is_shipped(entry):
        return Path(entry.with_suffix(".scorecard.json").name)
    return entry / "scorecard.json" if entry.is_dir() else entry.with_suffix(".scorecard.json")


def _is_shipped(entry: Path) -> bool:
    """Whether an entry lies in the package."""
    from flowleague.shipped import FOLDER

    return entry.parent == FOLDER
