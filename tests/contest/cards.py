"""Scorecards for tests: valid ones, with figures that follow from a seed. Without torch."""

import hashlib
import random

from msgspec.structs import replace

from flowleague.build import evaluator
from flowleague.scorecard.card import (
    SCHEMA_VERSION,
    Category,
    Hardware,
    JudgeUsed,
    Metric,
    Scorecard,
    Timing,
    WeightFile,
)
from flowleague.scorecard.metrics import CATEGORIES

TIMED = ("time_ratio", "time_per_image")
DATA = {"train": "a" * 64, "test": "b" * 64}


def without(card: Scorecard, name: str) -> Scorecard:
    """The card of a version that did not know the metric "category.metric"."""
    category, _, metric = name.partition(".")
    kept = (
        replace(group, metrics=tuple(m for m in group.metrics if (group.name, m.name) != (category, metric)))
        for group in card.categories
    )
    return replace(card, categories=tuple(kept))


def make_card(seed: str, weights: dict[str, str] | None = None, **changes) -> Scorecard:
    """A card whose figures follow from the seed and the metric's name alone."""

    def metric(kind):
        value = random.Random(hashlib.sha256(f"{seed}\n{kind.name}".encode()).digest()).uniform(0.1, 1)
        value = 0.8 + value / 5 if kind.name == "digit_kept" else value
        return Metric(
            name=kind.name,
            value=round(value, 6),
            standard_error=0.01,
            n=100,
            unit=kind.unit,
            direction=kind.direction,
        )

    categories = tuple(
        Category(name=c.name, title=c.title, metrics=tuple(metric(k) for k in c.metrics if k.name not in TIMED))
        for c in CATEGORIES
    )
    timed = tuple(metric(k) for c in CATEGORIES for k in c.metrics if k.name in TIMED)
    fields = {
        "schema_version": SCHEMA_VERSION,
        "evaluator": evaluator(),
        "plan": "full",
        "name": seed,
        "dataset": "mnist",
        "data_sha256": DATA,
        "latent_size": 16,
        "seeds": (1,),
        "judges": (JudgeUsed(name="one", sha256="c" * 64), JudgeUsed(name="two", sha256="d" * 64)),
        "weights": tuple(WeightFile(name=n, sha256=h, bytes=0, numbers=0) for n, h in (weights or {}).items()),
        "hardware": Hardware(machine="test", cores=1, threads=1, python="3", torch="2", numpy="2"),
        "categories": categories,
        "findings": (),
        "timing": Timing(metrics=timed),
    }
    return Scorecard(**(fields | changes))
