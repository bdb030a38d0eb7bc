"""What cannot be shown, and why: a note then stands in its place."""

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.text import number


class Missing(Exception):  # noqa: N818  (it is an outcome, not a fault of the program)
    """A part of the report that cannot be made; the message is the sentence for its place."""


def finite(array: NDArray, what: str) -> NDArray:
    """The array itself, or `Missing` when it holds a number that is not finite."""
    bad, size = array.size - int(np.isfinite(array).sum()), number(array.size)
    if bad:
        raise Missing(f"{number(bad)} of {size} numbers of {what} are not finite, so there is nothing to draw.")
    return array


def explain(error: Unmeasurable) -> Missing:
    """The judge's finding as a reason."""
    return Missing(f"{error.sentence} {error.hint}")


def need(records: Sequence, what: str) -> None:
    """Raise `Missing` when there are no records."""
    if not records:
        raise Missing(f"There is no {what}.")


def needs_library(module: str, package: str, what: str) -> None:
    """Raise `Missing` when a library of the extra `report` is not installed."""
    if find_spec(module) is None:
        raise Missing(f"{what} needs {package}; install it with: pip install 'flowleague[report]'.")
