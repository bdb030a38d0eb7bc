"""Category 3, flow sample quality: do generated images look like digits to the judges?

All figures of one judge for one set of samples, measured against real test images:
    confidence_gap, entropy_gap   distance of the mean reading from the real one (see `readings.gaps`)
    frechet                       Fréchet distance in the judge's features (see `frechet`)
    precision, density            samples inside the manifold of real features, whitened (see `manifold`)
    unfamiliar                    share of samples unlike any real digit, read as ignorance (see `familiarity`)
"""

from dataclasses import dataclass

from flowleague.judge.manifold import Manifold, manifold, precision_recall_density_coverage
from flowleague.judge.readings import gaps, statistics
from flowleague.scorecard.metrics.frechet import Gaussian, fit, frechet_distance
from flowleague.scorecard.metrics.ood import View


@dataclass(frozen=True)
class Real:
    """What one judge reads in real test images, prepared for comparison."""

    statistics: dict[str, float]
    gaussian: Gaussian
    manifold: Manifold


def prepare(test: View, points: int) -> Real:
    """Statistics of all real test images (N,), and the manifold of the first `points` of them."""
    return Real(read(test), fit(test.features), manifold(test.white[:points]))


def read(view: View) -> dict[str, float]:
    """Statistics of a judge's view of images, and the share of them that is unfamiliar."""
    return statistics(view.log_probabilities) | {"unfamiliar": float(view.unfamiliar.mean())}


def measure_quality(samples: View, real: Real) -> dict[str, float]:
    """Figures of one judge for one set of samples; recall and coverage, which belong to diversity, among them.

    Readings and Fréchet distance use all samples, the manifold as many as there are real points in it.
    """
    figures = read(samples)
    distance = frechet_distance(real.gaussian, fit(samples.features))
    points = samples.white[: len(real.manifold.points)]
    shares = precision_recall_density_coverage(real.manifold, manifold(points))
    return figures | gaps(figures, real.statistics) | {"frechet": distance} | shares
