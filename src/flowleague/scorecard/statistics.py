"""Figures with their uncertainty.

What is drawn at random is measured in R = 5 repeats with seeds that are the same for every entry (common random
numbers, so that luck in the draw cancels when two entries are compared):
    value = mean of the repeats,  standard error = sd / √R.
What is computed image by image on a fixed set has
    value = mean over images,     standard error = sd / √n.
Where two judges read, the value is the mean of both and `detail` keeps each one's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


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
    """Mean over images (N,) and its standard error."""
    return Figure(float(values.mean()), standard_error(values), len(values), reference, detail=detail or {})


def over_repeats(repeats: Sequence[Mapping[str, float]], n: int, reference: Mapping[str, float]) -> Figure:
    """Mean over repeats of the mean over judges.

    `repeats` holds, for each repeat, the figure of each judge by its name; `n` is the number of images in all
    repeats together; `reference` is each judge's reference.
    """
    each = [float(np.mean(list(repeat.values()))) for repeat in repeats]
    detail = {judge: float(np.mean([repeat[judge] for repeat in repeats])) for judge in repeats[0]}
    reference_value = float(np.mean(list(reference.values()))) if reference else None
    return Figure(float(np.mean(each)), standard_error(np.array(each)), n, reference_value, tuple(each), detail)


def standard_error(values: NDArray) -> float:
    """Standard error of the mean of independent values (N,): sd / √N with N - 1 degrees of freedom; 0 for one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
