"""What an entry would gain by improving one metric, all else equal.

Moving just ahead of an entry in a metric improves one's rank by the number of those passed, and worsens theirs by one.
Leaving a shared place is a gain too. With mean ranks the place improves monotonically with the step, so bisection finds
the first rival that must be passed: O(n log n) per metric. With whole ranks a third entry can gain from the step as
well, so the rivals are tried in turn.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Field
from flowleague.ranking.rank import Standings, mean_points, ranks, standing_keys, summed
from flowleague.ranking.schemes import Table


@dataclass(frozen=True)
class Improvement:
    """A metric in which an entry could gain places.

    value, target    its value (None: nothing valid), and the value that it must beat to gain a place
    relative         |target - value| / |value|; infinite without a value
    place, alone     its place beyond the target, and whether nobody shares it
    best, best_place the best value of the metric, and the entry's place beyond it
    within_noise     whether the step to the target is less than twice the standard error of the difference
    """

    metric: str
    value: float | None
    target: float
    relative: float
    place: int
    alone: bool
    best: float
    best_place: int
    within_noise: bool


def improvements(standings: Standings, i: int) -> list[Improvement]:
    """Every metric in which entry number i of the field can gain a place, the smallest relative step first."""
    ladder = Ladder(standings.field, standings.table, i)
    found = [step for j in range(len(standings.table.metrics)) if (step := ladder.improvement(j))]
    return sorted(found, key=lambda step: (step.relative, step.metric))


class Ladder:
    """One entry of a field, with what it takes to move it in one metric."""

    def __init__(self, field: Field, by: Table, i: int):
        self.field, self.by, self.i = field, by, i
        self.means = mean_points(ranks(field.costs), by)
        self.points = summed(self.means, by)
        self.total = self.points.sum(0)
        self.standing = self._standing(self.total)

    def improvement(self, j: int) -> Improvement | None:
        """The step that gains a place in metric j; None if even the best value gains none."""
        costs = self.field.costs[j]
        mine = costs[self.i]
        rungs = np.unique(costs[costs < mine])[::-1]  # the nearest better value first
        step = self._first_gain(j, rungs)
        if step == len(rungs):
            return None
        target, best, value = (self._value(j, cost) for cost in (rungs[step], rungs[-1], mine))
        known = math.isfinite(value)
        distance = abs(target - value)
        place, sharing = self.standing_ahead_of(j, rungs[step])
        rival = np.flatnonzero(costs == rungs[step])[0]
        return Improvement(
            metric=self.by.metrics[j],
            value=value if known else None,
            target=target,
            relative=distance / abs(value) if known and value else math.inf,
            place=place,
            alone=sharing == 1,
            best=best,
            best_place=self.standing_ahead_of(j, rungs[-1])[0],
            within_noise=bool(distance < 2 * np.hypot(*self.field.errors[j, [self.i, rival]])),
        )

    def _first_gain(self, j: int, rungs: NDArray) -> int:
        """The number of the first value that gains a place once it is passed; the number of all if none does."""

        def gains(rung: float) -> bool:
            return self.standing_ahead_of(j, rung) < self.standing

        if not self.by.whole:
            return bisect_left(rungs, True, key=gains)
        return next((step for step, rung in enumerate(rungs) if gains(rung)), len(rungs))

    def standing_ahead_of(self, j: int, cost: float) -> tuple[int, int]:
        """The entry's place if it were just better than a cost in metric j, and how many would share it."""
        costs = self.field.costs[j]
        passed = (costs >= cost) & (costs <= costs[self.i])  # its equals fall behind too
        category = self.by.member[j]
        moved = self.means[category] + self.by.weights[j] * passed
        moved[self.i] -= self.by.weights[j] * (1 + (passed & (costs < costs[self.i])).sum())
        return self._standing(self.total + summed(moved, self.by) - self.points[category])

    def _standing(self, total: NDArray[np.int64]) -> tuple[int, int]:
        keys = standing_keys(total, self.field.marks)
        return 1 + int((keys < keys[self.i]).sum()), int((keys == keys[self.i]).sum())

    def _value(self, j: int, cost: float) -> float:
        return float(cost if self.by.directions[j] == "lower" else -cost)
