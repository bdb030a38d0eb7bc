"""How sure a place is: its 95 % interval, the chance of being first, and groups that the noise cannot tell apart.

True values of every metric are drawn from what is known of them, and ranked as the rules say; the places of an entry
over the draws are the distribution of its true place:

    interval    2.5 % and 97.5 % quantile of the places, widened to hold the official place
    first       share of the draws in which the entry is first, alone or not
    group       entries from a leader down to the next one that stands behind that leader in 97.5 % of the draws

The draws are the same every time, and those of an entry depend on what was measured, not on names or on the order of
entries: entries are put in order of their values first, and equal ones share what was drawn for any of them.
Cost: O(n log n) per draw and metric. Errors are taken as independent between entries; what the common seeds and test
images share makes the intervals somewhat wide, never narrow.

What is known of a true value: the measured value is x_i = θ_i + noise with variance v_i, and the true values of the
field have a density g. To draw around x_i would add noise to noise: in a field of near-ties the best measured value is
mostly luck, and the truth lies nearer to the others. So empirical Bayes (Efron 2014, "Two modeling approaches to
empirical Bayes estimation"; Gu and Koenker 2023, "Invidious comparisons: ranking and selection as compound decisions"):
g is estimated from the field itself, and θ_i has the posterior

    g = Σ_k w_k N(m_k, h_k²),    p(θ_i | x_i) ∝ g(θ_i) N(x_i; θ_i, v_i),

of which mean and standard deviation are kept. The m_k are quantiles of the measured values, the h_k their distances,
but at least 0.3 of the typical noise, which is as fine as the field can resolve; 30 steps of EM give the w_k. Where
values lie far apart the posterior is the measurement; where they crowd it shrinks to the crowd.

The v_i are known from five repeats only. Their logarithms are shrunk to the field's mean by the share of their variance
that is chance, for s² from ν = 4 degrees of freedom (after Smyth 2004, "Linear models and empirical Bayes methods"):

    log s² = log v + noise,    E noise = ψ(ν/2) - log(ν/2) = -0.270,    Var noise = ψ'(ν/2) = 0.645.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Field
from flowleague.ranking.rank import Standings, ranks, standing_keys
from flowleague.ranking.schemes import Table

SEED = 20251003
DRAWS = 1000
TAIL = 0.025
CHUNK = 100  # draws ranked at once: bounds the memory
LOG_MEAN, LOG_VARIANCE = -0.2704, 0.6449  # of the logarithm of χ²/ν with ν = 4
COMPONENTS = 40  # of the density of true values
STEPS = 30  # of EM
_FINEST = 0.3  # narrowest component, in typical standard errors


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
    keys = _draw_keys(field, standings.table)
    drawn = ranks(keys)
    tails = np.quantile(drawn, [TAIL, 1 - TAIL], axis=0, method="inverted_cdf")
    low, high = np.minimum(tails[0][same], place), np.maximum(tails[1][same], place)
    first = (drawn == 1).mean(0)[same]
    group = _groups(place, keys[:, same])
    return {
        entry.id: Certainty(int(low[i]), int(high[i]), float(first[i]), int(group[i]))
        for i, entry in enumerate(field.entries)
    }


def _draw_keys(field: Field, by: Table) -> NDArray[np.int64]:
    """Drawn standings (draws, n): whole numbers, lower ahead, of the true scores and the marks for analysis."""
    rng = np.random.default_rng(SEED)
    noisy = field.errors.max(1) > 0
    points = np.where(noisy[:, None], 0, by.weights[:, None] * ranks(field.costs)).sum(0)
    total = np.tile(points, (DRAWS, 1))
    for j in np.flatnonzero(noisy):
        mean, deviation = _drawn_from(field.costs[j], field.errors[j])
        for start in range(0, DRAWS, CHUNK):
            drawn = mean + deviation * rng.standard_normal((CHUNK, len(mean)))
            total[start : start + CHUNK] += by.weights[j] * ranks(drawn)
    return standing_keys(total, field.marks)


def _drawn_from(costs: NDArray, errors: NDArray) -> tuple[NDArray, NDArray]:
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


def posterior(values: NDArray[np.float64], errors: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Mean and standard deviation (n,) of the true values, from finite values (n,) and their standard errors.

    What has no error is exact: it keeps its value, with deviation 0. Values and positive errors must be within 1e±30.
    The cost is O(n) beside one sort.
    """
    noisy = errors > 0
    if not noisy.any():
        return values.copy(), np.zeros_like(values)
    variance = np.zeros_like(values)
    variance[noisy] = steadied(errors[noisy] ** 2)
    centre, width = _components(values, np.sqrt(np.median(variance[noisy])))
    x, v = values[noisy, None], variance[noisy, None]
    spread = v + width**2
    responsibility = _responsibilities(values[:, None], variance[:, None] + width**2, centre)[noisy]
    means = (centre * v + x * width**2) / spread
    mean, deviation = values.copy(), np.zeros_like(values)
    mean[noisy] = (responsibility * means).sum(1)
    second = (responsibility * (v * width**2 / spread + (means - mean[noisy, None]) ** 2)).sum(1)
    deviation[noisy] = np.sqrt(second)
    return mean, deviation


def steadied(variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances (n,) of five repeats, each shrunk to what is usual in the field, as far as their spread is chance."""
    if len(variances) < 2:
        return variances
    logs = np.log(variances) - LOG_MEAN
    chance = min(1.0, LOG_VARIANCE / max(logs.var(ddof=1), LOG_VARIANCE))
    if chance == 1:
        return np.full_like(variances, variances.mean())
    return np.exp(logs + chance * (logs.mean() - logs) + (1 - chance) * LOG_VARIANCE / 2)


def _components(values: NDArray[np.float64], noise: float) -> tuple[NDArray, NDArray]:
    """Centres and widths (K,) of g's components before their weights are known."""
    centre = np.unique(np.quantile(values, np.linspace(0, 1, min(len(values), COMPONENTS))))
    gaps = np.diff(centre)
    width = np.zeros(len(centre))
    if len(gaps):
        width = (np.append(gaps, gaps[-1]) + np.insert(gaps, 0, gaps[0])) / 2
    return centre, np.hypot(width, _FINEST * noise)


def _responsibilities(x: NDArray, variance: NDArray, centre: NDArray) -> NDArray:
    """Probability (n, K) that an entry's true value comes from a component, with weights by EM from equal ones."""
    logs = -0.5 * ((x - centre) ** 2 / variance + np.log(variance))
    likelihood = np.exp(logs - logs.max(1, keepdims=True))
    weights = np.full(len(centre), 1 / len(centre))
    for _ in range(STEPS):
        weights = (weights * likelihood / (likelihood @ weights)[:, None]).mean(0)
    return weights * likelihood / (likelihood @ weights)[:, None]
