"""What is known of an entry's true value in a metric, given what was measured of it and of the others.

The measured value is x_i = θ_i + noise with variance v_i, and the true values of the field have a density g. To draw
around x_i would add noise to noise: in a field of near-ties the best measured value is mostly luck, and the truth
lies nearer to the others. So empirical Bayes (Efron 2014, "Two modeling approaches to empirical Bayes estimation"; Gu
and Koenker 2023, "Invidious comparisons: ranking and selection as compound decisions"): g is estimated from the field
itself, and θ_i has the posterior

    g = Σ_k w_k N(m_k, h_k²),    p(θ_i | x_i) ∝ g(θ_i) N(x_i; θ_i, v_i),

of which mean and standard deviation are kept. The m_k are quantiles of the measured values, the h_k their distances,
but at least 0.3 of the typical noise, which is as fine as the field can resolve; 30 steps of EM give the w_k. Where
values lie far apart the posterior is the measurement; where they crowd it shrinks to the crowd.

The v_i are known from five repeats only. Their logarithms are shrunk to the field's mean by the share of their variance
that is chance, for s² from ν = 4 degrees of freedom (after Smyth 2004, "Linear models and empirical Bayes methods"):

    log s² = log v + noise,    E noise = ψ(ν/2) - log(ν/2) = -0.270,    Var noise = ψ'(ν/2) = 0.645.
"""

import numpy as np
from numpy.typing import NDArray

LOG_MEAN, LOG_VARIANCE = -0.2704, 0.6449  # of the logarithm of χ²/ν with ν = 4
COMPONENTS = 40
STEPS = 30
FINEST = 0.3  # narrowest component, in typical standard errors


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
    return centre, np.hypot(width, FINEST * noise)


def _responsibilities(x: NDArray, variance: NDArray, centre: NDArray) -> NDArray:
    """Probability (n, K) that an entry's true value comes from a component, with weights by EM from equal ones."""
    logs = -0.5 * ((x - centre) ** 2 / variance + np.log(variance))
    likelihood = np.exp(logs - logs.max(1, keepdims=True))
    weights = np.full(len(centre), 1 / len(centre))
    for _ in range(STEPS):
        weights = (weights * likelihood / (likelihood @ weights)[:, None]).mean(0)
    return weights * likelihood / (likelihood @ weights)[:, None]
