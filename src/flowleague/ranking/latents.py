"""Whether more latent numbers go with better values of a metric in a field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flowleague.ranking.gains import NOISE
from flowleague.ranking.rank import Standings


@dataclass(frozen=True)
class Larger:
    """Of the entries with at least `least` latent numbers: how many there are, and their median in a metric.

    `size` is how many the entry itself has, `median` as measured.
    """

    size: int
    least: int
    teams: int
    median: float


def larger_latents(standings: Standings, i: int, metric: str, sizes: Mapping[str, int]) -> Larger | None:
    """What entries with more latent numbers than entry number i have in a metric; None where that says nothing.

    It says something where their values are better than those of all others by more than two standard deviations of
    the Mann-Whitney statistic (Mann and Whitney 1947, with ties), and their median is better than the entry's own by
    more than twice its standard error. `sizes` are latent dimensions by id; entries without one are left out. That
    sizes and values go together need not mean that one makes the other.
    """
    j = standings.table.metrics.index(metric)
    costs, mine = standings.field.costs[j], sizes.get(standings.field.entries[i].id)
    size = np.array([sizes.get(entry.id, 0) for entry in standings.field.entries])
    if mine is None or not (size > mine).any():
        return None
    larger, others = costs[size > mine], costs[(size > 0) & (size <= mine)]
    median = float(np.median(larger))
    if not math.isfinite(median) or not costs[i] - median > NOISE * standings.field.errors[j, i]:
        return None
    if _deviations(larger, others) <= NOISE:
        return None
    sign = 1 if standings.table.directions[j] == "lower" else -1
    return Larger(mine, int(size[size > mine].min()), len(larger), sign * median)


def _deviations(low: np.ndarray, high: np.ndarray) -> float:
    """By how many standard deviations costs of one group are below those of another, by Mann and Whitney's U."""
    wins = (low[:, None] < high).sum() + (low[:, None] == high).sum() / 2
    m, n = len(low), len(high)
    _, ties = np.unique(np.concatenate([low, high]), return_counts=True)
    variance = m * n / 12 * (m + n + 1 - (ties**3 - ties).sum() / ((m + n) * (m + n - 1)))
    return float((wins - m * n / 2) / math.sqrt(variance)) if variance > 0 else 0.0
