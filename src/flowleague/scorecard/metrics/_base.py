"""What the files of metrics share: rows, figures with their uncertainty, and the evidence that formulas are given.

A metric is one row: how it reads, and a formula. `given` says what the formula is called with, and so how often it is
evaluated and what its standard error is:

    reconstructions             `Reconstructions` of the test images -> a `Figure`
    gaussian, midpoint,         `Evidence` of one judge about images decoded from such latents -> a number
        standard_normal
    samples, manifold,          `Evidence` of one judge about generated images, or the first of them -> a number
        nearness
    pixels                      `Pixels`, the neighbours of generated images, read by no judge -> a number
    facts, turns, log           what images do not show -> a `Figure`

A formula that returns a number is evaluated in R = 5 repeats with seeds that are the same for every entry (common
random numbers: luck in the draw cancels when two entries are compared), and by both judges:
    value = mean over repeats of the mean over judges,  standard error = sd / √R.
What is computed image by image on a fixed set has value = mean over images, standard error = sd / √n.

No torch here: what is heavy is computed by `flowleague.judge.evidence` and handed in.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from inspect import getdoc
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics.frechet import Gaussian, fit

Direction = Literal["lower", "higher", "shown"]
Given = Literal[
    "reconstructions",
    "gaussian",
    "midpoint",
    "standard_normal",
    "samples",
    "manifold",
    "nearness",
    "pixels",
    "facts",
    "turns",
    "log",
]

_ROUNDING = 1e-3  # of sums and matrix roots; far below any figure that could gain a place

REAL = "real test images"  # reference: the same formula for the test images
FLOOR = "training against test images"  # reference: the same formula for as many training images
IMAGES: dict[str, str] = {  # what a judge reads, in words
    "gaussian": "decoded draws of the Gaussian fitted to the latents of training images",
    "midpoint": "decoded midpoints between the latents of two test images",
    "standard_normal": "decoded draws of N(0, I)",
    "samples": "samples",
    "nearness": "samples",
}


@dataclass(frozen=True)
class MetricKind:
    """One metric: how it reads, and how it is computed.

    `direction` says how it ranks: "lower" or "higher" is better, "shown" is printed and not ranked by default. The
    docstring of `formula` is the metric's section in docs/metrics.md, and its first paragraph what the board says of
    it, with the images read for "{images}". `reference` says in words what the value stands beside; where it is
    neither `REAL` nor `FLOOR`, `attainable` may compute it from the numbers of images of one repeat and of classes.
    `short` is what narrow tables call it; by default its title.
    `noise` is the standard error of what real images give, relative to the reference (`benchmarks/floors.py`); 0 where
    real images are no measure.
    """

    name: str
    title: str
    unit: str
    direction: Direction
    given: Given
    formula: Callable[[Any], Any]
    reference: str = ""
    attainable: Callable[[int, int], float] | None = None
    short: str = ""
    noise: float = 0.0

    @property
    def label(self) -> str:
        """Its short name."""
        return self.short or self.title

    @property
    def domain(self) -> tuple[float, float]:
        """The least and the greatest value that there can be, rounding allowed for."""
        if self.unit in ("share", "probability", "intensity²"):
            return -_ROUNDING, 1 + _ROUNDING
        if self.name.startswith("ssim"):
            return -1 - _ROUNDING, 1 + _ROUNDING
        return -_ROUNDING, math.inf

    @property
    def timed(self) -> bool:
        """Whether it differs from run to run, and so stands in the card's block of timing."""
        return self.given == "turns"

    @property
    def about(self) -> str:
        """What the metric means, why it is measured, and how it could be gamed: Markdown."""
        return getdoc(getattr(self.formula, "func", self.formula)) or ""  # of a partial, what it calls

    @property
    def meaning(self) -> str:
        """What the metric means, in a sentence."""
        first = " ".join(self.about.split("\n\n")[0].split())
        return first.replace("{images}", IMAGES.get(self.given, ""))


@dataclass(frozen=True)
class CategoryKind:
    """One category of the contest and its metrics, in the order in which they are shown; `about` opens its docs.

    `short` is what narrow tables call it.
    """

    name: str
    title: str
    short: str
    about: str
    metrics: tuple[MetricKind, ...]


class Unmeasurable(Exception):  # noqa: N818  (it is an outcome, not a fault of the program)
    """A model did something that keeps a category from being measured: a finding's name, sentence and hint."""

    def __init__(self, name: str, sentence: str, hint: str):
        super().__init__(sentence)
        self.name, self.sentence, self.hint = name, sentence, hint


@dataclass(frozen=True)
class Figure:
    """A measured value before it becomes a `Metric`; `value` is None exactly when `reason` says why."""

    value: float | None
    standard_error: float | None = 0.0
    n: int = 0
    reference: float | None = None
    repeats: tuple[float, ...] = ()
    detail: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


def missing(reason: str) -> Figure:
    """A figure that could not be measured, with the reason."""
    return Figure(None, None, reason=reason)


def over_images(values: NDArray, reference: float | None, detail: Mapping[str, float] | None = None) -> Figure:
    """Mean over images (N,) and its standard error.

    >>> over_images(np.array([0.0, 1.0, 2.0]), 0.0).value
    1.0
    """
    return Figure(float(values.mean()), standard_error(values), len(values), reference, detail=detail or {})


def over_repeats(repeats: Sequence[Mapping[str, float]], n: int, reference: Mapping[str, float]) -> Figure:
    """Mean over repeats of the mean over judges.

    `repeats` holds, for each repeat, the number of each judge by its name; `n` is the number of images in all
    repeats together; `reference` is each judge's reference.
    """
    each = [float(np.mean(list(repeat.values()))) for repeat in repeats]
    detail = {judge: float(np.mean([repeat[judge] for repeat in repeats])) for judge in repeats[0]}
    reference_value = float(np.mean(list(reference.values()))) if reference else None
    return Figure(float(np.mean(each)), standard_error(np.array(each)), n, reference_value, tuple(each), detail)


def standard_error(values: NDArray) -> float:
    """Standard error of the mean of independent values (N,): sd / √N with N - 1 degrees of freedom; 0 for one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class View:
    """N images as one judge sees them, C classes and F features.

    `log_probabilities` (N, C) are 1/C for every class of an image that is out of distribution for any judge; `features`
    (N, F) as they are and `white`ned; `classes` read (N,); `unfamiliar` (N,): which images are out of distribution.
    """

    log_probabilities: NDArray
    features: NDArray
    white: NDArray[np.float32]
    classes: NDArray[np.intp]
    unfamiliar: NDArray[np.bool_]

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """max_c p(c|x) of each image (N,), in [1/C, 1]."""
        return self._probabilities.max(1)

    @cached_property
    def entropy(self) -> NDArray[np.float64]:
        """-Σ p log p of each image (N,), in nats, in [0, log C]."""
        p, log_p = self._probabilities, self.log_probabilities.astype(np.float64)
        return -(p * np.where(p > 0, log_p, 0)).sum(1)

    @cached_property
    def gaussian(self) -> Gaussian:
        """The Gaussian fitted to the features."""
        return fit(self.features)

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """Mean squared distance of the features read as each class to their mean (C,); 0 for an absent class."""
        spread = np.zeros(self.log_probabilities.shape[1])
        for c in np.unique(self.classes):
            members = self.features[self.classes == c].astype(np.float64)
            spread[c] = ((members - members.mean(0)) ** 2).sum(1).mean()
        return spread

    @property
    def _probabilities(self) -> NDArray[np.float64]:
        return np.exp(self.log_probabilities.astype(np.float64))


@dataclass(frozen=True)
class Nearness:
    """Distances in features of Q images (Q,) to the nearest test image, and to the nearest of as many training images.

    Whoever saw neither is as near to the one as to the other, however blurred or alike the images are.
    """

    test: NDArray
    training: NDArray


class Evidence(Protocol):
    """What one judge makes of a set of images, beside the real test images; computed when a formula asks for it."""

    @property
    def view(self) -> View:
        """The images."""
        ...

    @property
    def real(self) -> View:
        """The real test images."""
        ...

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Frequencies of the classes (C,) among the labels of the real test images."""
        ...

    @property
    def shares(self) -> Mapping[str, float]:
        """How the images and the real ones lie within each other: precision, recall, density and coverage."""
        ...

    @property
    def nearness(self) -> Nearness:
        """How near the first of the images lie to test images and to training images."""
        ...


@dataclass(frozen=True)
class Reconstructions:
    """The reconstructions of N test images.

    `squared_error` and `similarity` (N,) are those that count, `error_8_bit` and `similarity_8_bit` (N,) those of
    latents rounded to 8 bits, `error_noise` (N,) those of latents with a little noise. `kept`: by judge, in which
    images the label is read (N,); `accuracy`: the share of real images in which it is. `first_256` (N,) marks the
    images of the contest of 2025, if all of them are there.
    """

    squared_error: NDArray
    similarity: NDArray
    error_8_bit: NDArray
    similarity_8_bit: NDArray
    error_noise: NDArray
    kept: Mapping[str, NDArray[np.bool_]]
    accuracy: Mapping[str, float]
    first_256: NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbours:
    """For Q images: distance to the nearest training image, its label, and the distance to the nearest other."""

    training: NDArray
    labels: NDArray
    other: NDArray


@dataclass(frozen=True)
class Pixels:
    """Neighbours of images, of the real test images, and the number of classes of the labels."""

    images: Neighbours
    real: Neighbours
    classes: int
