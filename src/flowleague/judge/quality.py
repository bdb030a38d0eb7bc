"""Category 3, flow sample quality: do generated images look like digits to the judges?

All figures of one judge for one set of samples, measured against real test images:
    confidence_gap, entropy_gap   distance of the mean reading from the real one (see `readings.gaps`)
    frechet                       Fréchet distance in the judge's features (see `frechet`)
    precision, density            samples inside the manifold of real features (see `manifold`)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.frechet import Gaussian, fit, frechet_distance
from flowleague.judge.manifold import Manifold, manifold, precision_recall_density_coverage
from flowleague.judge.readings import Reading, gaps, statistics


@dataclass(frozen=True)
class Real:
    """What one judge reads in real test images, prepared for comparison."""

    statistics: dict[str, float]
    gaussian: Gaussian
    manifold: Manifold


def prepare(test: Reading, points: int) -> Real:
    """Statistics of all real test images (N,), and the manifold of the first `points` of them."""
    return Real(statistics(test.log_probabilities), fit(test.features), manifold(test.features[:points]))


def measure_quality(samples: Reading, real: Real) -> dict[str, float]:
    """Figures of one judge for one set of samples; recall and coverage, which belong to diversity, among them.

    Readings and Fréchet distance use all samples, the manifold as many as there are real points in it.
    """
    read = statistics(samples.log_probabilities)
    distance = frechet_distance(real.gaussian, fit(samples.features))
    points: NDArray[np.float32] = samples.features[: len(real.manifold.points)]
    shares = precision_recall_density_coverage(real.manifold, manifold(points))
    return read | gaps(read, real.statistics) | {"frechet": distance} | shares
