"""Entries with their metrics, and the same as arrays."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.findings import Flag
from flowleague.ranking.rules import Ties
from flowleague.ranking.schemes import Table

LARGEST = 1e30  # larger values count as invalid, since products of their squares would overflow


@dataclass(frozen=True)
class Measured:
    """One metric of an entry: value and standard error, in its unit; None: invalid or missing, which ranks last."""

    value: float | None
    error: float = 0.0


@dataclass(frozen=True)
class Compute:
    """What an award needs to know of a training; None: unknown. `declared`: by the team, not read from the card.

    `hours` of training; `gpu` is "" for none; `memory_gib` in GiB; `datasets` name all data that any part used.
    """

    hours: float | None = None
    gpu: str | None = None
    memory_gib: float | None = None
    datasets: tuple[str, ...] | None = None
    from_scratch: bool | None = None
    declared: bool = False


@dataclass(frozen=True)
class Entry:
    """One entry of one team, with its metrics by "category.metric" (see `flowleague.scorecard.metrics`).

    `analysis` is the organiser's mark for the analysis; it breaks ties, higher is better.
    A baseline is shown and not ranked, and so is an entry that is set aside, for the reason in `aside`. `flags` are the
    findings that stand beside its name; `barred` says why it wins no award.
    """

    id: str
    team: str
    metrics: Mapping[str, Measured]
    baseline: bool = False
    analysis: float | None = None
    compute: Compute = Compute()
    aside: str = ""
    flags: tuple[Flag, ...] = ()
    barred: tuple[str, ...] = ()

    @property
    def ranks(self) -> bool:
        """Whether it is ranked, and so moves others."""
        return not (self.baseline or self.aside)


NOTHING = Measured(None)


@dataclass(frozen=True, eq=False)
class Field:
    """n entries in M metrics.

    costs   (M, n) values, negated if higher is better; infinite if there is no valid value
    errors  (M, n) standard errors; 0 if a value is exact or missing
    marks   (n,) 0 for the best mark for analysis, 1 for the next, ...; breaks ties
    """

    entries: tuple[Entry, ...]
    costs: NDArray[np.float64]
    errors: NDArray[np.float64]
    marks: NDArray[np.int64]

    def take(self, chosen: Sequence[int] | NDArray) -> "Field":
        """The field of the entries with the chosen numbers, in that order."""
        entries = tuple(self.entries[i] for i in chosen)
        return Field(entries, self.costs[:, chosen], self.errors[:, chosen], self.marks[chosen])


def field(entries: Iterable[Entry], table: Table, ties: Ties = "analysis") -> Field:
    """The arrays of entries for the metrics of a table; with ties "share" all marks are 0.

    Values that are None, NaN or beyond ±1e30 become infinite costs.

    >>> from flowleague.ranking.schemes import columns
    >>> entry = Entry("1", "A", {"quality.precision": Measured(0.8, 0.01)})
    >>> made = field([entry], columns([("quality.precision", "higher"), ("efficiency.nfe", "lower")]))
    >>> made.costs.tolist(), made.errors.tolist()
    ([[-0.8], [inf]], [[0.01], [0.0]])
    """
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
    return np.unique(marks, return_inverse=True)[1].astype(np.int64)  # NaN, no mark, sorts last
