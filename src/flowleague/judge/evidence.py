"""The evidence that formulas are given: real digits, prepared once, and what the judges read in images beside them.

References treat a seeded choice of training images as if they were generated, so that each carries the same finite n
as the figures it stands beside. Readings are cached per data set and judge, in the user's cache, written atomically.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flowleague.data import Split, load_test, load_training
from flowleague.errors import JudgeError
from flowleague.judge.cache import cached
from flowleague.judge.kernels import (
    Bank,
    Manifold,
    bank,
    manifold,
    nearest,
    neighbours,
    precision_recall_density_coverage,
)
from flowleague.scorecard.metrics import METRICS
from flowleague.scorecard.metrics._base import FLOOR, REAL, Given, Nearness, Neighbours, Pixels, View, standard_error
from flowleague.scorecard.metrics.frechet import fit, frechet_distance
from flowleague.scorecard.metrics.ood import Distribution, Reading, fit_distribution, views

GROUPS = 10  # of images, for the jackknife
_T_975 = 2.262  # Student's t of GROUPS - 1 degrees of freedom
_CHOICE_SEED = 2025


@dataclass(frozen=True)
class Plan:
    """How many images are read. `full` is the official plan; `quick` gives the same checks in seconds.

    samples     generated per repeat; also real test and training images
    decoded     decoded per repeat and source, for consistency
    manifold    points for precision, recall, density and coverage
    neighbours  samples per repeat whose nearest training image is looked for
    timed       images per timed call
    """

    name: str
    samples: int
    decoded: int
    manifold: int
    neighbours: int
    timed: int
    turns: int


FULL = Plan("full", samples=10_000, decoded=2000, manifold=5000, neighbours=1000, timed=2000, turns=7)
QUICK = Plan("quick", samples=1000, decoded=300, manifold=1000, neighbours=200, timed=500, turns=3)


class Judge(Protocol):
    """A classifier that has proven itself; see `flowleague.judge.judges`."""

    @property
    def name(self) -> str:
        """Name of the judge."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of its weight file."""
        ...

    def read(self, images: NDArray[np.float32]) -> Reading:
        """Read float32 images (N, 1, 28, 28) in [0, 1]; deterministic."""
        ...


@dataclass(frozen=True)
class CachedReading:
    """A judge's reading of N real images: log probabilities (N, C) and features (N, F)."""

    log_probabilities: NDArray[np.float32]
    features: NDArray[np.float32]


class RealDigits:
    """The real images of a data set: all test and training images, and the chosen ones that are compared.

    On the `validation` images the last figures of training logs are computed again; by default on the test images.
    """

    def __init__(self, train: Split, test: Split, plan: Plan, validation: Split | None = None):
        self.train, self.plan, self.validation = train, plan, validation or test
        rng = np.random.default_rng(_CHOICE_SEED)
        test_numbers, train_numbers = (_choose(len(split), plan.samples, rng) for split in (test, train))
        self.test = Split(test.images[test_numbers], test.labels[test_numbers])
        self.chosen = Split(train.images[train_numbers], train.labels[train_numbers])
        self.first_256 = test_numbers < 256  # the test images that the contest of 2025 reconstructed

    @cached_property
    def sha256(self) -> dict[str, str]:
        """Hash of the images and labels of each split."""
        splits = {"train": self.train, "test": self.test}
        return {
            name: hashlib.sha256(split.images.tobytes() + split.labels.tobytes()).hexdigest()
            for name, split in splits.items()
        }

    @cached_property
    def classes(self) -> int:
        """How many classes the labels tell apart."""
        return int(max(self.train.labels.max(), self.test.labels.max())) + 1

    @cached_property
    def bank(self) -> Bank:
        """All training images: what copies are looked for in."""
        return bank(flat(self.train.pixels()))

    @cached_property
    def neighbours(self) -> Neighbours:
        """Neighbours of real test images, as many as in five repeats of samples."""
        count = min(5 * self.plan.neighbours, len(self.test))
        key = f"{self.sha256['train']}{self.sha256['test']}{self.plan}"
        test = flat(self.test.pixels())
        held = cached(key, count, lambda: vars(neighbours(count, test, self.bank, self.train.labels)))
        return Neighbours(**held)

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Class frequencies of the test images (classes,)."""
        return np.bincount(self.test.labels, minlength=self.classes) / len(self.test)

    def pixels_of(self, images: NDArray[np.float32]) -> Pixels:
        """The evidence about the first of generated images (N, 1, 28, 28) that no judge gives."""
        found = neighbours(self.plan.neighbours, flat(images), self.bank, self.train.labels)
        return Pixels(found, self.neighbours, self.classes)


def load_real(dataset: str, plan: Plan, folder: str | Path | None = None, validation: bool = False) -> RealDigits:
    """The real images of a data set, by name or from a folder; raises `DataError` when they cannot be had.

    With `validation` the validation images stand where the test images do: for choosing among models.
    """
    training = load_training(dataset, folder)
    test = training.validation if validation else load_test(dataset, folder)
    return RealDigits(training.train, test, plan, training.validation)


def flat(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (N, 1, 28, 28) as (N, 784)."""
    return images.reshape(len(images), -1)


def _choose(size: int, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permutation(size)[:n]  # shuffled, so that any first part of it is a fair sample


@dataclass(frozen=True)
class Looked:
    """The `Evidence` of one judge about images: what needs no torch is in the views."""

    view: View
    real: View
    frequencies: NDArray[np.float64]
    real_manifold: Manifold
    near: "Near"

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Precision, recall, density and coverage of as many of the images as there are real points."""
        points = self.view.white[: len(self.real_manifold.points)]
        return precision_recall_density_coverage(self.real_manifold, manifold(points))

    @cached_property
    def nearness(self) -> Nearness:
        """Distances of the first of the images to test and to training images."""
        points = self.view.white[: self.near.queries]
        return Nearness(nearest(points, self.near.test)[0], nearest(points, self.near.training)[0])


@dataclass(frozen=True)
class Near:
    """As many test images as training images, in whitened features, and how many samples are looked for in them."""

    test: Bank
    training: Bank
    queries: int


@dataclass(frozen=True)
class Seen:
    """Real images as one judge sees them: `known` is their distribution, `accuracy` how often the label is read."""

    judge: Judge
    known: Distribution
    test: View
    chosen: View
    frequencies: NDArray[np.float64]
    manifold: Manifold
    near: Near
    accuracy: float
    samples: int

    def evidence(self, view: View) -> Looked:
        """The evidence about images that the judge has viewed."""
        return Looked(view, self.test, self.frequencies, self.manifold, self.near)

    @cached_property
    def references(self) -> dict[str, float]:
        """What each metric that judges read is for real images, by "category.metric"."""
        real, training = self.evidence(self.test), self.evidence(self.chosen)
        read: tuple[Given, ...] = ("gaussian", "midpoint", "standard_normal", "samples", "manifold", "nearness")
        found = {}
        for name, kind in METRICS.items():
            if kind.given in read and kind.attainable:
                found[name] = kind.attainable(self.samples, len(self.frequencies))
            elif kind.given in read and kind.reference in (REAL, FLOOR):
                found[name] = kind.formula(real if kind.reference == REAL else training)
        return found


def see(judges: Sequence[Judge], digits: RealDigits) -> list[Seen]:
    """Read the test images and the chosen training images with all judges, or take the readings from the cache.

    Raises `JudgeError` when the labels tell more classes apart than a judge.
    """
    test = [_reading(judge, digits.test) for judge in judges]
    for judge, reading in zip(judges, test, strict=True):
        if reading.log_probabilities.shape[1] < digits.classes:
            raise JudgeError(
                f"The judge {judge.name} reads {reading.log_probabilities.shape[1]} classes where the labels have "
                f"{digits.classes}; train judges for this data with: flowleague judges train --dataset NAME --out DIR"
            )
    train = [_reading(judge, digits.chosen) for judge in judges]
    known = [fit_distribution(b.features, digits.chosen.labels, a.features) for a, b in zip(test, train, strict=True)]
    return [_seen(*each, digits) for each in zip(judges, known, views(test, known), views(train, known), strict=True)]


def _seen(judge: Judge, known: Distribution, test: View, chosen: View, digits: RealDigits) -> Seen:
    more = test.log_probabilities.shape[1] - digits.classes  # classes that the judge knows and no label has
    frequencies = np.pad(digits.frequencies, (0, more))
    balls = manifold(test.white[: digits.plan.manifold])
    accuracy = float((test.classes == digits.test.labels).mean())
    both = min(len(test.white), len(chosen.white))
    near = Near(bank(test.white[:both]), bank(chosen.white[:both]), digits.plan.neighbours)
    return Seen(judge, known, test, chosen, frequencies, balls, near, accuracy, digits.plan.samples)


def look(images: NDArray[np.float32], seen: Sequence[Seen]) -> list[View]:
    """The views of all judges of images (N, 1, 28, 28)."""
    return views([s.judge.read(images) for s in seen], [s.known for s in seen])


@dataclass(frozen=True)
class Verdict:
    """What all judges together make of images: means over the judges of the Fréchet distance to real test images, the
    confidence with its standard error, and how often each class was read, (C,).

    The Fréchet distance of n images is biased upwards, so only sets of the same n compare. Its standard error is the
    delete-a-group jackknife (Shao & Tu 1995, section 2.3), with d_(g) the distance without group g:

        se² = (G - 1)/G Σ_g (d_(g) - mean d)²
    """

    frechet: float
    without: NDArray[np.float64]  # d_(g), (GROUPS,)
    confidence: float
    confidence_error: float
    counts: NDArray[np.float64]

    @property
    def frechet_error(self) -> float:
        """Standard error of the Fréchet distance."""
        return jackknife_error(self.without)

    def exceeds(self, other: "Verdict") -> bool:
        """Whether the distance is larger than another's of the same noises beyond what chance explains."""
        return self.frechet - other.frechet > _T_975 * jackknife_error(self.without - other.without)


def judge_images(images: NDArray[np.float32], seen: Sequence[Seen]) -> Verdict:
    """The verdict on images (N, 1, 28, 28), N > 10."""
    looked, group = look(images, seen), np.arange(len(images)) % GROUPS

    def distance(rows: NDArray | slice) -> float:
        pairs = zip(looked, seen, strict=True)
        return float(np.mean([frechet_distance(s.test.gaussian, fit(view.features[rows])) for view, s in pairs]))

    sure = np.mean([view.confidence for view in looked], axis=0)
    counts = np.mean([np.bincount(view.classes, minlength=view.log_probabilities.shape[1]) for view in looked], axis=0)
    without = np.array([distance(group != g) for g in range(GROUPS)])
    return Verdict(distance(slice(None)), without, float(sure.mean()), standard_error(sure), counts)


def jackknife_error(without: NDArray[np.float64]) -> float:
    """Standard error of a statistic from its values without each group, (GROUPS,)."""
    return float(np.sqrt((GROUPS - 1) / GROUPS * ((without - without.mean()) ** 2).sum()))


def _reading(judge: Judge, split: Split) -> CachedReading:
    key = judge.sha256 + hashlib.sha256(split.images.tobytes()).hexdigest()

    def read() -> dict[str, NDArray]:
        reading = judge.read(split.pixels())
        return {"log_probabilities": reading.log_probabilities, "features": reading.features}

    return CachedReading(**cached(key, len(split), read))
