"""The out-of-distribution score: how far the features of an image lie from those of real digits.

Far from its data a classifier's certainty is arbitrary (Nguyen, Yosinski & Clune 2015): plain noise can be read with
99 % confidence. So features are whitened by their within-class covariance over real training images, and an image
whose distance to the nearest class mean (Lee et al. 2018, eq. 2),

    d²(f) = min_c (f - μ_c)ᵀ Σ⁻¹ (f - μ_c),

exceeds that of 99.9 % of real test images is out of distribution for the judge. An image that is so for any judge is
read with ignorance by all: p(c|x) = 1/C. The same whitening makes neighbours in feature space comparable: without it
a few directions of large variance decide, and noise lies inside the wide balls of unusual digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics._base import View

_KNOWN = 0.999
_RIDGE = 1e-3  # share of the mean variance that is added to every direction, since some units never fire


class Reading(Protocol):
    """What a judge saw in N images: calibrated log probabilities (N, C), penultimate features (N, F)."""

    @property
    def log_probabilities(self) -> NDArray[np.float32]:
        """(N, C)."""
        ...

    @property
    def features(self) -> NDArray[np.float32]:
        """(N, F)."""
        ...


@dataclass(frozen=True)
class Distribution:
    """Real digits in a judge's features: whitened class means (C, F), the whitening (F, F), and the largest distance
    that is still in distribution.
    """

    means: NDArray[np.float64]
    whitening: NDArray[np.float64]
    limit: float = np.inf

    def whiten(self, features: NDArray) -> NDArray[np.float32]:
        """Features (N, F) in coordinates in which each class has unit covariance on average."""
        return (features @ self.whitening).astype(np.float32)

    def distance(self, features: NDArray) -> NDArray[np.float64]:
        """Distance d of features (N, F) to the nearest class mean: (N,)."""
        white = features @ self.whitening
        return np.sqrt(np.min([((white - mean) ** 2).sum(1) for mean in self.means], axis=0))


def fit_distribution(train: NDArray, labels: NDArray, test: NDArray) -> Distribution:
    """From features of real training images (N, F) with labels (N,), and of real test images (M, F) for the limit."""
    train = train.astype(np.float64)
    means = np.array([train[labels == c].mean(0) for c in np.unique(labels)])
    residuals = train - means[np.searchsorted(np.unique(labels), labels)]
    variances, directions = np.linalg.eigh(residuals.T @ residuals / len(train))
    variances = variances.clip(0) + _RIDGE * variances.mean() + 1e-12
    whitening = (directions / np.sqrt(variances)) @ directions.T  # symmetric, so that eigenvectors' signs cancel
    known = Distribution(means @ whitening, whitening)
    return Distribution(known.means, whitening, float(np.quantile(known.distance(test), _KNOWN)))


def views(readings: Sequence[Reading], known: Sequence[Distribution]) -> list[View]:
    """The views of all judges of the same images, from their readings and each one's distribution of real digits."""
    pairs = list(zip(readings, known, strict=True))
    unfamiliar = np.any([k.distance(r.features) > k.limit for r, k in pairs], axis=0)
    return [_view(reading, k, unfamiliar) for reading, k in pairs]


def _view(reading: Reading, known: Distribution, unfamiliar: NDArray[np.bool_]) -> View:
    log_p = reading.log_probabilities
    ignorance = -np.log(log_p.shape[1])
    gated = np.where(unfamiliar[:, None], ignorance, log_p)
    return View(gated, reading.features, known.whiten(reading.features), log_p.argmax(1), unfamiliar)
