"""What a judge knows: how far the features of an image lie from those of real digits.

Far from its data a classifier's certainty is arbitrary (Nguyen, Yosinski & Clune 2015): plain noise can be read with
99 % confidence. So features are whitened by their within-class covariance over real training images, and an image
whose distance to the nearest class mean (Lee et al. 2018, eq. 2),

    d²(f) = min_c (f - μ_c)ᵀ Σ⁻¹ (f - μ_c),

exceeds that of 99.9 % of real test images is *unfamiliar* to the judge. An image that is unfamiliar to any judge is
read with ignorance by all: p(c|x) = 1/10. The same whitening makes neighbours in feature space comparable: without it
a few directions of large variance decide, and noise lies inside the wide balls of unusual digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.readings import Reading

KNOWN = 0.999
RIDGE = 1e-3  # share of the mean variance that is added to every direction, since some units never fire


@dataclass(frozen=True)
class Familiarity:
    """Whitened class means (C, F), the whitening (F, F), and the largest familiar distance."""

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


def fit_familiarity(train: NDArray, labels: NDArray, test: NDArray) -> Familiarity:
    """From features of real training images (N, F) with labels (N,), and of real test images (M, F) for the limit."""
    train = train.astype(np.float64)
    means = np.array([train[labels == c].mean(0) for c in np.unique(labels)])
    residuals = train - means[np.searchsorted(np.unique(labels), labels)]
    variances, directions = np.linalg.eigh(residuals.T @ residuals / len(train))
    variances = variances.clip(0) + RIDGE * variances.mean() + 1e-12
    whitening = (directions / np.sqrt(variances)) @ directions.T  # symmetric, so that eigenvectors' signs cancel
    known = Familiarity(means @ whitening, whitening)
    return Familiarity(known.means, whitening, float(np.quantile(known.distance(test), KNOWN)))


@dataclass(frozen=True)
class View:
    """N images as one judge sees them: log probabilities (N, 10) with ignorance in what is unfamiliar to any judge,
    features (N, F) as they are and whitened, classes read (N,), and which images are unfamiliar (N,).
    """

    log_probabilities: NDArray
    features: NDArray
    white: NDArray[np.float32]
    classes: NDArray[np.intp]
    unfamiliar: NDArray[np.bool_]


def view(readings: Sequence[Reading], known: Sequence[Familiarity]) -> list[View]:
    """The views of all judges of the same images, from their readings and what each is familiar with."""
    pairs = list(zip(readings, known, strict=True))
    unfamiliar = np.any([k.distance(r.features) > k.limit for r, k in pairs], axis=0)
    return [_view(reading, k, unfamiliar) for reading, k in pairs]


def _view(reading: Reading, known: Familiarity, unfamiliar: NDArray[np.bool_]) -> View:
    log_p = reading.log_probabilities
    ignorance = -np.log(log_p.shape[1])
    gated = np.where(unfamiliar[:, None], ignorance, log_p)
    return View(gated, reading.features, known.whiten(reading.features), log_p.argmax(1), unfamiliar)
