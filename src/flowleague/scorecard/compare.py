"""Which differences between scorecards exceed the noise. Without torch.

All entries are measured with the same seeds, so repeat i of one is paired with repeat i of the other: the noise of
a difference is that of the five paired differences (Student's t, 95 %, two-sided), from which what both share has
cancelled. Figures without paired repeats have a normal interval from both standard errors; counts have no noise.
Each metric is tested on its own: of twenty equal metrics, one is expected to differ by chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from flowleague.scorecard.card import Metric, Scorecard, ScorecardError
from flowleague.scorecard.metrics import METRICS

_T_975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}  # Student's t by degrees of freedom
_Z_975 = 1.960


@dataclass(frozen=True)
class Difference:
    """b - a in one metric, the half width of its 95 % interval, and whether it exceeds that."""

    value: float
    noise: float

    @property
    def exceeds_noise(self) -> bool:
        """Whether zero lies outside the interval."""
        return abs(self.value) > self.noise


def difference(a: Metric, b: Metric, paired: bool = True) -> Difference | None:
    """The difference b - a of a metric; None when one of them has no value."""
    if a.value is None or b.value is None:
        return None
    if paired and len(a.repeats) == len(b.repeats) and len(a.repeats) - 1 in _T_975:
        pairs = [y - x for x, y in zip(a.repeats, b.repeats, strict=True)]
        noise = _T_975[len(pairs) - 1] * stdev(pairs) / math.sqrt(len(pairs))
        return Difference(fmean(pairs), noise)
    errors = (a.standard_error or 0.0, b.standard_error or 0.0)
    return Difference(b.value - a.value, _Z_975 * math.hypot(*errors))


@dataclass(frozen=True)
class Comparison:
    """One metric over several scorecards: their metrics, which one is best, and each one's difference to the best.

    `best` is None where nothing is ranked or nobody has a value.
    """

    name: str
    metrics: tuple[Metric, ...]
    best: int | None
    differences: tuple[Difference | None, ...]

    @property
    def differs(self) -> bool:
        """Whether any of them is behind the best beyond the noise, or has no value beside one that has."""
        known = [metric.value is not None for metric in self.metrics]
        apart = any(d is not None and d.exceeds_noise for d in self.differences)
        return self.best is not None and (apart or not all(known))


def compare(cards: Sequence[Scorecard]) -> list[Comparison]:
    """All metrics of two or more scorecards, side by side; raises `ScorecardError` when they do not compare.

    Another build of the evaluator is no reason, as most builds measure alike: the reader must know of it.
    """
    first = cards[0]
    for card in cards[1:]:
        for what in ("dataset", "data_sha256", "plan", "judges", "seeds"):
            if getattr(card, what) != getattr(first, what):
                raise ScorecardError(
                    f"'{first.name}' and '{card.name}' do not compare: they were measured with another {what}; "
                    f"score both with the same version and options."
                )
    return [_compare(name, [card.metrics()[name] for card in cards]) for name in METRICS]


def _compare(name: str, metrics: Sequence[Metric]) -> Comparison:
    known = [i for i, metric in enumerate(metrics) if metric.value is not None]
    direction = METRICS[name].direction
    if direction == "shown" or not known:
        return Comparison(name, tuple(metrics), None, (None,) * len(metrics))
    sign = 1 if direction == "lower" else -1
    best = min(known, key=lambda i: sign * (metrics[i].value or 0.0))
    paired = not METRICS[name].timed  # turns of two runs are no pairs
    return Comparison(
        name, tuple(metrics), best, tuple(difference(metrics[best], metric, paired) for metric in metrics)
    )
