"""The awards of a contest, with reasons: who gets one, and which conditions the others missed.

open innovation         best place of all
sustainable AI          best place of those trained on the contest's data alone, from scratch, within the limits of a
                        free notebook; what the team declares counts, and is marked "declared"
efficient architecture  fewest parameters of those that keep every quality threshold

Unknown or missing facts count as a condition missed. Exact ties share an award. Baselines get none, nor entries that
are set aside or below a floor (see `flowleague.ranking.counted`).

To add an award, write a struct with its rules, as they stand in its table of contest.toml, and the methods `fitted` and
`give`; then name it in `Awards`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import asdict, force_setattr, replace

from flowleague.ranking.explain import full_title, quantity
from flowleague.ranking.field import Compute, Entry
from flowleague.ranking.rank import Row, Standings
from flowleague.ranking.rules import CategoryRule, Direction, Positive, RuleFault, Text
from flowleague.scorecard.metrics import METRICS
from flowleague.text import listed, number, numbers

Directions = Mapping[str, Direction]  # of the metrics that rank, by "category.metric"


@dataclass(frozen=True)
class Missed:
    """An entry without the award, and every condition that it missed."""

    entry: Entry
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Award:
    """An award: its winners (several if tied, none if nobody is eligible), the reason, and what the others missed."""

    name: str
    winners: tuple[Entry, ...]
    reason: str
    missed: tuple[Missed, ...] = ()


class OpenInnovation(Struct, frozen=True, forbid_unknown_fields=True):
    """Best place over all, without conditions."""

    def fitted(self, dataset: str, ranked: Directions) -> Self:  # noqa: ARG002 - as every award
        """The rule as it is."""
        return self

    def give(self, standings: Standings) -> Award:
        """The award to the first of all."""
        eligible, missed = _sift(standings, lambda _: ())
        first, n = [row for row in eligible if row.place == eligible[0].place], len(standings.ranked)
        reason = f"Best of {n} ranked, with a score of {number(first[0].score)}." if first else "Nobody is ranked."
        return Award("open innovation", tuple(row.entry for row in first), reason, missed)


class SustainableAI(Struct, frozen=True, forbid_unknown_fields=True):
    """Best among those trained on the contest's data only, from scratch, within the limits of a free notebook.

    `gpus` are the classes allowed, as parts of a GPU's name ("T4" stands for "Tesla T4"); no GPU is always allowed.
    `datasets` are the data allowed; by default the contest's own.
    """

    hours: Positive = 12.0
    gpus: tuple[Text, ...] = ("T4",)
    memory_gib: Positive = 15.0
    datasets: tuple[Text, ...] = ()

    def fitted(self, dataset: str, ranked: Directions) -> Self:  # noqa: ARG002
        """The rule, with the contest's data set if it names none."""
        return replace(self, datasets=self.datasets or (dataset,))

    def give(self, standings: Standings) -> Award:
        """The award to the best place within the limits."""
        eligible, missed = _sift(standings, lambda entry: self.misses(entry.compute))
        first = [row for row in eligible if row.place == eligible[0].place]
        reason = "Nobody is eligible."
        if first:
            said = listed(f"{row.entry.team}: {_training(row.entry.compute)}" for row in first)
            reason = f"Place {first[0].place}, the best of {len(eligible)} eligible. {said}."
        return Award("sustainable AI", tuple(row.entry for row in first), reason, missed)

    def misses(self, compute: Compute) -> list[str]:
        """The conditions that a training misses; empty if it is eligible.

        >>> SustainableAI(datasets=("mnist",)).misses(Compute(20.0, "", 4.0, ("mnist",), True))
        ['training time 20 h, the limit is 12 h']
        """
        reasons = []
        if not compute.datasets:
            reasons.append("the training data are unknown")
        elif foreign := sorted(set(compute.datasets) - set(self.datasets)):
            reasons.append(f"trained on {listed(foreign)}, allowed: {', '.join(self.datasets)}")
        if compute.from_scratch is None:
            reasons.append("whether it was trained from scratch is unknown")
        elif not compute.from_scratch:
            reasons.append("it did not start from scratch")
        reasons += _beyond("training time", compute.hours, self.hours, "h")
        if compute.gpu is None:
            reasons.append("the GPU is unknown")
        elif compute.gpu and not any(re.search(rf"\b{re.escape(gpu)}\b", compute.gpu, re.I) for gpu in self.gpus):
            reasons.append(f"trained on the GPU {compute.gpu}, allowed: {', '.join([*self.gpus, 'none'])}")
        return reasons + _beyond("memory", compute.memory_gib, self.memory_gib, "GiB")


class EfficientArchitecture(Struct, frozen=True, forbid_unknown_fields=True):
    """Lowest count among those that keep every quality threshold.

    `count` is the "category.metric" that is counted; `thresholds` are limits by "category.metric", which a value keeps
    when it is at most (lower is better) or at least (higher is better) the limit.
    """

    count: str = "efficiency.tensors_total"
    thresholds: dict[str, Any] = {}  # finite numbers; checked here, so that an error names its metric

    def __post_init__(self) -> None:
        """Check names and limits; raises `RuleFault`."""
        for path, metric in (("count",), self.count), *((("thresholds", m), m) for m in self.thresholds):
            if metric not in METRICS:
                raise RuleFault(
                    path, f"there is no metric '{metric}'; write one as category.metric, like reconstruction.mse."
                )
        for metric, limit in self.thresholds.items():
            if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit):
                raise RuleFault(("thresholds", metric), f"the limit of {metric} must be a number.")
        force_setattr(self, "thresholds", {metric: float(limit) for metric, limit in self.thresholds.items()})

    def fitted(self, dataset: str, ranked: Directions) -> Self:  # noqa: ARG002
        """The rule as it is; raises `RuleFault` for a threshold on a metric without a better direction."""
        for metric in self.thresholds:
            if _direction(metric, ranked) is None:
                raise RuleFault(
                    ("thresholds", metric), f"{metric} has no better direction; choose a metric that ranks."
                )
        return self

    def give(self, standings: Standings) -> Award:
        """The award to those with the lowest count."""
        ranked = dict(zip(standings.table.metrics, standings.table.directions, strict=True))
        eligible, missed = _sift(standings, lambda entry: self._misses(entry, ranked))
        counts = {row.entry.id: _value(row.entry, self.count) or 0.0 for row in eligible}
        fewest = min(counts.values(), default=0.0)
        winners = tuple(row.entry for row in eligible if counts[row.entry.id] == fewest)
        reason = "Nobody is over every threshold."
        if winners:
            least = quantity(self.count, *numbers(fewest))
            reason = f"{full_title(self.count)}: {least}, the least of {len(eligible)} over every threshold."
        return Award("efficient architecture", winners, reason, missed)

    def _misses(self, entry: Entry, ranked: Directions) -> Iterator[str]:
        for metric, limit in self.thresholds.items():
            yield from _below(entry, metric, limit, _direction(metric, ranked) == "lower")
        if _value(entry, self.count) is None:
            yield f"{full_title(self.count)} is not reported"


class Awards(Struct, frozen=True, forbid_unknown_fields=True):
    """The awards of a contest, each a table of contest.toml; None: not given."""

    open_innovation: OpenInnovation | None = None
    sustainable_ai: SustainableAI | None = None
    efficient_architecture: EfficientArchitecture | None = None

    def fitted(self, dataset: str, categories: Iterable[CategoryRule]) -> "Awards":
        """The awards for a contest's data set and categories; raises `RuleFault` for one that does not fit them."""
        ranked: Directions = {f"{c.name}.{m.name}": m.direction for c in categories for m in c.metrics}
        made = {}
        for name, rule in asdict(self).items():
            try:
                made[name] = rule and rule.fitted(dataset, ranked)
            except RuleFault as fault:
                raise RuleFault((name, *fault.path), fault.sentence) from fault
        return Awards(**made)


def give_awards(standings: Standings, rules: Awards) -> list[Award]:
    """The awards of a contest's rules, in the order of `Awards`, each with its winners and what the others missed."""
    return [rule.give(standings) for rule in asdict(rules).values() if rule is not None]


def _direction(metric: str, ranked: Directions) -> Direction | None:
    """Which direction of a metric is better: as it ranks, else as the catalogue says; None if it is only shown."""
    if metric in ranked:
        return ranked[metric]
    direction = METRICS[metric].direction
    return None if direction == "shown" else direction


def _training(compute: Compute) -> str:
    source = "declared" if compute.declared else "read from the card"
    hours, memory = number(compute.hours or 0, 3), number(compute.memory_gib or 0, 3)
    return f"{hours} h on {compute.gpu or 'no GPU'} with {memory} GiB ({source})"


def _beyond(what: str, value: float | None, limit: float, unit: str) -> list[str]:
    if value is None or not value >= 0:  # NaN too
        return [f"the {what} is unknown"]
    shown, allowed = numbers(value, limit)
    return [f"{what} {shown} {unit}, the limit is {allowed} {unit}"] if value > limit else []


def _below(entry: Entry, metric: str, limit: float, lower: bool) -> list[str]:
    """By what an entry misses a quality threshold; empty if it keeps it. A value equal to the limit keeps it."""
    value = _value(entry, metric)
    if value is None:
        return [f"{full_title(metric)} is not reported"]
    if value <= limit if lower else value >= limit:
        return []
    shown, allowed = (quantity(metric, text) for text in numbers(value, limit))
    return [f"{full_title(metric)}: {shown}, the limit is at {'most' if lower else 'least'} {allowed}"]


def _value(entry: Entry, metric: str) -> float | None:
    measured = entry.metrics.get(metric)
    value = measured.value if measured else None
    return value if value is not None and abs(value) < float("inf") else None  # false for NaN


def _sift(standings: Standings, reasons_of: Callable[[Entry], Iterable[str]]) -> tuple[list[Row], tuple[Missed, ...]]:
    """The ranked rows that are eligible for an award, by place, and the others with their reasons."""
    taking_part = [row for row in standings.rows if not row.entry.baseline]  # told why, also when it is set aside
    reasons = {row.entry.id: (*row.entry.barred, *reasons_of(row.entry)) for row in taking_part}
    eligible = [row for row in standings.ranked if not reasons[row.entry.id]]
    return eligible, tuple(Missed(row.entry, reasons[row.entry.id]) for row in taking_part if reasons[row.entry.id])
