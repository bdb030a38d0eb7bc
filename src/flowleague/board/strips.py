"""Where in the field a value lies: a strip from the worst value (0) to the best (100), a tick for every entry.

Values that are all positive and span more than a factor of 20 are drawn by their logarithm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SPREAD = 20.0
_LENGTH = 100.0


@dataclass(frozen=True)
class Mark:
    """An entry on a strip: its position, its 95 % interval, and where the reference lies (None: off the strip)."""

    x: float
    low: float
    high: float
    reference: float | None


@dataclass(frozen=True)
class Strip:
    """The scale of one metric: `best` and `worst` values of the field, and the field's ticks as an SVG path."""

    worst: float
    best: float
    logarithmic: bool
    path: str

    def at(self, value: float) -> float:
        """The position of a value, 0 to 100; what is beyond the field's values stays at the edge."""
        worst, best = self.worst, self.best
        if self.logarithmic:
            value, worst, best = (math.log(max(v, 1e-300)) for v in (value, worst, best))
        if worst == best:
            return _LENGTH / 2
        return round(min(max((value - worst) / (best - worst), 0.0), 1.0) * _LENGTH, 1)

    def mark(self, value: float, error: float | None, reference: float | None) -> Mark:
        """A value with its 95 % interval on the strip."""
        low, high = sorted(self.at(value + sign * 1.96 * (error or 0.0)) for sign in (-1, 1))
        inside = reference is not None and min(self.worst, self.best) <= reference <= max(self.worst, self.best)
        return Mark(self.at(value), low, high, self.at(reference) if inside and reference is not None else None)


def strip(values: Sequence[float], lower_is_better: bool) -> Strip | None:
    """The strip of a field's valid values; None when there are none."""
    if not values:
        return None
    low, high = min(values), max(values)
    worst, best = (high, low) if lower_is_better else (low, high)
    scale = Strip(worst, best, low > 0 and high / low > _SPREAD, "")
    positions = sorted({scale.at(value) for value in values})
    return Strip(worst, best, scale.logarithmic, "".join(f"M{x:g} 3v10" for x in positions))
