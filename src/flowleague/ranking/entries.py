"""What is ranked: entries and their metrics, with errors. The border between the contest's folder and the ranking."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One metric of an entry: value and standard error; None stands for invalid or not reported, and ranks last."""

    value: float | None
    error: float = 0.0


@dataclass(frozen=True)
class Compute:
    """What an award needs to know of a training; None is unknown. `declared`: said by the team, not read from the card.

    `gpu` is "" for a training without one; `datasets` are the names of all data that any part was trained on.
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

    `analysis` is the organiser's mark for the quality of the analysis: it breaks ties, and higher is better.
    A baseline is shown and not ranked.
    """

    id: str
    team: str
    metrics: Mapping[str, Measured]
    baseline: bool = False
    analysis: float | None = None
    compute: Compute = Compute()
