"""What counts of what was measured: findings, floors, the figures of real images, and missing figures.

All of it looks at one entry alone, so nothing that another team does changes what counts:

    findings      a void metric or category is missing; an entry that is set aside moves nobody (see `findings`)
    floors        without `least_digit_kept` and `least_recall` the categories `NEED_A_MODEL` are missing, and there is
                  no award: a stored digit needs no autoencoder, few parameters and no training
    real images   a value on the better side of r ± k s, r the figure of real images, s its standard error and k the
                  rule `real_margin`, counts as that: looking better than real images gains nothing
    missing       with whole ranks, an entry that lacks a figure of a category shares the last rank there
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from flowleague.ranking.field import LARGEST, Entry, Measured
from flowleague.ranking.findings import VOIDED, Consequence, Flag
from flowleague.ranking.rules import CategoryRule, Direction, Fairness, Scheme
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import listed, number

NEED_A_MODEL = ("consistency", "quality", "efficiency", "training_performance")
DIGIT_KEPT, RECALL = "reconstruction.digit_kept", "diversity.recall"


def counted(
    entry: Entry,
    references: Mapping[str, float],
    fairness: Fairness,
    categories: Iterable[CategoryRule],
    scheme: Scheme = "mean ranks",
) -> Entry:
    """The entry with the figures that count; `references` are those of real images, by "category.metric".

    >>> bank = Flag("stored_bank", "It repeats itself.", ("diversity",))
    >>> counted(Entry("1", "A", {}, flags=(bank,)), {}, Fairness(findings="count"), []).aside
    'stored bank'
    """
    categories = tuple(categories)
    if fairness.findings == "count":
        entry = _with_consequences(entry)
    entry = _above_floors(entry, fairness)
    entry = replace(entry, metrics={**entry.metrics, **_as_real(entry, references, fairness, categories)})
    return _whole_categories(entry, categories) if scheme == "ranks" else entry


def as_real(reference: float, noise: float, direction: Direction, margin: float) -> float:
    """The value from which on a figure counts as that of real images; `noise` relative to the reference.

    >>> as_real(0.5, 0.1, "lower", 2.0), as_real(0.86, 0.0025, "higher", 2.0)
    (0.6, 0.8557)
    """
    return reference * (1 + (margin if direction == "lower" else -margin) * noise)


def _with_consequences(entry: Entry) -> Entry:
    gone: set[str] = set()
    aside = [flag.label for flag in entry.flags if flag.consequence is Consequence.ASIDE]
    for flag in entry.flags:
        if flag.consequence is Consequence.VOID_METRICS:
            gone |= set(VOIDED.get(flag.name, ()))
        elif flag.consequence is Consequence.VOID_CATEGORY:
            gone |= {name for name in entry.metrics if _category(name) in flag.categories}
    entry = replace(entry, metrics={name: value for name, value in entry.metrics.items() if name not in gone})
    if not aside:
        return entry
    return replace(entry, aside=entry.aside or listed(aside), barred=(*entry.barred, f"not cleared: {listed(aside)}"))


def _above_floors(entry: Entry, fairness: Fairness) -> Entry:
    floors = ((DIGIT_KEPT, fairness.least_digit_kept), (RECALL, fairness.least_recall))
    below = [_below(entry, name, least) for name, least in floors if least and not _value(entry, name) >= least]
    if not below:
        return entry
    sentence = f"{listed(below)}: last in {listed(TITLES[name] for name in NEED_A_MODEL)}, and no award."
    flag = Flag("below_floor", sentence[0].upper() + sentence[1:], NEED_A_MODEL)
    left = {name: value for name, value in entry.metrics.items() if _category(name) not in NEED_A_MODEL}
    return replace(entry, metrics=left, flags=(*entry.flags, flag), barred=(*entry.barred, listed(below)))


def _below(entry: Entry, name: str, least: float) -> str:
    value = _value(entry, name)
    title = METRICS[name].title
    return f"{title} is not measured" if math.isnan(value) else f"{title} is {number(value)}, below {number(least)}"


def _as_real(
    entry: Entry, references: Mapping[str, float], fairness: Fairness, categories: Iterable[CategoryRule]
) -> dict[str, Measured]:
    """The figures that look better than real images, as they count."""
    found = {}
    for category in categories if fairness.real_margin is not None else ():
        for rule in category.metrics:
            name = f"{category.name}.{rule.name}"
            noise, value = METRICS[name].noise if name in METRICS else 0.0, _value(entry, name)
            if not noise or name not in references or math.isnan(value):
                continue
            least = as_real(references[name], noise, rule.direction, fairness.real_margin or 0.0)
            if value < least if rule.direction == "lower" else value > least:
                found[name] = replace(entry.metrics[name], value=least)
    return found


def _whole_categories(entry: Entry, categories: Iterable[CategoryRule]) -> Entry:
    """The entry without the categories in which a figure is missing.

    A log that did not reach a target has all its figures: the target is last in its own metric, and the others count.
    """
    gone = set()
    for category in categories:
        names = [f"{category.name}.{rule.name}" for rule in category.metrics]
        lacking = [name for name in names if math.isnan(_value(entry, name))]
        logged = all(name in METRICS and METRICS[name].given == "log" for name in lacking)
        if lacking and not (logged and len(lacking) < len(names)):
            gone |= set(names)
    return replace(entry, metrics={name: value for name, value in entry.metrics.items() if name not in gone})


def _value(entry: Entry, name: str) -> float:
    """The valid value of a metric; NaN without one."""
    measured = entry.metrics.get(name)
    value = measured.value if measured else None
    return value if value is not None and abs(value) < LARGEST else math.nan


def _category(name: str) -> str:
    return name.partition(".")[0]
