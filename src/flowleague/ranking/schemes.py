"""How ranks become a score, as one table of weights.

An entry's rank in a metric is one more than the number of entries that are strictly better. Its mean rank in a category
is the mean of its ranks in the category's metrics:

    m_ic = 1/|c| Σ_{j in c} r_ij,    r_ij = 1 + #{k : x_kj better than x_ij}.

    ranks       each category gives whole ranks by the mean ranks; the score is their sum:
                score_i = Σ_c r_ic,    r_ic = 1 + #{k : m_kc < m_ic}
    mean ranks  the means are summed as they are: score_i = Σ_c m_ic
    columns     all metrics are one category, and the score is the mean of the ranks: for the seven columns of 2025 the
                published `overall_rank`

docs/ranking.md says what speaks for each. Weights are whole numbers, so that equal scores are exactly equal.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.rules import CategoryRule, Direction, MetricRule, Scheme

COLUMNS = "columns"  # the category's name in the columns scheme


@dataclass(frozen=True, eq=False)
class Table:
    """The M metrics of a ranking and their weights.

    metrics     (M) names, "category.metric"
    directions  (M) which direction is better
    categories  (C) names
    member      (M,) index of each metric's category
    weights     (M,) weight of one rank, in 1/unit points
    unit        common multiple of the category sizes
    whole       whether the mean ranks of a category are made whole ranks
    """

    metrics: tuple[str, ...]
    directions: tuple[Direction, ...]
    categories: tuple[str, ...]
    member: NDArray[np.int64]
    weights: NDArray[np.int64]
    unit: int
    whole: bool = False


def table(categories: Sequence[CategoryRule], scheme: Scheme = "mean ranks") -> Table:
    """The table of a contest's categories: equal weight for each category, or ("columns") for each metric.

    >>> rules = [CategoryRule("a", (MetricRule("x", "lower"), MetricRule("y", "higher")))]
    >>> rules += [CategoryRule("b", (MetricRule("z", "lower"),))]
    >>> by = table(rules)
    >>> by.metrics, by.weights.tolist(), by.unit
    (('a.x', 'a.y', 'b.z'), [1, 1, 2], 2)
    """
    metrics: list[tuple[str, str, Direction]] = [
        (c.name, f"{c.name}.{m.name}", m.direction) for c in categories for m in c.metrics
    ]
    if scheme == "columns":
        return columns((name, direction) for _, name, direction in metrics)
    sizes = {c.name: len(c.metrics) for c in categories}
    unit = math.lcm(*sizes.values())
    return Table(
        tuple(name for _, name, _ in metrics),
        tuple(direction for *_, direction in metrics),
        tuple(sizes),
        np.array([list(sizes).index(category) for category, *_ in metrics]),
        np.array([unit // sizes[category] for category, *_ in metrics]),
        unit,
        whole=scheme == "ranks",
    )


def columns(metrics: Iterable[tuple[str, Direction]]) -> Table:
    """The table of metrics with equal weights, whose score is the mean rank, as in the contest of 2025."""
    metrics = tuple(metrics)
    names, n = tuple(name for name, _ in metrics), len(metrics)
    directions: tuple[Direction, ...] = tuple(direction for _, direction in metrics)
    return Table(names, directions, (COLUMNS,), np.zeros(n, np.int64), np.ones(n, np.int64), n)


def regrouped(by: Table, scheme: Scheme = "mean ranks") -> Table:
    """The same metrics by a scheme of categories; names must be "category.metric"."""
    rules: dict[str, list[MetricRule]] = {}
    for name, direction in zip(by.metrics, by.directions, strict=True):
        category, metric = name.split(".", 1)
        rules.setdefault(category, []).append(MetricRule(metric, direction))
    return table([CategoryRule(name, tuple(metrics)) for name, metrics in rules.items()], scheme)
