"""Scorecards as tables for the terminal. Every number carries its unit, its uncertainty and its n."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flowleague.edition2025 import standings
from flowleague.edition2025.compare import beside_2025
from flowleague.scorecard.card import Metric, Scorecard
from flowleague.scorecard.compare import Comparison
from flowleague.scorecard.metrics import CATEGORIES, METRICS, TITLES
from flowleague.text import figure, number, rough

if TYPE_CHECKING:
    from flowleague.edition2025.protocol import OfficialRow

COMPACT: Any = {
    "box": box.SIMPLE_HEAD,
    "show_edge": False,
    "pad_edge": False,
    "collapse_padding": True,
}  # a scorecard fits 80 columns
REASON = 22  # characters per line; longer reasons for a missing value wrap
_MILLION = 1e6
BETTER = {"lower": "↓", "higher": "↑", "shown": ""}


def print_scorecard(card: Scorecard) -> None:
    """Print a scorecard by category, and its places in the class of 2025."""
    console = Console()
    found = card.metrics()
    table = Table(title=f"{escape(card.name)} on {escape(card.dataset)}", title_justify="left", **COMPACT)
    table.add_column("metric", no_wrap=True)
    table.add_column("value ± se", justify="right", max_width=REASON)
    for column in ("real", "n"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for category in CATEGORIES:
        table.add_section()
        table.add_row(f"[bold]{category.title}[/bold]")
        for kind in category.metrics:
            metric = found[f"{category.name}.{kind.name}"]
            table.add_row(
                f"  {escape(kind.title)} {BETTER[kind.direction]}",
                value_and_error(metric),
                "" if metric.reference is None else number(metric.reference, 3),
                number(metric.n) if metric.n else "",
                escape(kind.unit),
                style="dim" if kind.direction == "shown" else "",
            )
    console.print(table)
    console.print(
        "↓ lower is better, ↑ higher is better; dim: shown, not ranked. se: standard error. real: what real images "
        "score, or the best that can be reached. gap: distance to that. tail: 5th percentile of confidence, 95th of "
        "entropy. Training figures are read from the log, which the entrant declares, and are of the validation split.",
        style="dim",
    )
    print_standings(console, card)


def print_standings(console: Console, card: Scorecard) -> None:
    """Print where a scorecard's comparable figures would place in the class of 2025."""
    found = beside_2025(card)
    if not found:
        return
    table = Table(title="Beside the class of 2025, column by column", title_justify="left")
    for column in ("column", "value", "place", "best of the class"):
        table.add_column(column, justify="left" if column == "column" else "right")
    for s in found:
        table.add_row(
            s.column.name, number(s.value), f"{s.place} of {s.of}", f"{number(s.best)} ({escape(s.best_team)})"
        )
    console.print(table)
    console.print(
        "MSE and SSIM on the first 256 test images, as in the contest. Its four columns of judge and clock do not "
        "compare with other judges and machines.",
        style="dim",
    )


def print_comparison(cards: Sequence[Scorecard], comparisons: Sequence[Comparison]) -> None:
    """Print scorecards side by side: the best of each row with a star, what the noise can explain marked with ≈.

    More than two at a time have their values alone, so that five fit 80 columns.
    """
    table = Table(title="scorecards side by side", title_justify="left", **COMPACT)
    table.add_column("metric", no_wrap=True)
    for card in cards:
        table.add_column(escape(card.name), justify="right", overflow="fold")
    category = ""
    for row in comparisons:
        kind = METRICS[row.name]
        if kind.direction == "shown":
            continue
        if row.name.split(".")[0] != category:
            category = row.name.split(".")[0]
            table.add_section()
            table.add_row(f"[bold]{TITLES[category]}[/bold]")
        cells = [_cell(row, i, with_error=len(cards) < 3) for i in range(len(cards))]
        table.add_row(f"  {escape(kind.label)} {BETTER[kind.direction]}", *cells)
    console = Console()
    console.print(table)
    console.print(
        "*: the best. ≈: the difference to the best is within the noise (95 %, paired over the common seeds where "
        "there are repeats). Each metric is tested on its own: one in twenty differs by chance.",
        style="dim",
    )


def _cell(row: Comparison, i: int, with_error: bool) -> str:
    metric, difference = row.metrics[i], row.differences[i]
    text = value_and_error(metric) if with_error or metric.value is None else _brief(metric.value)
    if i == row.best:
        return f"[bold]*{text}[/bold]"
    if difference is None or difference.exceeds_noise:
        return text
    return f"≈{text}" if difference.noise else text  # equal counts are equal, not "within the noise"


def _brief(value: float) -> str:
    """A value in nine characters."""
    return number(value, 3) if abs(value) < _MILLION else rough(value, 3)


def print_official(rows: Mapping[str, "OfficialRow"]) -> None:
    """Print the contest's columns in its two modes, with the place each would have taken in its board."""
    table = Table(title="Protocol dlaie-2025, n = 2,048 samples, 256 reconstructions", title_justify="left")
    table.add_column("column")
    for mode in rows:
        table.add_column(f"judge in {mode} mode", justify="right")
    table.add_column("place in the class of 2025 (its judge was in train mode)", justify="right")
    names = list(next(iter(rows.values())).__dataclass_fields__)
    columns = {mode: dict(zip(names, astuple(row), strict=True)) for mode, row in rows.items()}
    places = {s.column.name: f"{s.place} of {s.of}" for s in standings(columns["train"])}
    for name in names:
        table.add_row(name, *(number(values[name]) for values in columns.values()), places[name])
    Console().print(table)


def value_and_error(metric: Metric) -> str:
    """A value with its standard error, or the reason why there is none."""
    return escape(metric.reason) if metric.value is None else figure(metric.value, metric.standard_error)
