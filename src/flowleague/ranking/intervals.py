"""How sure a place is: its 95 % interval, the chance of being first, and groups that the noise cannot tell apart.

True values of every metric are drawn from what is known of them (`flowleague.ranking.shrinkage`), and ranked as
the rules say; the places of an entry over the draws are the distribution of its true place:

    interval    2.5 % and 97.5 % quantile of the places, widened to hold the official place
    first       share of the draws in which the entry is first, alone or not
    group       entries from a leader down to the next one that stands behind that leader in 97.5 % of the draws

The draws are the same every time, and those of an entry depend on what was measured, not on names or on the order of
entries: entries are put in order of their values first, and equal ones share what was drawn for any of them.
Cost: O(n log n) per draw and metric. Errors are taken as independent between entries; what the common seeds and test
images share makes the intervals somewhat wide, never narrow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Field
from flowleague.ranking.rank import Standings, ranks, standing_keys
from flowleague.ranking.schemes import Table
from flowleague.ranking.shrinkage import posterior

SEED = 20251003
DRAWS = 1000
TAIL = 0.025
CHUNK = 100  # draws ranked at once: bounds the memory


@dataclass(frozen=True)
class Certainty:
    """How sure the place of an entry is.

    low, high  95 % interval of its true place
    first      probability that it is truly first, alone or not
    group      number of its group, from 1: entries of a group cannot be told apart from its leader
    """

    low: int
    high: int
    first: float
    group: int


def certainties(standings: Standings) -> dict[str, Certainty]:
    """How sure the place of each ranked entry is, by its id."""
    if not standings.ranked:
        return {}
    order, same = _canonical(standings.field)
    field = standings.field.take(order)
    official = {row.entry.id: row.place for row in standings.ranked}
    place = np.array([official[entry.id] for entry in field.entries])
    keys = draw_keys(field, standings.table)
    drawn = ranks(keys)
    tails = np.quantile(drawn, [TAIL, 1 - TAIL], axis=0, method="inverted_cdf")
    low, high = np.minimum(tails[0][same], place), np.maximum(tails[1][same], place)
    first = (drawn == 1).mean(0)[same]
    group = _groups(place, keys[:, same])
    return {
        entry.id: Certainty(int(low[i]), int(high[i]), float(first[i]), int(group[i]))
        for i, entry in enumerate(field.entries)
    }


def draw_keys(field: Field, by: Table) -> NDArray[np.int64]:
    """Drawn standings (draws, n): whole numbers, lower ahead, of the true scores and the marks for analysis."""
    rng = np.random.default_rng(SEED)
    noisy = field.errors.max(1) > 0
    points = np.where(noisy[:, None], 0, by.weights[:, None] * ranks(field.costs)).sum(0)
    total = np.tile(points, (DRAWS, 1))
    for j in np.flatnonzero(noisy):
        mean, deviation = _posterior(field.costs[j], field.errors[j])
        for start in range(0, DRAWS, CHUNK):
            drawn = mean + deviation * rng.standard_normal((CHUNK, len(mean)))
            total[start : start + CHUNK] += by.weights[j] * ranks(drawn)
    return standing_keys(total, field.marks)


def _posterior(costs: NDArray, errors: NDArray) -> tuple[NDArray, NDArray]:
    mean, deviation = costs.copy(), np.zeros_like(costs)
    valid = np.isfinite(costs)
    mean[valid], deviation[valid] = posterior(costs[valid], errors[valid])
    return mean, deviation


def _canonical(field: Field) -> tuple[NDArray, NDArray]:
    """An order of the entries that depends on what was measured alone, and for each in it the first one equal to it."""
    what = np.vstack([field.costs, field.errors, field.marks])
    order = np.lexsort(what)
    what = what[:, order]
    new = np.append(True, (what[:, 1:] != what[:, :-1]).any(0))
    return order, np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))


def _groups(place: NDArray, keys: NDArray) -> NDArray:
    """Number of each entry's group (n,), from official places (n,) and drawn standings (draws, n)."""
    group, number, leader = np.zeros(len(place), int), 0, -1
    for i in np.argsort(place, kind="stable"):
        if leader < 0 or (keys[:, i] > keys[:, leader]).mean() >= 1 - TAIL:
            number, leader = number + 1, i
        group[i] = number
    return group
