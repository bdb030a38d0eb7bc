"""Scorecards as tables for the terminal. Every number carries its unit, its uncertainty and its n."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from flowleague.cli.layout import Column, Group, Row, print_beside, print_table, say, width
from flowleague.edition2025 import standings
from flowleague.edition2025.compare import beside_2025
from flowleague.scorecard.card import Metric, Scorecard
from flowleague.scorecard.compare import Comparison
from flowleague.scorecard.metrics import CATEGORIES, METRICS, TITLES
from flowleague.text import figure, number, rough

if TYPE_CHECKING:
    from flowleague.edition2025.protocol import OfficialRow

_MILLION = 1e6
_ERRORS_FROM = 76  # columns from which on two cards have their standard errors
BETTER = {"lower": "↓", "higher": "↑", "shown": ""}


def print_scorecard(card: Scorecard) -> None:
    """Print a scorecard by category, and its places in the class of 2025."""
    found = card.metrics()
    columns = [
        Column("metric"),
        Column("value ± se", right=True, folds=True, least=17),
        Column("real", right=True, spare=2),
        Column("n", right=True, spare=1),
        Column("unit", spare=3),
    ]
    rows: list[Row] = []
    for category in CATEGORIES:
        rows.append(Group(category.title))
        for kind in category.metrics:
            metric = found[f"{category.name}.{kind.name}"]
            reference = "" if metric.reference is None else number(metric.reference, 3)
            counted = number(metric.n) if metric.n else ""
            title = f"{BETTER[kind.direction] or '-'} {kind.title}"
            rows.append((title, value_and_error(metric), reference, counted, kind.unit))
    print_table(columns, rows, f"{card.name} on {card.dataset}")
    say(
        "↓ lower is better, ↑ higher is better, - shown and never ranked. se: standard error. real: what real images "
        "score, or the best that can be reached. gap: distance to that. tail: 5th percentile of confidence, 95th of "
        "entropy. Training figures are read from the log, which the entrant declares, and are of the validation split."
    )
    print_standings(card)


def print_standings(card: Scorecard) -> None:
    """Print where a scorecard's comparable figures would place in the class of 2025."""
    found = beside_2025(card)
    if not found:
        return
    best = Column("best of the class", right=True, folds=True, spare=1)
    columns = [Column("column"), Column("value", right=True), Column("place", right=True), best]
    rows = [
        (s.column.name, number(s.value), f"{s.place} of {s.of}", f"{number(s.best)} ({s.best_team})") for s in found
    ]
    print_table(columns, rows, "Beside the class of 2025, column by column")
    say(
        "MSE and SSIM on the first 256 test images, as in the contest. Its four columns of judge and clock do not "
        "compare with other judges and machines."
    )


def print_comparison(cards: Sequence[Scorecard], comparisons: Sequence[Comparison]) -> None:
    """Print scorecards side by side: the best of each row with a star, what the noise can explain marked with ≈.

    More than two at a time, and two where there is little room, have their values alone, so that five fit 80 columns.
    """
    with_error = len(cards) < 3 and width() >= _ERRORS_FROM
    rows: list[tuple[str, list[str]] | Group] = []
    category = ""
    for row in comparisons:
        kind = METRICS[row.name]
        if kind.direction == "shown":
            continue
        if row.name.split(".")[0] != category:
            category = row.name.split(".")[0]
            rows.append(Group(TITLES[category]))
        cells = [_cell(row, i, with_error) for i in range(len(cards))]
        rows.append((f"{BETTER[kind.direction]} {kind.label}", cells))
    print_beside([card.name for card in cards], rows, "Scorecards side by side; ↓ lower is better, ↑ higher is better")
    say(
        "*: the best. ≈: the difference to the best is within the noise (95 %, paired over the common seeds where "
        "there are repeats). Each metric is tested on its own: one in twenty differs by chance."
    )


def _cell(row: Comparison, i: int, with_error: bool) -> str:
    metric, difference = row.metrics[i], row.differences[i]
    text = value_and_error(metric) if with_error or metric.value is None else _brief(metric.value)
    if i == row.best:
        return f"*{text}"
    if difference is None or difference.exceeds_noise:
        return text
    return f"≈{text}" if difference.noise else text  # equal counts are equal, not "within the noise"


def _brief(value: float) -> str:
    """A value in nine characters."""
    return number(value, 3) if abs(value) < _MILLION else rough(value, 3)


def print_official(rows: Mapping[str, "OfficialRow"]) -> None:
    """Print the contest's columns in its two modes, with the place each would have taken in its board."""
    names = list(next(iter(rows.values())).__dataclass_fields__)
    columns = {mode: dict(zip(names, astuple(row), strict=True)) for mode, row in rows.items()}
    places = {s.column.name: f"{s.place} of {s.of}" for s in standings(columns["train"])}
    heads = [Column("column"), *(Column(f"{mode} mode", right=True) for mode in rows), Column("place", right=True)]
    lines = [(name, *(number(values[name]) for values in columns.values()), places[name]) for name in names]
    print_table(heads, lines, "Protocol dlaie-2025, n = 2,048 samples, 256 reconstructions")
    say("Modes are the judge's. place: in the class of 2025, whose judge was in train mode.")


def value_and_error(metric: Metric) -> str:
    """A value with its standard error, or the reason why there is none."""
    return metric.reason if metric.value is None else figure(metric.value, metric.standard_error)
