"""Small fields of entries for the tests of the ranking."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rules import CategoryRule, Direction, MetricRule

CATEGORIES = (
    CategoryRule("alpha", (MetricRule("a", "lower"), MetricRule("b", "higher"))),
    CategoryRule("beta", (MetricRule("c", "lower"), MetricRule("d", "lower"), MetricRule("e", "higher"))),
    CategoryRule("gamma", (MetricRule("f", "lower"),)),
)
METRICS: tuple[tuple[str, Direction], ...] = tuple(
    (f"{c.name}.{m.name}", m.direction) for c in CATEGORIES for m in c.metrics
)
brief = settings(max_examples=settings().max_examples // 5)  # where each example draws a thousand times

INVALID = (None, math.nan, math.inf, -math.inf)

# rounded, since between two neighbouring floats there is no value "just ahead" of one and behind the other
values = st.one_of(st.integers(0, 4).map(float), st.floats(-3, 3).map(lambda x: round(x, 6)), st.sampled_from(INVALID))
errors = st.sampled_from((0.0, 0.0, 0.5, 1.0))
measured = st.builds(Measured, values, errors)


def entry(number: int, metrics: Sequence[Measured], **more) -> Entry:
    """An entry with its metrics in the order of METRICS."""
    return Entry(f"id{number}", f"team{number}", dict(zip((name for name, _ in METRICS), metrics, strict=True)), **more)


@st.composite
def fields(draw: st.DrawFn, least: int = 2, most: int = 7) -> list[Entry]:
    """Entries with many ties, invalid values and equal rows, some with a mark for analysis."""
    rows = draw(st.lists(st.tuples(*[measured] * len(METRICS)), min_size=least, max_size=most))
    if draw(st.booleans()):
        rows.append(rows[0])
    marks = draw(st.lists(st.sampled_from((None, 1.0, 2.0)), min_size=len(rows), max_size=len(rows)))
    return [entry(i, row, analysis=mark) for i, (row, mark) in enumerate(zip(rows, marks, strict=True))]


def changed(one: Entry, metric: str, value: float | None) -> Entry:
    """The entry with another value in one metric."""
    return replace(one, metrics={**one.metrics, metric: Measured(value, one.metrics[metric].error)})


def normal_field(n: int, noise: float = 0.3, seed: int = 0) -> list[Entry]:
    """n entries whose true values are normal, measured with noise in all metrics but the last."""
    rng = np.random.default_rng(seed)
    level = rng.standard_normal((n, len(METRICS))) + rng.standard_normal((n, len(METRICS))) * noise
    return [
        entry(i, [*(Measured(float(v), noise) for v in row[:-1]), Measured(float(row[-1]))])
        for i, row in enumerate(level)
    ]
