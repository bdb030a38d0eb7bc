"""How ranks become a score, as one table of weights.

An entry's rank in a metric is one more than the number of entries that are strictly better. Its rank in a category is
the mean of its ranks in the category's metrics, and its score the sum of those:

    score_i = Σ_c r_ic,    r_ic = 1/|c| Σ_{j in c} r_ij,    r_ij = 1 + #{k : x_kj better than x_ij}.

The mean is not ranked again: then an entry could gain places by losing a value (docs/ranking.md has the example).
With the columns scheme all metrics are one category, and the score is the mean of the ranks: for the seven columns of
2025 it is the `overall_rank` that was published. Ranks weigh whole numbers, so that equal scores are exactly equal.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.rules import CategoryRule, Direction, MetricRule, Scheme

COLUMNS = "columns"  # stands where a category's name stands


@dataclass(frozen=True, eq=False)
class Table:
    """The M metrics of a ranking and what a rank in each of them weighs.

    metrics     (M) names, "category.metric"
    directions  (M) which direction is better
    categories  (C) names
    member      (M,) the number of each metric's category
    weights     (M,) what one rank weighs, in 1/unit points
    """

    metrics: tuple[str, ...]
    directions: tuple[Direction, ...]
    categories: tuple[str, ...]
    member: NDArray[np.int64]
    weights: NDArray[np.int64]
    unit: int


def table(categories: Sequence[CategoryRule], scheme: Scheme = "categories") -> Table:
    """The table of a contest's categories: each counts the same ("categories"), or each metric does ("columns")."""
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
    )


def columns(metrics: Iterable[tuple[str, Direction]]) -> Table:
    """The mean of the ranks in metrics that count the same, as in the contest of 2025."""
    metrics = tuple(metrics)
    names, n = tuple(name for name, _ in metrics), len(metrics)
    directions: tuple[Direction, ...] = tuple(direction for _, direction in metrics)
    return Table(names, directions, (COLUMNS,), np.zeros(n, np.int64), np.ones(n, np.int64), n)


def regrouped(by: Table) -> Table:
    """The same metrics with each category counting the same, whatever they counted before."""
    rules: dict[str, list[MetricRule]] = {}
    for name, direction in zip(by.metrics, by.directions, strict=True):
        category, metric = name.split(".", 1)
        rules.setdefault(category, []).append(MetricRule(metric, direction))
    return table([CategoryRule(name, tuple(metrics)) for name, metrics in rules.items()])
