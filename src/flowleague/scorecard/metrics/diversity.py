"""Category 4, diversity: all digits, all ways to write them, and none of them by heart.

    class_divergence   KL(q || p̂): q the class frequencies of the test set, p̂ = (counts + ½) / (n + 5) those
                       read in samples with Jeffreys' prior, so that a missing class costs much and never infinity;
                       a perfect sampler has about (10 - 1) / 2n
    class_spread       mean over classes of s_c / s*_c: s_c the mean squared distance of features to their class's
                       mean, s*_c that of real test images; its gap is the mean of |s_c / s*_c - 1|
    training_copies    share of samples nearer to a training image than 1 % of real test images of that digit are;
                       real images score 0.01
    near_duplicates    share of samples nearer to another sample than half the distance below which 1 % of real test
                       images of that digit lie to another: half, since smooth images lie closer together than real
                       ones without being the same
Recall and coverage come with `quality.measure_quality`. Pixel distances are Euclidean over 784 intensities; the
digit of a sample is the label of its nearest training image, so that no judge is involved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.manifold import Bank, bank, nearest

CLASSES = 10
TAIL, DUPLICATE = 0.01, 0.5


def class_divergence(counts: NDArray, frequencies: NDArray) -> float:
    """KL divergence in nats, >= 0 and finite, of class counts (10,) from the frequencies (10,) of real images."""
    smoothed = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    present = frequencies > 0
    return float((frequencies[present] * np.log(frequencies[present] / smoothed[present])).sum())


def class_counts(read: NDArray) -> NDArray[np.int64]:
    """How often each class was read: (N,) to (10,)."""
    return np.bincount(read, minlength=CLASSES)


def within_class_spread(features: NDArray, read: NDArray) -> NDArray[np.float64]:
    """Mean squared distance of the features (N, F) of each class to their mean: (10,); 0 for an absent class."""
    spread = np.zeros(CLASSES)
    for c in np.unique(read):
        members = features[read == c].astype(np.float64)
        spread[c] = ((members - members.mean(0)) ** 2).sum(1).mean()
    return spread


def measure_classes(features: NDArray, read: NDArray, real_spread: NDArray, frequencies: NDArray) -> dict[str, float]:
    """Class divergence and spread of samples with features (N, F), read as classes (N,) by one judge."""
    ratio = within_class_spread(features, read) / real_spread
    return {
        "class_divergence": class_divergence(class_counts(read), frequencies),
        "class_spread": float(ratio.mean()),
        "class_spread_gap": float(np.abs(ratio - 1).mean()),
    }


@dataclass(frozen=True)
class Neighbours:
    """For Q images: distance to the nearest training image, its label, and the distance to the nearest other."""

    training: NDArray
    labels: NDArray
    other: NDArray


def neighbours(queries: int, images: NDArray, training: Bank, labels: NDArray) -> Neighbours:
    """Neighbours of the first `queries` of images (N, 784) in a bank of training images and among themselves."""
    to_training, number = nearest(images[:queries], training)
    return Neighbours(to_training, labels[number], nearest_other(queries, images))


def nearest_other(queries: int, images: NDArray) -> NDArray:
    """Distance of each of the first `queries` images (N, F) to the nearest of the N - 1 others."""
    before, _ = nearest(images[:queries], bank(images[queries:])) if queries < len(images) else (np.inf, None)
    own = np.sqrt(np.maximum(_squared(images[:queries]), 0))
    np.fill_diagonal(own, np.inf)
    return np.minimum(before, own.min(1))


def _squared(x: NDArray) -> NDArray:
    norms = (x * x).sum(1)
    return norms[:, None] + norms - 2 * x @ x.T


def tails(real: Neighbours) -> tuple[NDArray, NDArray]:
    """Distances below which a sample is a copy of a training image (10,), or a duplicate of another (10,), by digit.

    Distances of the ten digits differ in scale (ones lie close together) and little in shape. So each is divided
    by its digit's median and one tail is taken for all: ten tails of a tenth of the images would be noise.
    """
    return _tail(real.training, real.labels), DUPLICATE * _tail(real.other, real.labels)


def _tail(distances: NDArray, labels: NDArray) -> NDArray[np.float64]:
    medians = np.array([np.median(distances[labels == c]) if (labels == c).any() else 0.0 for c in range(CLASSES)])
    typical = medians[labels]
    return medians * np.quantile(distances[typical > 0] / typical[typical > 0], TAIL)


def measure_neighbours(samples: Neighbours, limits: tuple[NDArray, NDArray]) -> dict[str, float]:
    """Shares of near-duplicates and of training copies, and the mean distance to the nearest training image."""
    to_training, to_other = limits
    return {
        "near_duplicates": float((samples.other < to_other[samples.labels]).mean()),
        "training_copies": float((samples.training < to_training[samples.labels]).mean()),
        "nearest_training": float(samples.training.mean()),
    }
