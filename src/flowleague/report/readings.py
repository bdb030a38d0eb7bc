"""What the judges make of images, for the report: Fréchet distance and confidence, each with its standard error.

The Fréchet distance of n images is biased upwards, so all sets compared have the same n, and real training images
of that n give the floor. Its standard error is the delete-a-group jackknife (Shao & Tu 1995, section 2.3), G = 10:

    se² = (G - 1)/G Σ_g (d_(g) - mean d)²       d_(g): the distance without group g
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.evidence import Seen, look
from flowleague.scorecard.metrics._base import standard_error
from flowleague.scorecard.metrics.frechet import Gaussian, fit, frechet_distance

GROUPS = 10
_T_975 = 2.262  # Student's t of GROUPS - 1 degrees of freedom


@dataclass(frozen=True)
class Read:
    """Means over the judges: Fréchet distance to real test images, confidence with its standard error, and how often
    each class was read, (C,).
    """

    frechet: float
    without: NDArray[np.float64]  # the distance without each group, (GROUPS,)
    confidence: float
    confidence_error: float
    counts: NDArray[np.float64]

    @property
    def frechet_error(self) -> float:
        """Standard error of the Fréchet distance."""
        return jackknife_error(self.without)

    def exceeds(self, other: "Read") -> bool:
        """Whether the distance is larger than another's of the same noises beyond what chance explains."""
        return self.frechet - other.frechet > _T_975 * jackknife_error(self.without - other.without)


def read(images: NDArray[np.float32], seen: Sequence[Seen]) -> Read:
    """What the judges read in images (N, 1, 28, 28)."""
    views = look(images, seen)
    pairs = [(view.features, s.test.gaussian) for view, s in zip(views, seen, strict=True)]
    sure = np.mean([view.confidence for view in views], axis=0)
    counts = np.mean([np.bincount(view.classes, minlength=view.log_probabilities.shape[1]) for view in views], axis=0)
    return Read(distance(pairs), _without_groups(pairs), float(sure.mean()), standard_error(sure), counts)


def distance(pairs: Sequence[tuple[NDArray, Gaussian]], rows: NDArray | slice = slice(None)) -> float:
    """Mean over judges of the Fréchet distance of some rows of the features (N, F) to the real Gaussian."""
    return float(np.mean([frechet_distance(real, fit(features[rows])) for features, real in pairs]))


def _without_groups(pairs: Sequence[tuple[NDArray, Gaussian]]) -> NDArray[np.float64]:
    """`distance` without each of GROUPS groups of rows in turn, (GROUPS,)."""
    group = np.arange(len(pairs[0][0])) % GROUPS
    return np.array([distance(pairs, group != g) for g in range(GROUPS)])


def jackknife_error(without: NDArray[np.float64]) -> float:
    """Standard error of a statistic from its values without each group, (GROUPS,)."""
    return float(np.sqrt((GROUPS - 1) / GROUPS * ((without - without.mean()) ** 2).sum()))
