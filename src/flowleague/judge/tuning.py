"""Whether a model pleases the judges that everybody has more than one that nobody has: the finding `judge_tuning`.

A contest's held-out judge has the network and the recipe of a public one, and another seed. To a model that was
trained without judges one seed is as good as another; one that was tuned to the public judges fits what is particular
to their weights. Two figures are compared, on the first repeat of each kind of images:

    r = d²(held out) / min_j d²(j)      d² = Fréchet distance of samples to test images; j: the public judges
    c = max_j mean(p_j - p)             p = confidence of the held-out judge, where j counts the image as familiar

d² is taken in features whitened within classes, as distances to neighbours are: in plain features its unit is that of
each network. Limits: docs/judges.md.
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

_RATIO, _SURER = 1.5, 0.06  # honest models: 0.8 to 0.92, and 0.023 at most
_HINT = "Train without judges: a feature network of your own serves as well, and finds what they all see."


@dataclass(frozen=True)
class _Knowledge:
    """The held-out judge, and real digits as it sees them: their distribution, and test images among themselves."""

    judge: Judge
    known: Distribution
    test: Gaussian


@dataclass(frozen=True)
class Compared:
    """Fréchet distances d² in whitened features, its own and the least of the public judges, and c."""

    own: float
    public: float
    surer: float

    @property
    def ratio(self) -> float:
        """r."""
        return self.own / self.public


@dataclass(frozen=True)
class HeldOut:
    """A held-out judge, or none, and what it sees otherwise than the public judges in one model, by category."""

    _knowledge: _Knowledge | None = None
    _departures: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, judge: Judge | None, digits: RealDigits) -> "HeldOut":
        """That judge, having read the real digits. Nothing is cached: from many readings its like can be trained."""
        if judge is None:
            return NOBODY
        test, train = judge.read(digits.test.pixels()), judge.read(digits.chosen.pixels())
        known = fit_distribution(train.features, digits.chosen.labels, test.features)
        return cls(_Knowledge(judge, known, fit(known.whiten(test.features))))

    def look(self, source: Given, images: NDArray[np.float32], seen: Sequence[Seen], views: Sequence[View]) -> None:
        """Compare what it sees in images (N, 1, 28, 28) with the public judges' views of them."""
        if self._knowledge is None:
            return
        found = self.compare(images, seen, views)
        said = self._departures.setdefault("quality" if source == "samples" else "consistency", [])
        if found.surer > _SURER:
            said.append(f"it is {number(found.surer, 2)} less sure of {IMAGES[source]}")
        if source == "samples" and found.ratio > _RATIO:
            distances = f"{number(found.own, 2)}, they at {number(found.public, 2)}"
            said.append(f"it sees samples at a Fréchet distance of {distances}")

    def compare(self, images: NDArray[np.float32], seen: Sequence[Seen], views: Sequence[View]) -> Compared:
        """r and c of images (N, 1, 28, 28) that the public judges have viewed; not for `NOBODY`."""
        assert self._knowledge is not None
        reading, known = self._knowledge.judge.read(images), self._knowledge.known
        confidence = np.exp(reading.log_probabilities).max(1)
        surer = max(float(np.where(view.unfamiliar, 0, view.confidence - confidence).mean()) for view in views)
        public = [frechet_distance(fit(s.test.white), fit(v.white)) for s, v in zip(seen, views, strict=True)]
        own = frechet_distance(self._knowledge.test, fit(known.whiten(reading.features)))
        return Compared(own, min(public), surer)

    def finding(self, category: str) -> Unmeasurable | None:
        """What was seen otherwise in the images of a category."""
        if not (said := self._departures.get(category)):
            return None
        sentence = f"A held-out judge sees it otherwise than the judges that everybody has: {listed(said)}."
        return Unmeasurable("judge_tuning", sentence, _HINT)


NOBODY = HeldOut()
