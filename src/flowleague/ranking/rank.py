"""The official place of every entry: ranks, scores, places.

A place is one more than the number of entries strictly ahead: those with a lower score, or with the same score and a
better mark for analysis. Equal entries share a place (rank method "min", in metrics and in scores). Invalid and missing
values are worse than every value, and equal among each other.

A baseline, or an entry that is set aside, is shown with the place it would take as the only additional entry; it
changes nobody's rank.
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
    """The entries cannot be ranked."""


@dataclass(frozen=True)
class Row:
    """One entry of the standings.

    place            1 for the first; of one that is not ranked, the place it would take
    score            sum of its ranks in the categories (columns scheme: its mean rank); lower is better
    category_ranks   its rank in a category as it is summed, by category: a whole rank, or the mean rank
    category_means   the mean of its ranks in the category's metrics, by category
    category_places  its place by that mean, by category
    metric_ranks     its rank in each metric, by "category.metric"
    """

    entry: Entry
    place: int
    score: float
    category_ranks: dict[str, float]
    category_means: dict[str, float]
    category_places: dict[str, int]
    metric_ranks: dict[str, int]


@dataclass(frozen=True, eq=False)
class Standings:
    """Rows by score, which of those that are ranked is by place; those that are not ranked stand among them.

    `field` holds the ranked entries only, `table` the metrics and weights.
    """

    rows: tuple[Row, ...]
    field: Field
    table: Table
    ties: Ties

    @property
    def ranked(self) -> tuple[Row, ...]:
        """The rows that are ranked, by place."""
        return tuple(row for row in self.rows if row.entry.ranks)

    @property
    def winners(self) -> tuple[Row, ...]:
        """The rows in first place: several if shared, none if nobody is ranked."""
        return tuple(row for row in self.ranked if row.place == 1)


def rank(
    entries: Iterable[Entry],
    categories: Sequence[CategoryRule],
    scheme: Scheme = "mean ranks",
    ties: Ties = "analysis",
) -> Standings:
    """Rank one entry of each team by the rules of a contest.

    Raises `RankingError` if an id occurs twice, or a team with two ranked entries.

    >>> from flowleague.ranking.field import Measured
    >>> from flowleague.ranking.rules import MetricRule
    >>> rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"), MetricRule("ssim", "higher")))]
    >>> def entry(team, mse, ssim):
    ...     metrics = {"reconstruction.mse": Measured(mse), "reconstruction.ssim": Measured(ssim)}
    ...     return Entry(team, team, metrics)
    >>> standings = rank([entry("A", 0.002, 0.97), entry("B", 0.004, 0.96), entry("C", 0.003, None)], rules)
    >>> [(row.place, row.entry.team, row.score) for row in standings.rows]
    [(1, 'A', 1.0), (2, 'B', 2.5), (2, 'C', 2.5)]
    """
    return rank_by(entries, table(categories, scheme), ties)


def rank_by(entries: Iterable[Entry], by: Table, ties: Ties = "analysis") -> Standings:
    """`rank` by a table of weights, see `flowleague.ranking.schemes`; raises `RankingError` like `rank`."""
    everyone = field(entries, by, ties)
    _refuse_doubles("id", [entry.id for entry in everyone.entries])
    _refuse_doubles("team", [entry.team for entry in everyone.entries if entry.ranks])
    taking_part = np.array([entry.ranks for entry in everyone.entries], bool)
    ranked = np.flatnonzero(taking_part)
    rows = _rows(everyone.take(ranked), by)
    for i in np.flatnonzero(~taking_part):
        rows.append(_rows(everyone.take(np.append(ranked, i)), by, only_last=True)[0])
    rows.sort(key=lambda row: (row.score, row.place, not row.entry.ranks, row.entry.team, row.entry.id))
    return Standings(tuple(rows), everyone.take(ranked), by, ties)


def _refuse_doubles(what: str, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise RankingError(f"The {what} '{name}' is given {times} times; rank one entry of each team.")


def _rows(of: Field, by: Table, only_last: bool = False) -> list[Row]:
    metric_ranks = ranks(of.costs)
    means = mean_points(metric_ranks, by)
    points = category_points(metric_ranks, by)
    total = points.sum(0)
    place, category_places = places(total, of.marks), ranks(means)
    return [
        Row(
            of.entries[i],
            int(place[i]),
            int(total[i]) / by.unit,
            {name: int(p) / by.unit for name, p in zip(by.categories, points[:, i], strict=True)},
            {name: int(p) / by.unit for name, p in zip(by.categories, means[:, i], strict=True)},
            dict(zip(by.categories, category_places[:, i].tolist(), strict=True)),
            dict(zip(by.metrics, metric_ranks[:, i].tolist(), strict=True)),
        )
        for i in range(len(of.entries))[-1 if only_last else 0 :]
    ]


def ranks(costs: NDArray) -> NDArray[np.int64]:
    """Ranks (..., n) of costs (..., n) along the last axis: 1 + the number of strictly lower costs. O(n log n).

    >>> ranks(np.array([0.3, 0.1, np.inf, 0.1])).tolist()
    [3, 1, 4, 1]
    """
    order = costs.argsort(-1)
    ordered = np.take_along_axis(costs, order, -1)
    starts = np.ones(costs.shape, bool)
    starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(starts, np.arange(1, costs.shape[-1] + 1), 0), -1)
    result = np.empty(costs.shape, np.int64)
    np.put_along_axis(result, order, first, -1)
    return result


def category_points(metric_ranks: NDArray[np.int64], by: Table) -> NDArray[np.int64]:
    """Ranks (C, n) in the categories as they are summed, in 1/unit points, from ranks (M, n) in the metrics."""
    return summed(mean_points(metric_ranks, by), by)


def mean_points(metric_ranks: NDArray[np.int64], by: Table) -> NDArray[np.int64]:
    """Mean ranks (C, n) in the categories, in 1/unit points, from ranks (M, n) in the metrics."""
    points = np.zeros((len(by.categories), metric_ranks.shape[1]), np.int64)
    np.add.at(points, by.member, by.weights[:, None] * metric_ranks)
    return points


def summed(means: NDArray[np.int64], by: Table) -> NDArray[np.int64]:
    """Mean ranks (..., n) as they are summed, in 1/unit points: made whole ranks along the last axis, or as they are.

    >>> from flowleague.ranking.rules import MetricRule
    >>> one = CategoryRule("one", (MetricRule("a", "lower"), MetricRule("b", "lower")))
    >>> summed(np.array([3, 2, 7, 3]), table([one], "ranks")).tolist()  # in halves
    [4, 2, 8, 4]
    """
    return by.unit * ranks(means) if by.whole else means


def places(total: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places (..., n) from scores (..., n): lower first; equal scores by marks (n,), 0 the best.

    >>> places(np.array([7, 5, 7]), np.array([0, 0, 1])).tolist()
    [2, 1, 3]
    """
    return ranks(standing_keys(total, marks))


def standing_keys(total: NDArray[np.int64], marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integers (..., n) that order entries by score (..., n), then by mark (n,)."""
    return total * (marks.max(initial=0) + 1) + marks
