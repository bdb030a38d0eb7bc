"""What a better value of one metric would gain in points, all else equal.

A step goes just past the value of a rival. Where ranks change, everybody's do; so each step is ranked anew with the one
value replaced, and the gain is the score that was there minus the one that would be. Two steps of each metric are
tried: past the nearest better value that the noise can tell apart from the entry's, and past the best one. The second
gains most, the first is where a small effort counts.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flowleague.ranking.rank import Standings, category_points, places, ranks

NOISE = 2.0  # standard errors of a difference below which two values are not told apart


@dataclass(frozen=True)
class Gain:
    """A step in one metric.

    value, target  the entry's value (None: nothing valid), and the rival's value that it must beat
    rival          whose value that is
    points         by how much the score falls; lower scores are better
    relative       the step as a share of the way from the value to the perfect one, which is 0 where lower is better,
                   and 1 for a share that should be high; infinite without a value
    noises         |target - value| in standard errors of the difference; infinite where there is no noise
    place          the place beyond the target
    """

    metric: str
    value: float | None
    target: float
    rival: str
    points: float
    relative: float
    noises: float
    place: int


def gains(standings: Standings, i: int) -> list[Gain]:
    """The steps by which entry number i of the field gains points, the most points for each per cent of change first.

    >>> from flowleague.ranking.field import Entry, Measured
    >>> from flowleague.ranking.rank import rank
    >>> from flowleague.ranking.rules import CategoryRule, MetricRule
    >>> rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"),))]
    >>> a = Entry("1", "A", {"reconstruction.mse": Measured(0.002)})
    >>> b = Entry("2", "B", {"reconstruction.mse": Measured(0.004)})
    >>> [(step.rival, step.points) for step in gains(rank([a, b], rules), 1)]
    [('A', 1.0)]
    """
    found = [step for j in range(len(standings.table.metrics)) for step in _steps(standings, i, j) if step.points > 0]
    return sorted(found, key=lambda step: (-step.points / max(step.relative, 1e-9), -step.points, step.metric))


def _steps(standings: Standings, i: int, j: int) -> Iterator[Gain]:
    """The steps of entry i in metric j: past the nearest value beyond the noise, and past the best."""
    costs, errors = standings.field.costs[j], standings.field.errors[j]
    better = np.flatnonzero(costs < costs[i])
    distance = costs[i] - costs[better]
    told_apart = better[distance >= NOISE * np.hypot(errors[i], errors[better])]
    if len(told_apart):
        near, best = told_apart[costs[told_apart].argmax()], told_apart[costs[told_apart].argmin()]
        for rival in dict.fromkeys((int(near), int(best))):
            yield _gain(standings, i, j, rival)


def _gain(standings: Standings, i: int, j: int, rival: int) -> Gain:
    metric, sign = standings.table.metrics[j], 1 if standings.table.directions[j] == "lower" else -1
    mine, theirs = standings.field.costs[j, [i, rival]]
    distance, noise = mine - theirs, np.hypot(*standings.field.errors[j, [i, rival]])
    known = math.isfinite(mine)
    before, _ = _standing(standings, i, j, mine)
    after, place = _standing(standings, i, j, np.nextafter(theirs, -np.inf))
    return Gain(
        metric=metric,
        value=sign * float(mine) if known else None,
        target=sign * float(theirs),
        rival=standings.field.entries[rival].team,
        points=(before - after) / standings.table.unit,
        relative=float(distance / way) if known and (way := _way(mine)) else math.inf,
        noises=float(distance / noise) if known and noise else math.inf,
        place=place,
    )


def _way(cost: float) -> float:
    """How far a cost is from the perfect one: 0, or of a share in (0, 1] that should be high -1."""
    return abs(cost + 1) if -1 <= cost < 0 else abs(cost)


def _standing(standings: Standings, i: int, j: int, cost: float) -> tuple[int, int]:
    """Score, in 1/unit points, and place of entry i with another cost in metric j; all else stays."""
    costs = standings.field.costs.copy()
    costs[j, i] = cost
    total = category_points(ranks(costs), standings.table).sum(0)
    return int(total[i]), int(places(total, standings.field.marks)[i])
