"""The three awards of the contest, with reasons: who gets one, and what kept the others from it.

open innovation         best place of all
sustainable AI          best place of those trained on the contest's data alone, from scratch, within the limits of a
                        free notebook; what the team declares counts, and is marked "declared"
efficient architecture  lowest count of numbers in the weights of those that keep every quality threshold

What is unknown or not reported counts as a condition missed. Exact ties share one. Baselines get none.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowleague.contest.rules import Awards, EfficientArchitecture, SustainableAI, Threshold
from flowleague.ranking.entries import Compute, Entry
from flowleague.ranking.rank import Row, Standings
from flowleague.ranking.words import full_title, quantity
from flowleague.text import listed, number, numbers


@dataclass(frozen=True)
class Missed:
    """An entry that an award passed over, and every condition that it missed."""

    entry: Entry
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Award:
    """An award: its winners (several when they tie, none when nobody is eligible), why, and who missed it by what."""

    name: str
    winners: tuple[Entry, ...]
    reason: str
    missed: tuple[Missed, ...] = ()


def give_awards(standings: Standings, rules: Awards) -> list[Award]:
    """The awards of a contest's rules, in their order."""
    given = []
    if rules.open_innovation:
        given.append(_open_innovation(standings))
    if rules.sustainable_ai:
        given.append(_sustainable_ai(standings, rules.sustainable_ai))
    if rules.efficient_architecture:
        given.append(_efficient_architecture(standings, rules.efficient_architecture))
    return given


def _open_innovation(standings: Standings) -> Award:
    first, n = standings.winners, len(standings.ranked)
    reason = f"Best of {n} ranked, with a score of {number(first[0].score)}." if first else "Nobody is ranked."
    return Award("open innovation", tuple(row.entry for row in first), reason)


def _sustainable_ai(standings: Standings, rule: SustainableAI) -> Award:
    eligible, missed = _sift(standings, lambda entry: beyond_limits(entry.compute, rule))
    first = [row for row in eligible if row.place == eligible[0].place]
    reason = "Nobody is eligible."
    if first:
        said = listed(f"{row.entry.team}: {_training(row.entry.compute)}" for row in first)
        reason = f"Place {first[0].place}, the best of {len(eligible)} eligible. {said}."
    return Award("sustainable AI", tuple(row.entry for row in first), reason, missed)


def _training(compute: Compute) -> str:
    source = "declared" if compute.declared else "read from the card"
    hours, memory = number(compute.hours or 0, 3), number(compute.memory_gib or 0, 3)
    return f"{hours} h on {compute.gpu or 'no GPU'} with {memory} GiB ({source})"


def beyond_limits(compute: Compute, rule: SustainableAI) -> list[str]:
    """What keeps a training from the award for sustainable AI; empty when nothing does."""
    reasons = []
    if not compute.datasets:
        reasons.append("the training data are unknown")
    elif foreign := sorted(set(compute.datasets) - set(rule.datasets)):
        reasons.append(f"trained on {listed(foreign)}, allowed: {', '.join(rule.datasets)}")
    if compute.from_scratch is None:
        reasons.append("whether it was trained from scratch is unknown")
    elif not compute.from_scratch:
        reasons.append("it did not start from scratch")
    reasons += _beyond("training time", compute.hours, rule.hours, "h")
    if compute.gpu is None:
        reasons.append("the GPU is unknown")
    elif compute.gpu and not any(re.search(rf"\b{re.escape(gpu)}\b", compute.gpu, re.I) for gpu in rule.gpus):
        reasons.append(f"trained on the GPU {compute.gpu}, allowed: {', '.join([*rule.gpus, 'none'])}")
    return reasons + _beyond("memory", compute.memory_gib, rule.memory_gib, "GiB")


def _beyond(what: str, value: float | None, limit: float, unit: str) -> list[str]:
    if value is None or not value >= 0:  # NaN too
        return [f"the {what} is unknown"]
    shown, allowed = numbers(value, limit)
    return [f"{what} {shown} {unit}, the limit is {allowed} {unit}"] if value > limit else []


def _efficient_architecture(standings: Standings, rule: EfficientArchitecture) -> Award:
    def reasons(entry: Entry) -> list[str]:
        found = [short for threshold in rule.thresholds for short in below(entry, threshold)]
        return found if _value(entry, rule.count) is not None else [*found, f"{full_title(rule.count)} is not reported"]

    eligible, missed = _sift(standings, reasons)
    counts = {row.entry.id: _value(row.entry, rule.count) or 0.0 for row in eligible}
    fewest = min(counts.values(), default=0.0)
    winners = tuple(row.entry for row in eligible if counts[row.entry.id] == fewest)
    reason = "Nobody is over every threshold."
    if winners:
        least = quantity(rule.count, *numbers(fewest))
        reason = f"{full_title(rule.count)}: {least}, the least of {len(eligible)} over every threshold."
    return Award("efficient architecture", winners, reason, missed)


def below(entry: Entry, threshold: Threshold) -> list[str]:
    """By what an entry misses a quality threshold; empty when it keeps it. A value equal to the limit keeps it."""
    value, lower = _value(entry, threshold.metric), threshold.direction == "lower"
    if value is None:
        return [f"{full_title(threshold.metric)} is not reported"]
    if value <= threshold.limit if lower else value >= threshold.limit:
        return []
    shown, limit = (quantity(threshold.metric, text) for text in numbers(value, threshold.limit))
    return [f"{full_title(threshold.metric)} is {shown}, the limit is at {'most' if lower else 'least'} {limit}"]


def _value(entry: Entry, metric: str) -> float | None:
    measured = entry.metrics.get(metric)
    value = measured.value if measured else None
    return value if value is not None and abs(value) < float("inf") else None  # false for NaN


def _sift(standings: Standings, reasons_of: Callable[[Entry], Sequence[str]]) -> tuple[list[Row], tuple[Missed, ...]]:
    """The ranked rows that nothing keeps from an award, by place, and the others with their reasons."""
    reasons = {row.entry.id: tuple(reasons_of(row.entry)) for row in standings.ranked}
    eligible = [row for row in standings.ranked if not reasons[row.entry.id]]
    return eligible, tuple(
        Missed(row.entry, reasons[row.entry.id]) for row in standings.ranked if reasons[row.entry.id]
    )
