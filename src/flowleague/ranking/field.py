"""Entries as arrays: what is ranked, in the form that the mathematics needs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.contest.rules import Ties
from flowleague.ranking.entries import Entry, Measured
from flowleague.ranking.schemes import Table

LARGEST = 1e30  # what is larger is no measurement, and products of its square would overflow
NOTHING = Measured(None)


@dataclass(frozen=True, eq=False)
class Field:
    """n entries in M metrics.

    costs   (M, n) values with the sign that makes lower better; infinite where there is no valid value
    errors  (M, n) standard errors; 0 where a value is exact or missing
    marks   (n,) 0 for the best mark for analysis, 1 for the next, ...; what breaks ties
    """

    entries: tuple[Entry, ...]
    costs: NDArray[np.float64]
    errors: NDArray[np.float64]
    marks: NDArray[np.int64]

    def take(self, chosen: Sequence[int] | NDArray) -> "Field":
        """The field of some of its entries."""
        entries = tuple(self.entries[i] for i in chosen)
        return Field(entries, self.costs[:, chosen], self.errors[:, chosen], self.marks[chosen])


def field(entries: Iterable[Entry], table: Table, ties: Ties = "analysis") -> Field:
    """The arrays of entries."""
    entries = tuple(entries)
    costs = np.full((len(table.metrics), len(entries)), math.inf)
    errors = np.zeros_like(costs)
    signs = [1.0 if direction == "lower" else -1.0 for direction in table.directions]
    for i, entry in enumerate(entries):
        for j, name in enumerate(table.metrics):
            measured = entry.metrics.get(name, NOTHING)
            if measured.value is not None and abs(measured.value) < LARGEST:  # false for NaN
                costs[j, i] = signs[j] * measured.value
                if 1 / LARGEST < measured.error < LARGEST:
                    errors[j, i] = measured.error
    return Field(entries, costs, errors, _marks(entries, ties))


def _marks(entries: Sequence[Entry], ties: Ties) -> NDArray[np.int64]:
    if ties == "share":
        return np.zeros(len(entries), np.int64)
    marks = [math.nan if entry.analysis is None else -entry.analysis for entry in entries]
    return np.unique(marks, return_inverse=True)[1].astype(np.int64)  # NaN, no mark, sorts behind all marks
