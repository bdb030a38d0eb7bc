"""Category 4, diversity: all digits, all ways to write them, and none of them by heart.

Pixel distances are Euclidean over 784 intensities; the digit of a sample is the label of its nearest training image,
so that no judge is involved.
"""

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics._base import FLOOR, REAL, CategoryKind, Evidence, MetricKind, Pixels

TAIL, _DUPLICATE, _LOOKALIKE = 0.01, 0.5, 0.5
_NEITHER = "a sampler that saw neither"


def class_divergence(counts: NDArray, frequencies: NDArray) -> float:
    """KL divergence in nats, >= 0 and finite, of class counts (C,) from the frequencies (C,) of real images.

    KL(q || p̂) with q the frequencies and p̂ = (counts + ½) / (n + C/2), Jeffreys' prior.

    >>> class_divergence(np.array([10, 10]), np.array([0.5, 0.5]))
    0.0
    """
    smoothed = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    present = frequencies > 0
    return float((frequencies[present] * np.log(frequencies[present] / smoothed[present])).sum())


def tail(distances: NDArray, labels: NDArray, classes: int) -> NDArray[np.float64]:
    """The distance (classes,) below which 1 % of real images (N,) of each class lie to another; 0 for an absent class.

    Distances of different digits differ in scale (ones lie close together) and little in shape. So each is divided
    by its digit's median and one tail is taken for all: ten tails of a tenth of the images would be noise.
    """
    medians = np.array([np.median(distances[labels == c]) if (labels == c).any() else 0.0 for c in range(classes)])
    typical = medians[labels]
    return medians * np.quantile(distances[typical > 0] / typical[typical > 0], TAIL)


def _class_divergence(e: Evidence) -> float:
    """How far the digits' frequencies in samples are from those of real images.

    KL(q‖p̂) in nats: q the class frequencies of the test set, p̂ = (counts + ½)/(n + 5) of the ten classes a judge reads
    in samples. *Why:* all digits, as often as they occur; the ½ makes a missing class dear and never infinite. *Noise:*
    a perfect sampler has about 9/2n, the reference. *Gaming:* dealing out classes by plan instead of drawing them goes
    below what a fair sampler reaches; nothing forbids it. It gains no more than that noise, which can still be a rank.
    """
    return class_divergence(np.bincount(e.view.classes, minlength=len(e.frequencies)), e.frequencies)


def _recall(e: Evidence) -> float:
    """Share of real images that lie among samples: how much of the real variety is covered.

    A real image counts inside the ball of some sample, balls as in precision. *Why:* are all ways to write a digit
    covered? *Gaming:* scattered bad samples have wide balls and raise it; precision falls.
    """
    return e.shares["recall"]


def _coverage(e: Evidence) -> float:
    """Share of real images with a sample in their own neighbourhood.

    *Why:* as recall, with balls that the samples cannot widen. *Gaming:* copies of training images cover much;
    training_copies tells.
    """
    return e.shares["coverage"]


def _class_spread_gap(e: Evidence) -> float:
    """How far the spread of samples within each digit is from that of real images.

    Mean over classes of |s_c/s*_c - 1|, s_c the mean squared distance of the features of samples read as c to their
    mean, s*_c that of real images. *Why:* ten good digits, each always written alike, pass the class KL. *Gaming:*
    noise that widens features is as bad as too little spread (two sides), and out of distribution.
    """
    return float(np.abs(_spread_ratios(e) - 1).mean())


def _near_duplicates(p: Pixels) -> float:
    """Share of samples that nearly repeat another sample.

    Nearer in pixels than half the distance below which 1 % of real test images of that digit lie to another: half,
    since smooth images lie closer together than real ones without being the same. *Why:* a generator with few outputs.
    *Gaming:* shifted, turned or noisy repeats are no longer near in pixels; `stored_bank` sees through noise up to 0.01
    per pixel, and class_spread and recall see few forms.
    """
    limits = _DUPLICATE * tail(p.real.other, p.real.labels, p.classes)
    return float((p.images.other < limits[p.images.labels]).mean())


def _training_copies(p: Pixels) -> float:
    """Share of samples nearer to a training image than 1 % of real test images of that digit are.

    Real images score 0.01. *Why:* learned by heart. *Gaming:* copies that are turned or shifted far, or blended, pass;
    training_lookalikes sees some of these. Above 0.1 quality and diversity do not count (finding `training_copies`).
    The page of an entry shows samples beside their nearest training images; look at them.
    """
    limits = tail(p.real.training, p.real.labels, p.classes)
    return float((p.images.training < limits[p.images.labels]).mean())


def _class_spread(e: Evidence) -> float:
    """Mean over digits of the spread of samples over that of real images; below 1 is too little variety.

    *Why:* the sign that the gap has lost. *Gaming:* shown.
    """
    return float(_spread_ratios(e).mean())


def _nearest_training(p: Pixels) -> float:
    """Mean Euclidean distance of samples, over 784 intensities, to the nearest training image.

    *Why:* the raw figure behind copies. *Gaming:* shown; blur lowers it without a copy.
    """
    return float(p.images.training.mean())


def _test_nearness(e: Evidence) -> float:
    """How near samples lie to test images, relative to as many training images; 1 for whoever saw neither.

    Median distance in a judge's whitened features to the nearest test image, over that to the nearest training image.
    *Why:* test images must not train. *Gaming:* shown; below 0.9 it is the finding `test_copies`. Honest models have
    0.96 to 1.02, a stored bank of test images 0.4 to 0.75, by how much they are warped.
    """
    return float(np.median(e.nearness.test) / max(float(np.median(e.nearness.training)), 1e-9))


def _test_lookalikes(e: Evidence) -> float:
    """Share of samples that are less than half as far from a test image as from any of as many training images.

    Distances in a judge's whitened features. *Why:* it sees copies of a few test images among others, through noise and
    warps that move pixels. *Gaming:* shown; above 0.002 it is the finding `test_copies`. Honest models have 0, blurred
    ones as well.
    """
    return float((e.nearness.test < _LOOKALIKE * e.nearness.training).mean())


def _training_lookalikes(e: Evidence) -> float:
    """Share of samples that are less than half as far from a training image as from any of as many test images.

    As test_lookalikes, the other way round. *Why:* it sees stored training images that were turned, shifted or made
    noisy. A sixth of the training images of MNIST is compared, so copies of any of them score 0.02 to 0.2.
    *Gaming:* shown; above 0.002 it is the finding `training_copies`.
    """
    return float((e.nearness.training < _LOOKALIKE * e.nearness.test).mean())


def _spread_ratios(e: Evidence) -> NDArray[np.float64]:
    """s_c / s*_c of the classes that spread in real images."""
    spreads = e.real.spread > 0
    return e.view.spread[spreads] / e.real.spread[spreads]


def _one(_n: int, _classes: int) -> float:
    return 1.0


def _none(_n: int, _classes: int) -> float:
    return 0.0


def _perfect(n: int, classes: int) -> float:
    """Class divergence that is expected of n independent draws with the right frequencies."""
    return (classes - 1) / (2 * n)


DIVERSITY = CategoryKind(
    "diversity",
    "flow generative diversity",
    "diversity",
    "The same samples: all digits, all ways to write them, none by heart. Two checks stand before it: samples of two "
    "seeds must differ and of one seed agree (`ignores_seed`, `not_reproducible`). And `stored_bank` tells draws from "
    "stored images: it counts pairs of samples of different seeds nearer than r; they grow with r for a generator and "
    "stay level for a bank.",
    (
        MetricKind(
            "class_divergence",
            "class KL",
            "nats",
            "lower",
            "samples",
            _class_divergence,
            "a perfect sampler",
            _perfect,
            noise=0.21,
        ),
        MetricKind("recall", "recall", "share", "higher", "manifold", _recall, FLOOR, noise=0.0016),
        MetricKind("coverage", "coverage", "share", "higher", "manifold", _coverage, FLOOR, noise=0.0019),
        MetricKind(
            "class_spread_gap", "class spread gap", "ratio", "lower", "samples", _class_spread_gap, FLOOR, noise=0.093
        ),
        MetricKind("near_duplicates", "near-duplicates", "share", "lower", "pixels", _near_duplicates, REAL),
        MetricKind(
            "training_copies", "training copies", "share", "lower", "pixels", _training_copies, REAL, noise=0.14
        ),
        MetricKind("class_spread", "class spread", "ratio", "shown", "samples", _class_spread, FLOOR),
        MetricKind(
            "test_nearness", "nearness to test images", "ratio", "shown", "nearness", _test_nearness, _NEITHER, _one
        ),
        MetricKind(
            "test_lookalikes", "test lookalikes", "share", "shown", "nearness", _test_lookalikes, _NEITHER, _none
        ),
        MetricKind(
            "training_lookalikes",
            "training lookalikes",
            "share",
            "shown",
            "nearness",
            _training_lookalikes,
            _NEITHER,
            _none,
        ),
        MetricKind(
            "nearest_training", "nearest training image", "intensity", "shown", "pixels", _nearest_training, REAL
        ),
    ),
)
