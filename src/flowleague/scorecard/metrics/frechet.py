"""Fréchet distance between Gaussians fitted to two sets of features (Heusel et al. 2017, eq. 6):

    d² = |μ1 - μ2|² + tr(Σ1 + Σ2 - 2 (Σ1^½ Σ2 Σ1^½)^½)

The symmetric product has the same trace of roots as Σ1 Σ2, and its eigenvalues are real and not negative, so no
matrix square root of an asymmetric matrix is needed. Everything is float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Gaussian:
    """Mean (F,), covariance (F, F) and its symmetric root."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    root: NDArray[np.float64]


def fit(features: NDArray) -> Gaussian:
    """The Gaussian of features (N, F), N >= 2; the covariance is the unbiased one."""
    features = features.astype(np.float64)
    covariance = np.atleast_2d(np.cov(features, rowvar=False))
    return Gaussian(features.mean(0), covariance, symmetric_root(covariance))


def symmetric_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root: unlike a Cholesky factor it is unique, and it exists for singular matrices."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Squared Fréchet distance d² >= 0, in squared units of the features."""
    values = np.linalg.eigvalsh(a.root @ b.covariance @ a.root)
    overlap = np.sqrt(values.clip(0)).sum()
    distance = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance) + np.trace(b.covariance) - 2 * overlap
    return max(float(distance), 0.0)  # rounding may leave -1e-12
