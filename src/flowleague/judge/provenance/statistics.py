"""Effects with errors, by writer, and what a few honest values support.

A contrast is the coefficient b of an ordinary least squares fit of one value an image, with the images in question
(treated, 1) and control images (0):

    value = a + b treated + c·adjust + error

Images of one writer are alike, so errors are clustered (Liang & Zeger 1986), with G clusters, n images, k coefficients:

    V = (XᵀX)⁻¹ (Σ_g Xᵀ_g e_g e_gᵀ X_g) (XᵀX)⁻¹ · G/(G - 1) · (n - 1)/(n - k)

The error is of the images alone. That another seed gives another network is not in it; for that honest models stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.errors import JudgeError

LEAST_PERMUTATIONS = 2400  # so that Holm's procedure can reject at .05 among 120 tests
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """An effect and its standard error, on so many images of so many writers (as many as images: none are known)."""

    value: float
    error: float
    images: int
    clusters: int

    @property
    def z(self) -> float:
        """The effect in standard errors."""
        return self.value / self.error


def contrast(
    values: Values, treated: NDArray, adjust: NDArray | None = None, clusters: NDArray | None = None
) -> Effect:
    """The effect of being treated (N, bool) on values (N,), with adjustments (N,) or (N, k) and clusters (N,).

    Without clusters each image is one. Raises `JudgeError` where the images cannot tell an effect.

    >>> effect = contrast(np.array([0.0, 1, 2, 3, 4, 5]), np.array([0, 0, 0, 1, 1, 1], bool))
    >>> round(effect.value, 6), effect.clusters
    (3.0, 6)
    """
    n = len(values)
    X = np.column_stack([np.ones(n), treated, *([] if adjust is None else [adjust])]).astype(float)
    X = X[:, [True, True, *(np.ptp(X[:, 2:], axis=0) > 0)]]  # what is the same for all adjusts nothing
    if len(set(np.asarray(treated).tolist())) < 2 or np.linalg.matrix_rank(X) < X.shape[1] or n <= X.shape[1]:
        raise JudgeError("These images cannot be compared: there are too few of a kind.")
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ values
    names, group = np.unique(np.arange(n) if clusters is None else clusters, return_inverse=True)
    scores = np.zeros((len(names), X.shape[1]))
    np.add.at(scores, group, X * (values - X @ beta)[:, None])
    G, k = scores.shape
    variance = inverse @ (scores.T @ scores) @ inverse * G / (G - 1) * (n - 1) / (n - k)
    return Effect(float(beta[1]), float(np.sqrt(variance[1, 1])), n, G)


def sign_flip_p(gaps: Values, permutations: int, seed: int) -> float:
    """One-sided p-value of a mean gap below 0, of one gap for each writer (W,), by changing signs of writers at random.

    Exact under exchange within writers: of a writer's two kinds of digits neither was treated otherwise. The value
    observed counts among the permutations (Phipson & Smyth 2010). Raises `JudgeError` for fewer than 2,400.

    >>> sign_flip_p(np.full(20, -1.0), 2400, seed=0) < 0.001
    True
    """
    if permutations < LEAST_PERMUTATIONS:
        raise JudgeError(f"A p-value takes {LEAST_PERMUTATIONS:,} permutations at least.")
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (permutations, len(gaps)))
    return float(((signs @ gaps <= gaps.sum() + 1e-12).sum() + 1) / (permutations + 1))


def writer_gaps(values: Values, treated: NDArray[np.bool_], writers: NDArray) -> Values:
    """Mean value of a writer's treated digits less that of the others, for each writer who has both, (W,)."""
    both = np.intersect1d(writers[treated], writers[~treated])
    mine = [writers == writer for writer in both]
    return np.array([values[m & treated].mean() - values[m & ~treated].mean() for m in mine])


def holm(p_values: Mapping[str, float], tests: int) -> dict[str, float]:
    """Adjusted p-values of some of `tests` tests, of which the others count as 1 (Holm 1979).

    >>> holm({"a": 0.01, "b": 0.03}, tests=4)
    {'a': 0.04, 'b': 0.09}
    """
    if tests < len(p_values):
        raise JudgeError(f"{len(p_values)} tests were run where {tests} had been fixed.")
    adjusted, largest = {}, 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (tests - place) * p_values[name]))
        adjusted[name] = round(largest, 12)
    return {name: adjusted[name] for name in p_values}


def is_lowest(z: float, honest: Sequence[float]) -> bool:
    """Whether a value lies below all honest ones."""
    return bool(honest) and z < min(honest)


def at_most_for_winner(rate: float, entries: int) -> float:
    """The alarm rate of a winner by test error, of so many independent entries, where any honest one has `rate`.

    It is reached where test error and the tested value are one: the lowest of N is below a limit with 1 - (1 - rate)^N.

    >>> round(at_most_for_winner(0.001, 13), 4)
    0.0129
    """
    return 1 - (1 - rate) ** entries
