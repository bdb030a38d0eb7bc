"""The figures that the pages' scripts compute with, and the metrics as the pages know them."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowleague.board.samples import Pictures
from flowleague.contest.history import MOST, History
from flowleague.contest.standing import Board
from flowleague.contest.teams import name_key
from flowleague.edition2025.compare import seven_columns
from flowleague.ranking.explain import quantity, title
from flowleague.ranking.field import LARGEST, NOTHING, Entry, Measured, field
from flowleague.ranking.rules import CategoryRule
from flowleague.ranking.schemes import columns
from flowleague.scorecard.metrics import METRICS, TITLES

SEVEN = tuple(zip(seven_columns().metrics, seven_columns().directions, strict=True))


@dataclass(frozen=True)
class Metric:
    """A metric as the page knows it: `category` is its number among the rules', `ranked` whether the rules rank it."""

    name: str
    title: str
    unit: str
    lower: bool
    category: int
    ranked: bool


def metrics_of(categories: Sequence[CategoryRule]) -> list[Metric]:
    """The metrics that rank, in the rules' order, then those that only the seven columns of 2025 need."""
    number_of = {rule.name: number for number, rule in enumerate(categories)}
    ranked = [(f"{rule.name}.{m.name}", m.direction) for rule in categories for m in rule.metrics]
    known = {name for name, _ in ranked}
    seven = columns((name, direction) for name, direction in SEVEN if name not in known)
    others = list(zip(seven.metrics, seven.directions, strict=True))
    return [
        Metric(
            name,
            title(name),
            METRICS[name].unit if name in METRICS else "1",
            direction == "lower",
            number_of.get(name.split(".")[0], -1),
            name in known,
        )
        for name, direction in [*ranked, *others]
    ]


def valid(measured: Measured | None) -> float | None:
    """A value as the ranking sees it: None for what is missing, not finite or beyond reason."""
    value = (measured or NOTHING).value
    return value if value is not None and abs(value) < LARGEST else None  # false for NaN


def shade(rank: float, n: int) -> int:
    """A fifth of the field: 0 for the best, 4 for the last. table.js draws the same."""
    return min(4, int(5 * (rank - 1) / max(n - 1, 1)))


def data_of(
    board: Board,
    history: History,
    surely: Mapping[str, float],
    steps: Mapping[str, str],
    pictures: Pictures,
    alive: Container[str],
) -> dict[str, Any]:
    """What the scripts compute with; lists are in the order of the rows. Floats are those of the cards, unrounded.

    `alive` are the entries that run in a page, `surely` the chances of being truly ahead of the next one, `steps`
    what each should do next, in a line.
    """
    standings, rules = board.standings, board.contest.rules
    entries = [row.entry for row in standings.rows]
    sure = [board.certainties.get(entry.id) for entry in entries]
    rose, measurements = history.moved(standings), board.contest.state.measured[board.standing.round - 1]
    measured = [measurements[entry.id].measured for entry in entries]
    return {
        "scheme": rules.ranking.scheme,
        "categories": [TITLES.get(c.name, c.name) for c in rules.categories],
        "seven": [[name, direction == "lower"] for name, direction in SEVEN],
        "teams": [entry.team for entry in entries],
        "ids": [entry.id for entry in entries],
        "places": [row.place for row in standings.rows],
        "scores": [compact(row.score) for row in standings.rows],
        "after": _next_ranked([entry.ranks for entry in entries]),
        "next": [steps[entry.id] for entry in entries],
        "ahead": [surely.get(entry.id) for entry in entries],
        "baselines": [i for i, entry in enumerate(entries) if not entry.ranks],
        "marks": field(entries, standings.table, standings.ties).marks.tolist(),
        "low": [s and s.low for s in sure],
        "high": [s and s.high for s in sure],
        "moved": [rose.get(entry.id) for entry in entries],
        "samples": [int("samples" in pictures.get(entry.id, {})) for entry in entries],
        "live": [int(entry.id in alive) for entry in entries],
        "metrics": [
            _metric_data(metric, entries, [found.get(metric.name) for found in measured])
            for metric in metrics_of(rules.categories)
        ],
    }


def earlier_of(board: Board, history: History) -> dict[str, Any]:
    """The measured entries in time that do not count, the oldest of a team first, as `data_of` has those that do.

    Each knows its team by the row's number. Beyond `MOST` entries none, and of teams without a row none.
    """
    standings, rules = board.standings, board.contest.rules
    number_of = {name_key(row.entry.team): i for i, row in enumerate(standings.rows)}
    shown = {row.entry.id for row in standings.rows}
    some = [
        (number_of[team], submission)
        for team, sent in history.sent.items()
        for submission in sent
        if team in number_of and submission.id not in shown and submission.id in history.entries
    ]
    kept = [(team, s) for team, s in some if history.entries[s.id].metrics] if len(history.entries) <= MOST else []
    entries = [history.entries[s.id] for _, s in kept]
    measured = [history.measured[s.id].measured for _, s in kept]
    return {
        "ids": [s.id for _, s in kept],
        "teams": [team for team, _ in kept],
        "sent": [f"{rules.time.local(s.submitted):%a %-d %b, %H:%M}" for _, s in kept],
        "metrics": [
            {key: values for key, values in found.items() if key in ("values", "raw", "errors")}
            for metric in metrics_of(rules.categories)
            for found in [_metric_data(metric, entries, [one.get(metric.name) for one in measured])]
        ],
    }


def _next_ranked(ranks: Sequence[bool]) -> list[int | None]:
    """For each row, the next one that is ranked."""
    found, after = [], None
    for i in reversed(range(len(ranks))):
        found.append(after)
        after = i if ranks[i] else after
    return found[::-1]


def _metric_data(metric: Metric, entries: Sequence[Entry], measured: Sequence[Measured | None]) -> dict[str, Any]:
    """One metric of all entries: values that count (null: nothing valid), and standard errors where any has one.

    `raw` are the measured values, by row, where another one counts: none, as the rules say, or that of real images.
    """
    counted = [valid(entry.metrics.get(metric.name)) for entry in entries]
    raw = [valid(m) for m in measured]
    errors = [float(f"{m.error:.2g}") if m and math.isfinite(m.error) else 0 for m in measured]
    return {
        "name": metric.name,
        "title": metric.title,
        "label": METRICS[metric.name].label if metric.name in METRICS else metric.title,
        "unit": quantity(metric.name, "").strip(),
        "lower": metric.lower,
        "category": metric.category,
        "ranked": metric.ranked,
        "values": [compact(value) for value in counted],
        "raw": {i: compact(value) for i, value in enumerate(raw) if value is not None and value != counted[i]},
        "errors": errors if metric.ranked and any(errors) else [],
    }


def compact(value: float | None) -> float | int | None:
    """The same number, without the .0 of whole ones."""
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**53 else value
