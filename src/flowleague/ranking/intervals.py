"""How sure a place is: its 95 % interval, the probability of being first, and groups within the noise.

The true values of every metric are drawn from their posterior and ranked by the rules; the places of an entry over the
draws are the distribution of its true place:

    interval    2.5 % and 97.5 % quantile of the places, widened to hold the official place
    first       share of the draws in which the entry is first, alone or shared
    group       entries from a leader down to the next one that is behind that leader in 97.5 % of the draws

The draws use a fixed seed, and depend on measured values, not on names or the order of entries: entries are sorted by
their values first, and equal ones share their draws. Cost: O(n log n) per draw and metric. Errors are treated as
independent between entries; noise that common seeds and test images share makes the intervals too wide, never narrow.

The measured value is x_i = θ_i + noise with variance v_i, and the true values of the field have a density g. Drawing
around x_i would add noise to noise: among near-ties the best measured value is mostly luck, and the truth is nearer to
the others. Empirical Bayes instead (Efron 2014, "Two modeling approaches to empirical Bayes estimation"; Gu and Koenker
2023, "Invidious comparisons: ranking and selection as compound decisions") estimates g from the field, and θ_i has the
posterior

    g = Σ_k w_k N(m_k, h_k²),    p(θ_i | x_i) ∝ g(θ_i) N(x_i; θ_i, v_i),

of which mean and standard deviation are kept. The m_k are quantiles of the measured values, the h_k their distances,
but at least 0.3 of the typical noise, the field's resolution; 30 steps of EM give the w_k. Where values lie far apart
the posterior is the measurement; in a crowd it shrinks to the crowd.

The v_i come from five repeats only. Their logarithms are shrunk to the field's mean by the share of their variance that
is chance, for s² from ν = 4 degrees of freedom (after Smyth 2004, "Linear models and empirical Bayes methods"):

    log s² = log v + noise,    E noise = ψ(ν/2) - log(ν/2) = -0.270,    Var noise = ψ'(ν/2) = 0.645.
"""

import copy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Field
from flowleague.ranking.rank import Standings, ranks, standing_keys, summed
from flowleague.ranking.schemes import Table

SEED = 20251003
DRAWS = 1000
TAIL = 0.025
CHUNK = 100  # draws ranked at once, and fewer
_MOST = 2**22  # numbers of an array of draws that are ranked at once: bounds the memory
LOG_MEAN, LOG_VARIANCE = -0.2704, 0.6449  # of the logarithm of χ²/ν with ν = 4
COMPONENTS = 40  # of the density of true values
STEPS = 30  # of EM
_FINEST = 0.3  # narrowest component, in typical standard errors


@dataclass(frozen=True)
class Certainty:
    """How sure the place of an entry is.

    low, high  95 % interval of its true place
    first      probability that its true place is first, alone or shared
    group      number of its group, from 1: the noise cannot tell its entries from their leader
    """

    low: int
    high: int
    first: float
    group: int


def certainties(standings: Standings) -> dict[str, Certainty]:
    """Interval, probability of being first and group of each ranked entry, by its id; empty if nobody is ranked.

    The same standings always give the same result; the cost is O(n log n) per noisy metric and draw. The draws take 4
    kB of memory an entry.
    """
    if not standings.ranked:
        return {}
    order, same = _canonical(standings.field)
    field = standings.field.take(order)
    official = {row.entry.id: row.place for row in standings.ranked}
    place = np.array([official[entry.id] for entry in field.entries])
    drawn = _drawn_places(field, standings.table)
    tails = [np.quantile(drawn[part], [TAIL, 1 - TAIL], axis=1, method="inverted_cdf") for part in _parts(len(place))]
    lows, highs = np.concatenate(tails, 1)
    low, high = np.minimum(lows[same], place), np.maximum(highs[same], place)
    first = np.concatenate([(drawn[part] == 1).mean(1) for part in _parts(len(place))])[same]
    group = _groups(place, drawn, same)
    return {
        entry.id: Certainty(int(low[i]), int(high[i]), float(first[i]), int(group[i]))
        for i, entry in enumerate(field.entries)
    }


def ahead(standings: Standings) -> dict[str, float]:
    """The chance that a ranked entry is truly ahead of the next in the standings, by id; an equal one counts half.

    The draws are those of `certainties`. The last entry has none.
    """
    if not standings.ranked:
        return {}
    order, same = _canonical(standings.field)
    drawn = _drawn_places(standings.field.take(order), standings.table)
    column = {standings.field.entries[k].id: same[i] for i, k in enumerate(order)}
    ids = [row.entry.id for row in standings.ranked]
    pairs = [(drawn[column[one]], drawn[column[two]]) for one, two in pairwise(ids)]
    return {id_: float(((a < b).mean() + (a <= b).mean()) / 2) for id_, (a, b) in zip(ids, pairs, strict=False)}


def _parts(n: int) -> list[slice]:
    """Entries whose draws are looked at together."""
    size = max(1, _MOST // DRAWS)
    return [slice(start, start + size) for start in range(0, n, size)]


def _drawn_places(field: Field, by: Table) -> NDArray[np.int32]:
    """Places (n, draws) from drawn true scores and the marks for analysis."""
    n = len(field.entries)
    drawing = [_Drawing(field, by, np.flatnonzero(by.member == c)) for c in range(len(by.categories))]
    rng = np.random.default_rng(SEED)
    for category in drawing:
        category.begin(rng)
    places = np.empty((n, DRAWS), np.int32)
    size = max(1, min(CHUNK, _MOST // n))
    for start in range(0, DRAWS, size):
        count = min(size, DRAWS - start)
        total = np.zeros((count, n), np.int64)
        for category in drawing:
            total += summed(category.means(count), by)
        places[:, start : start + count] = ranks(standing_keys(total, field.marks)).T
    return places


class _Drawing:
    """Draws of the mean ranks in the category of some metrics, some draws at a time.

    All draws of a metric follow each other in one stream of random numbers, and the metrics too; each metric keeps its
    own place in it, so that how many draws are made at a time changes none.
    """

    def __init__(self, field: Field, by: Table, members: NDArray[np.int64]):
        noisy = field.errors[members].max(1) > 0
        exact = members[~noisy]
        self.exact = (by.weights[exact, None] * ranks(field.costs[exact])).sum(0)
        self.weights = by.weights[members[noisy]]
        self.laws = [_drawn_from(field.costs[j], field.errors[j]) for j in members[noisy]]
        self.streams: list[np.random.Generator] = []

    def begin(self, rng: np.random.Generator) -> None:
        """Note where each metric's draws begin, and leave the stream behind them."""
        n = len(self.exact)
        for _ in self.laws:
            self.streams.append(copy.deepcopy(rng))
            left = DRAWS * n
            while left:
                left -= len(rng.standard_normal(min(left, _MOST)))

    def means(self, count: int) -> NDArray[np.int64]:
        """The next mean ranks (count, n), in 1/unit points."""
        points = np.tile(self.exact, (count, 1))
        for weight, (mean, deviation), stream in zip(self.weights, self.laws, self.streams, strict=True):
            points += weight * ranks(mean + deviation * stream.standard_normal((count, len(mean))))
        return points


def _drawn_from(costs: NDArray, errors: NDArray) -> tuple[NDArray, NDArray]:
    mean, deviation = costs.copy(), np.zeros_like(costs)
    valid = np.isfinite(costs)
    mean[valid], deviation[valid] = posterior(costs[valid], errors[valid])
    return mean, deviation


def _canonical(field: Field) -> tuple[NDArray, NDArray]:
    """An order of the entries by measurements only, and for each in it the first one equal to it."""
    what = np.vstack([field.costs, field.errors, field.marks])
    order = np.lexsort(what)
    what = what[:, order]
    new = np.append(True, (what[:, 1:] != what[:, :-1]).any(0))
    return order, np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))


def _groups(place: NDArray, drawn: NDArray, same: NDArray) -> NDArray:
    """Number of each entry's group (n,), from official and drawn places (n,), (n, draws); `same` share their draws."""
    group, number, leader = np.zeros(len(place), int), 0, -1
    for i in np.argsort(place, kind="stable"):
        if leader < 0 or (drawn[same[i]] > drawn[leader]).mean() >= 1 - TAIL:
            number, leader = number + 1, same[i]
        group[i] = number
    return group


def posterior(values: NDArray[np.float64], errors: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Mean and standard deviation (n,) of the true values, from finite values (n,) and their standard errors.

    Values with error 0 are exact: they keep their value, with deviation 0. Values and positive errors must be within
    1e±30. The cost is one sort and O(n).

    >>> mean, deviation = posterior(np.array([0.9, 1.0, 1.1, 9.0]), np.full(4, 0.1))  # a crowd, and one apart
    >>> mean.round(2).tolist(), deviation.round(2).tolist()
    ([0.95, 1.0, 1.05, 9.0], [0.07, 0.07, 0.07, 0.1])
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
    """Variances (n,) of five repeats, shrunk to the field's mean by the share of their spread that chance explains.

    >>> steadied(np.array([0.5, 1.0, 1.5])).tolist()  # chance explains all
    [1.0, 1.0, 1.0]
    """
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
