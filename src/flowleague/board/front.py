"""What the front page shows, as plain values for its template, and the figures that its scripts compute with."""

import math
import statistics
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flowleague.board.movement import Movement
from flowleague.board.samples import FIRST, Pictures, sample_grids
from flowleague.contest.exports import span
from flowleague.contest.standing import Board, open_entries, panel_of
from flowleague.contest.teams import name_key
from flowleague.edition2025.compare import alternatives, seven_columns
from flowleague.ranking.explain import quantity, title
from flowleague.ranking.field import LARGEST, NOTHING, Entry, Measured, field
from flowleague.ranking.panel import rank_against
from flowleague.ranking.rank import Row
from flowleague.ranking.rules import CategoryRule
from flowleague.ranking.schemes import columns
from flowleague.ranking.sensitivity import sensitivity
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import number, percent, probability, short

_MISSED, CHANGES, LINES = 12, 8, 12  # so many are named on the front page; every team's own page says the rest
SHOWN = 200  # rows of the standings, until a reader asks for all; board.css counts as far
WIDE, HIGH = 480, 22  # of the lines of places over time, in units of their SVG
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


def front(board: Board, moved: Movement, pictures: Pictures, alive: Container[str]) -> dict[str, Any]:
    """Everything on the front page; `alive` are the entries that run in a page."""
    standings, rules = board.standings, board.contest.rules
    metrics = _metrics_of(rules.categories)
    return {
        "board": board,
        "shown": SHOWN,
        "rows": [_row_of(board, row) for row in standings.rows],
        "categories": [(c.name, TITLES.get(c.name, c.name)) for c in rules.categories],
        "by_category": rules.ranking.scheme != "columns",
        "whole": standings.table.whole,
        "groups": len({sure.group for sure in board.certainties.values()}),
        "awards": [_award_of(board, k) for k in range(len(board.awards))],
        "changes": [str(change) for change in sensitivity(standings, alternatives())[:CHANGES]],
        "problems": [
            (row.entry.team, board.standing.problems.get(row.entry.id))
            for row in standings.rows
            if not row.entry.metrics
        ],
        "glossary": glossary(board, metrics),
        "lines": _lines_of(board, moved),
        "grids": sample_grids(board, pictures, FIRST),
        "data": _data_of(board, metrics, pictures, alive),
    }


def _row_of(board: Board, row: Row) -> dict[str, Any]:
    """One line of the standings."""
    sure = board.certainties.get(row.entry.id)
    return {
        "id": row.entry.id,
        "team": row.entry.team,
        "aside": "" if row.entry.ranks else row.entry.aside or "baseline",
        "flags": [flag.label for flag in row.entry.flags],
        "place": row.place,
        "score": short(row.score),
        "span": span(sure).replace(" to ", "\N{EN DASH}"),
        "first": probability(sure.first) if sure else "",
        "group": sure.group if sure else "",
        "categories": [
            (short(rank), _shade(rank, len(board.standings.ranked))) for rank in row.category_ranks.values()
        ],
    }


def _shade(rank: float, n: int) -> int:
    """A fifth of the field: 0 for the best, 4 for the last. table.js draws the same."""
    return min(4, int(5 * (rank - 1) / max(n - 1, 1)))


def _award_of(board: Board, number_: int) -> dict[str, Any]:
    """An award with the first of those who missed it; by place, as the standings have them."""
    award = board.awards[number_]
    return {
        "name": award.name,
        "winners": award.winners,
        "reason": award.reason,
        "missed": award.missed[:_MISSED],
        "others": max(len(award.missed) - _MISSED, 0),
    }


def _metrics_of(categories: Sequence[CategoryRule]) -> list[Metric]:
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


def _data_of(board: Board, metrics: Sequence[Metric], pictures: Pictures, alive: Container[str]) -> dict[str, Any]:
    """What the scripts compute with; lists are in the order of the rows. Floats are those of the cards, unrounded."""
    standings, rules = board.standings, board.contest.rules
    entries = [row.entry for row in standings.rows]
    sure = [board.certainties.get(entry.id) for entry in entries]
    return {
        "scheme": rules.ranking.scheme,
        "categories": [TITLES.get(c.name, c.name) for c in rules.categories],
        "seven": [[name, direction == "lower"] for name, direction in SEVEN],
        "baselines": [i for i, entry in enumerate(entries) if not entry.ranks],
        "marks": field(entries, standings.table, standings.ties).marks.tolist(),
        "low": [s and s.low for s in sure],
        "high": [s and s.high for s in sure],
        "first": [s and s.first for s in sure],
        "group": [s and s.group for s in sure],
        "samples": [int("samples" in pictures.get(entry.id, {})) for entry in entries],
        "live": [int(entry.id in alive) for entry in entries],
        "metrics": [_metric_data(metric, entries) for metric in metrics],
    }


def _metric_data(metric: Metric, entries: Iterable[Entry]) -> dict[str, Any]:
    """One metric of all entries: values (null: nothing valid), and standard errors to two digits where any has one."""
    measured = [entry.metrics.get(metric.name) for entry in entries]
    errors = [float(f"{m.error:.2g}") if m and math.isfinite(m.error) else 0 for m in measured]
    return {
        "name": metric.name,
        "title": metric.title,
        "unit": quantity(metric.name, "").strip(),
        "lower": metric.lower,
        "category": metric.category,
        "ranked": metric.ranked,
        "values": [compact(valid(m)) for m in measured],
        "errors": errors if metric.ranked and any(errors) else [],
    }


def compact(value: float | None) -> float | int | None:
    """The same number, without the .0 of whole ones."""
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**53 else value


def glossary(board: Board, metrics: Sequence[Metric]) -> list[tuple[str, list[dict[str, Any]]]]:
    """What every metric that ranks means, by category: unit, direction, weight, noise, and what the field has."""
    rules = board.contest.rules
    total = sum(len(c.metrics) for c in rules.categories)
    groups = []
    for number_, rule in enumerate(rules.categories):
        share = 1 / total if rules.ranking.scheme == "columns" else 1 / len(rules.categories) / len(rule.metrics)
        members = [metric for metric in metrics if metric.category == number_ and metric.ranked]
        groups.append((TITLES.get(rule.name, rule.name), [explained(board, metric, share) for metric in members]))
    return groups


def explained(board: Board, metric: Metric, share: float) -> dict[str, Any]:
    """One metric of the glossary."""
    measured = [row.entry.metrics.get(metric.name) for row in board.standings.ranked]
    values = [value for m in measured if (value := valid(m)) is not None]
    errors = [m.error for m in measured if m and m.error > 0 and valid(m) is not None]
    ends = (min(values), max(values)) if values else ()
    return {
        "title": metric.title,
        "meaning": METRICS[metric.name].meaning if metric.name in METRICS else "",
        "unit": metric.unit,
        "better": "lower" if metric.lower else "higher",
        "share": percent(share, 3),
        "noise": f"± {number(statistics.median(errors), 2)}" if errors else "exact",
        "field": [number(value) for value in (ends if metric.lower else reversed(ends))],
    }


def _lines_of(board: Board, moved: Movement) -> dict[str, Any] | None:
    """The places of the first teams over time, as SVG paths; None when there is only one moment."""
    if len(moved.moments) < 2:
        return None
    rows = board.standings.ranked[:LINES]
    paths = [moved.places.get(name_key(row.entry.team), ()) for row in rows]
    lowest = min(max((place for path in paths for place in path if place), default=1), len(rows) + 4)
    times = board.contest.rules.time
    return {
        "lowest": lowest,
        "teams": [
            (row.entry, row.place, k, line(path, lowest)) for k, (row, path) in enumerate(zip(rows, paths, strict=True))
        ],
        "moments": [f"{times.local(moved.moments[k]):%d %b, %H:%M}" for k in (0, len(moved.moments) // 2, -1)],
    }


def line(places: Sequence[int | None], lowest: int) -> str:
    """Places over time as an SVG path, `WIDE` long and `HIGH` for a place; what is beyond the lowest is cut."""
    points = [(k, min(place, lowest)) for k, place in enumerate(places) if place]
    step = WIDE / max(len(places) - 1, 1)
    return "M" + "L".join(f"{k * step:.0f} {(place - 0.5) * HIGH:g}" for k, place in points) if points else ""


def open_page(board: Board) -> dict[str, Any]:
    """The page of the open board: the panel, and a row for every entry, which is scored against the panel alone."""
    contest = board.contest
    panel, rules, state = panel_of(contest), contest.rules, contest.state
    entries = open_entries(contest)
    rows = rank_against(panel, entries, rules.categories, rules.ranking.scheme) if panel else []
    with_page = {row.entry.id for row in board.standings.rows}
    return {
        "panel": [(entry.team, entry.id, entry.id in with_page) for entry in panel],
        "categories": [rule.name.replace("_", " ").removesuffix(" performance") for rule in rules.categories],
        "by_category": rules.ranking.scheme != "columns",
        "rows": [
            {
                "place": row.place,
                "team": row.entry.team,
                "id": row.entry.id,
                "page": row.entry.id in with_page,
                "late": state.submissions[row.entry.id].late,
                "sent": f"{rules.time.local(state.submissions[row.entry.id].submitted):%d %b, %H:%M}",
                "order": state.submissions[row.entry.id].submitted.timestamp(),
                "score": row.score,
                "shown": number(row.score),
                "ranks": [(rank, number(rank, 3)) for rank in row.category_ranks.values()],
            }
            for row in rows
        ],
    }
