"""The official place of every entry: ranks, their sum, and who stands before whom.

A place is one more than the number of entries strictly ahead: those with a lower score, or with the same score and a
better mark for analysis. Equal entries share a place (rank method "min", in metrics as in the sum). What is invalid
or not reported is worse than every value, and equal to what else is missing.

A baseline is shown with the place that it would take had it entered alone beside the ranked entries; it moves nobody.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.errors import FlowLeagueError
from flowleague.ranking.field import Entry, Field, field
from flowleague.ranking.rules import CategoryRule, Scheme, Ties
from flowleague.ranking.schemes import Table, table


class RankingError(FlowLeagueError):
    """The entries cannot be ranked as they are given."""


@dataclass(frozen=True)
class Row:
    """One entry of the standings.

    place            1 for the first; of a baseline, the place it would take
    score            sum of its ranks in the categories (of the columns scheme, mean of its ranks); lower is better
    category_ranks   mean of its ranks in a category's metrics, by category
    category_places  its place by that mean among all entries, by category
    metric_ranks     its rank in each metric, by "category.metric"
    """

    entry: Entry
    place: int
    score: float
    category_ranks: dict[str, float]
    category_places: dict[str, int]
    metric_ranks: dict[str, int]


@dataclass(frozen=True, eq=False)
class Standings:
    """Rows by place, baselines among them; `field` holds the ranked entries alone, `table` what ranks."""

    rows: tuple[Row, ...]
    field: Field
    table: Table
    ties: Ties

    @property
    def ranked(self) -> tuple[Row, ...]:
        """The rows that are ranked, by place."""
        return tuple(row for row in self.rows if not row.entry.baseline)

    @property
    def winners(self) -> tuple[Row, ...]:
        """Who is first; several when they share the place, none when nobody is ranked."""
        return tuple(row for row in self.ranked if row.place == 1)


def rank(
    entries: Iterable[Entry],
    categories: Sequence[CategoryRule],
    scheme: Scheme = "categories",
    ties: Ties = "analysis",
) -> Standings:
    """Rank one entry of each team by the rules of a contest.

    Raises `RankingError` when an id is given twice, or a team that is ranked.
    """
    return rank_by(entries, table(categories, scheme), ties)


def rank_by(entries: Iterable[Entry], by: Table, ties: Ties = "analysis") -> Standings:
    """`rank`, by a table of weights."""
    everyone = field(entries, by, ties)
    _refuse_doubles("id", [entry.id for entry in everyone.entries])
    _refuse_doubles("team", [entry.team for entry in everyone.entries if not entry.baseline])
    baseline = np.array([entry.baseline for entry in everyone.entries], bool)
    ranked = np.flatnonzero(~baseline)
    rows = _rows(everyone.take(ranked), by)
    for i in np.flatnonzero(baseline):
        rows.append(_rows(everyone.take(np.append(ranked, i)), by, only_last=True)[0])
    rows.sort(key=lambda row: (row.place, row.entry.baseline, row.entry.team, row.entry.id))
    return Standings(tuple(rows), everyone.take(ranked), by, ties)


def _refuse_doubles(what: str, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise RankingError(f"The {what} '{name}' is given {times} times; rank one entry of each team.")


def _rows(of: Field, by: Table, only_last: bool = False) -> list[Row]:
    metric_ranks = ranks(of.costs)
    points = category_points(metric_ranks, by)
    total = points.sum(0)
    place, category_places = places(total, of.marks), ranks(points)
    return [
        Row(
            of.entries[i],
            int(place[i]),
            int(total[i]) / by.unit,
            {name: int(p) / by.unit for name, p in zip(by.categories, points[:, i], strict=True)},
            dict(zip(by.categories, category_places[:, i].tolist(), strict=True)),
            dict(zip(by.metrics, metric_ranks[:, i].tolist(), strict=True)),
        )
        for i in range(len(of.entries))[-1 if only_last else 0 :]
    ]


def ranks(costs: NDArray) -> NDArray[np.int64]:
    """Ranks along the last axis: one more than the number of strictly lower costs. O(n log n)."""
    order = costs.argsort(-1)
    ordered = np.take_along_axis(costs, order, -1)
    starts = np.ones(costs.shape, bool)
    starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(starts, np.arange(1, costs.shape[-1] + 1), 0), -1)
    result = np.empty(costs.shape, np.int64)
    np.put_along_axis(result, order, first, -1)
    return result


def category_points(metric_ranks: NDArray[np.int64], by: Table) -> NDArray[np.int64]:
    """Ranks (C, n) in the categories, in 1/unit, from ranks (M, n) in the metrics."""
    points = np.zeros((len(by.categories), metric_ranks.shape[1]), np.int64)
    np.add.at(points, by.member, by.weights[:, None] * metric_ranks)
    return points


def places(total: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places (..., n) from scores (..., n): the lower first, of equal ones the better mark (n,)."""
    return ranks(standing_keys(total, marks))


def standing_keys(total: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers that order entries as score and mark together do."""
    return total * (marks.max(initial=0) + 1) + marks
