import math

from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, METRICS, changed, fields, normal_field

from flowleague.ranking.improvements import Ladder, improvements
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import Scheme

SCHEMES = st.sampled_from(("ranks", "mean ranks"))


def standing(entries, name: str, scheme: Scheme = "mean ranks") -> tuple[int, int]:
    rows = rank(entries, CATEGORIES, scheme).rows
    place = next(row.place for row in rows if row.entry.id == name)
    return place, sum(row.place == place for row in rows)


def moved(entries, i: int, metric: str, target: float):
    """The entries, number i just past a target value."""
    direction = dict(METRICS)[metric]
    value = math.nextafter(target, -math.inf if direction == "lower" else math.inf)
    return [changed(e, metric, value) if k == i else e for k, e in enumerate(entries)]


@given(fields(), st.data(), SCHEMES)
def test_the_step_does_what_it_promises(entries, data, scheme):
    i = data.draw(st.integers(0, len(entries) - 1))
    standings = rank(entries, CATEGORIES, scheme)
    number = standings.field.entries.index(entries[i])
    before = standing(entries, f"id{i}", scheme)
    for step in improvements(standings, number):
        place, sharing = standing(moved(entries, i, step.metric, step.target), f"id{i}", scheme)
        assert (place, sharing) < before
        assert (step.place, step.alone) == (place, sharing == 1)
        assert standing(moved(entries, i, step.metric, step.best), f"id{i}", scheme)[0] == step.best_place


@given(fields(), st.data(), SCHEMES)
def test_no_smaller_step_and_no_other_metric_would_do(entries, data, scheme):
    i = data.draw(st.integers(0, len(entries) - 1))
    standings = rank(entries, CATEGORIES, scheme)
    steps = {s.metric: s for s in improvements(standings, standings.field.entries.index(entries[i]))}
    before = standing(entries, f"id{i}", scheme)
    for name, direction in METRICS:
        sign = 1 if direction == "lower" else -1
        for value in {e.metrics[name].value for e in entries}:
            if value is None or not math.isfinite(value):
                continue
            held = entries[i].metrics[name].value
            mine = math.inf if held is None or not math.isfinite(held) else sign * held
            nearer = name not in steps or sign * value > sign * steps[name].target
            if nearer and sign * value < mine:
                after = standing(moved(entries, i, name, value), f"id{i}", scheme)
                assert after >= before  # whole ranks: another may gain from the step, and this one fall


def test_the_smallest_step_comes_first_and_the_first_gains_nothing():
    standings = rank(normal_field(10), CATEGORIES)
    first, last = (standings.field.entries.index(standings.ranked[k].entry) for k in (0, -1))
    assert improvements(standings, first) == []
    steps = improvements(standings, last)
    assert [s.relative for s in steps] == sorted(s.relative for s in steps)
    for step in steps:
        assert step.value is not None
        assert step.relative == abs(step.target - step.value) / abs(step.value)
        assert step.within_noise == (
            abs(step.target - step.value) < 2 * math.hypot(0.3, 0.3) and "gamma" not in step.metric
        )
    assert Ladder(standings.field, standings.table, last).standing == (10, 1)
