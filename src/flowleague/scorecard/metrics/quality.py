"""Category 3, flow sample quality: do generated images look like digits to the judges?"""

import numpy as np

from flowleague.scorecard.metrics._base import FLOOR, REAL, CategoryKind, Evidence, MetricKind
from flowleague.scorecard.metrics.frechet import frechet_distance

TAIL = 0.05  # the worst twentieth
GAP_NOISE = 0.14  # of both gaps


def confidence_gap(e: Evidence) -> float:
    """How far the judges' mean confidence in {images} lies from that in real test images, on either side.

    *Why:* samples should be as clear as digits are. *Gaming:* one perfect prototype per class is too sure, and
    diversity finds it; training against the judges: see above.
    """
    return abs(confidence(e) - float(e.real.confidence.mean()))


def entropy_gap(e: Evidence) -> float:
    """How far the judges' mean entropy in {images} lies from that in real test images, on either side.

    *Why, gaming:* as confidence_gap.
    """
    return abs(entropy(e) - float(e.real.entropy.mean()))


def _frechet(e: Evidence) -> float:
    """Distance between the judges' features of samples and of real images, as Gaussians.

    |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2(Σ₁^½ Σ₂ Σ₁^½)^½) of Gaussians fitted to a judge's penultimate features, samples against
    all real test images (Heusel et al. 2017). *Why:* one number for both looks and variety. *Noise:* its bias from
    finite n is the same for everybody, and the real column has it too. *Gaming:* it knows means and covariances only,
    so a mixture that matches both with ugly images would pass; precision and the readings would not.
    """
    return frechet_distance(e.real.gaussian, e.view.gaussian)


def _precision(e: Evidence) -> float:
    """Share of samples that lie among real images: how plausible they are.

    A sample counts inside the ball of some real image, whose radius is the distance to its 5th nearest real one, in
    whitened features (Kynkäänniemi et al. 2019); 5,000 points each. *Why:* is each sample a plausible digit? *Gaming:*
    a few safe samples again and again raise it; recall, coverage and near_duplicates fall.
    """
    return e.shares["precision"]


def _density(e: Evidence) -> float:
    """How many real images' neighbourhoods a sample lies in, on average.

    Mean number of real balls that hold a sample, over 5 (Naeem et al. 2020); may exceed 1. *Why:* less moved by one
    outlier's wide ball than precision. *Gaming:* samples heaped where digits are dense raise it; not ranked unless a
    contest's rules name it, and then best beside coverage.
    """
    return e.shares["density"]


def confidence(e: Evidence) -> float:
    """Mean confidence of the judges in {images}: max over classes of p(c|x).

    *Why:* the raw figure behind the gap. *Gaming:* shown.
    """
    return float(e.view.confidence.mean())


def confidence_p05(e: Evidence) -> float:
    """5th percentile of the confidence in {images}: the worst twentieth.

    *Why:* a mean hides a bad tail. *Gaming:* shown.
    """
    return float(np.quantile(e.view.confidence, TAIL))


def entropy(e: Evidence) -> float:
    """Mean entropy -Σ p log p of the judges' readings of {images}.

    *Why, gaming:* as confidence.
    """
    return float(e.view.entropy.mean())


def entropy_p95(e: Evidence) -> float:
    """95th percentile of the entropy in {images}: the worst twentieth.

    *Why, gaming:* as confidence_p05.
    """
    return float(np.quantile(e.view.entropy, 1 - TAIL))


def unfamiliar(e: Evidence) -> float:
    """Share of {images} that are out of distribution for any judge.

    *Why:* images that no judge should have an opinion on. *Gaming:* shown; such images already count as ignorance in
    the gaps.
    """
    return float(e.view.unfamiliar.mean())


QUALITY = CategoryKind(
    "quality",
    "flow sample quality",
    "quality",
    "Generated samples, against real test images.",
    (
        MetricKind(
            "confidence_gap",
            "confidence gap",
            "probability",
            "lower",
            "samples",
            confidence_gap,
            FLOOR,
            noise=GAP_NOISE,
        ),
        MetricKind("entropy_gap", "entropy gap", "nats", "lower", "samples", entropy_gap, FLOOR, noise=GAP_NOISE),
        MetricKind("frechet", "Fréchet distance", "features²", "lower", "samples", _frechet, FLOOR, noise=0.052),
        MetricKind("precision", "precision", "share", "higher", "manifold", _precision, FLOOR, noise=0.0026),
        MetricKind("density", "density", "1", "higher", "manifold", _density, FLOOR, noise=0.007),
        MetricKind("confidence", "confidence", "probability", "shown", "samples", confidence, REAL),
        MetricKind("confidence_p05", "confidence tail", "probability", "shown", "samples", confidence_p05, REAL),
        MetricKind("entropy", "entropy", "nats", "shown", "samples", entropy, REAL),
        MetricKind("entropy_p95", "entropy tail", "nats", "shown", "samples", entropy_p95, REAL),
        MetricKind("unfamiliar", "out of distribution", "share", "shown", "samples", unfamiliar, REAL),
    ),
)
