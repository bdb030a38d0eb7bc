"""Whether a model pleases the judges that everybody has more than one that nobody has.

    judge_tuning       beyond all that honest models gave
    judges_disagree    samples near to digits, beyond honest models by less: a reason to look, which costs nothing

A contest's held-out judge has the network and the recipe of a public one, and another seed. To a model that was
trained without judges one seed is as good as another; one that was tuned to the public judges fits what is particular
to their weights. Two figures are compared, on the first repeat of each kind of images:

    r = e(held out) / min_j e(j)      e = Fréchet distance of samples to test images, less that of as many training
                                      images; j: the public judges
    c = max_j mean(p_j - p)           p = confidence of the held-out judge, where j counts the image as familiar

Distances are taken in features whitened within classes, as those to neighbours are: in plain features their unit is
that of each network. Samples as good as training images have e = 0 to every judge, so what r allows is exceeded only
beyond a part of what the training images have. Far from digits r depends on the seeds of the judges, and tuning pays
little, so the lower limit is for what lies near. Limits: docs/judges.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.evidence import Judge, RealDigits, Seen
from flowleague.scorecard.metrics._base import IMAGES, Given, Unmeasurable, View
from flowleague.scorecard.metrics.frechet import Gaussian, fit, frechet_distance
from flowleague.scorecard.metrics.ood import Distribution, fit_distribution
from flowleague.text import listed, number

_RATIO = 2.0
_RATIO_NEAR, _NEAR = 0.9, 20.0  # where e of a public judge is below the latter
_CHANCE = 0.25  # of the distance of training images
_SURER = 0.06
_HINT = "Train without judges: a feature network of your own serves as well, and finds what they all see."


@dataclass(frozen=True)
class _Knowledge:
    """The held-out judge, and real digits as it sees them: their distribution, test images, and whitened features
    (N, F) of training images.
    """

    judge: Judge
    known: Distribution
    test: Gaussian
    training: NDArray[np.float32]


@dataclass(frozen=True)
class Compared:
    """e of the held-out judge, the least e of the public ones, the former's distance of training images, and c."""

    own: float
    public: float
    real: float
    surer: float

    @property
    def ratio(self) -> float:
        """r."""
        return self.own / self.public

    @property
    def finding(self) -> str:
        """The name of the finding that r gives beyond chance; empty for none."""
        if self._exceeds(_RATIO):
            return "judge_tuning"
        return "judges_disagree" if self.public < _NEAR and self._exceeds(_RATIO_NEAR) else ""

    def _exceeds(self, limit: float) -> bool:
        return self.own > limit * max(self.public, 0) + _CHANCE * self.real


@dataclass(frozen=True)
class HeldOut:
    """A held-out judge, or none, and what it sees otherwise than the public judges in one model, by category."""

    _knowledge: _Knowledge | None = None
    _departures: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by finding

    @classmethod
    def of(cls, judge: Judge | None, digits: RealDigits) -> "HeldOut":
        """That judge, having read the real digits. Nothing is cached: from many readings its like can be trained."""
        if judge is None:
            return NOBODY
        test, train = judge.read(digits.test.pixels()), judge.read(digits.chosen.pixels())
        known = fit_distribution(train.features, digits.chosen.labels, test.features)
        return cls(_Knowledge(judge, known, fit(known.whiten(test.features)), known.whiten(train.features)))

    def look(self, source: Given, images: NDArray[np.float32], seen: Sequence[Seen], views: Sequence[View]) -> None:
        """Compare what it sees in images (N, 1, 28, 28) with the public judges' views of them."""
        if self._knowledge is None:
            return
        found = self.compare(images, seen, views)
        said = self._departures.setdefault("quality" if source == "samples" else "consistency", {})
        if found.surer > _SURER:
            said.setdefault("judge_tuning", []).append(f"it is {number(found.surer, 2)} less sure of {IMAGES[source]}")
        if source == "samples" and found.finding:
            distances = f"{number(found.own, 3)}, to them by {number(found.public, 3)}"
            sentence = f"to it the Fréchet distance of samples exceeds that of training images by {distances}"
            said.setdefault(found.finding, []).append(sentence)

    def compare(self, images: NDArray[np.float32], seen: Sequence[Seen], views: Sequence[View]) -> Compared:
        """r and c of images (N, 1, 28, 28) that the public judges have viewed; not for `NOBODY`."""
        here, n = self._knowledge, len(images)
        assert here is not None
        reading = here.judge.read(images)
        confidence = np.exp(reading.log_probabilities).max(1)
        surer = max(float(np.where(view.unfamiliar, 0, view.confidence - confidence).mean()) for view in views)
        pairs = zip(seen, views, strict=True)
        public = [_excess(fit(s.test.white), view.white, s.chosen.white[:n])[0] for s, view in pairs]
        own, real = _excess(here.test, here.known.whiten(reading.features), here.training[:n])
        return Compared(own, min(public), real, surer)

    def finding(self, category: str) -> Unmeasurable | None:
        """What was seen otherwise in the images of a category, all of it under the name that costs most."""
        if not (said := self._departures.get(category)):
            return None
        seen = listed([sentence for sentences in said.values() for sentence in sentences])
        sentence = f"A held-out judge sees it otherwise than the judges that everybody has: {seen}."
        return Unmeasurable("judge_tuning" if "judge_tuning" in said else "judges_disagree", sentence, _HINT)


def _excess(test: Gaussian, images: NDArray, training: NDArray) -> tuple[float, float]:
    """e of whitened features (N, F), and the Fréchet distance of those of training images."""
    real = frechet_distance(test, fit(training))
    return frechet_distance(test, fit(images)) - real, real


NOBODY = HeldOut()
