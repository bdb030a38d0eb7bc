"""What a step in one metric gains: exactly what ranking the changed field says, and never a step within the noise."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.gains import gains
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule

RULES = [
    CategoryRule("reconstruction", (MetricRule("mse", "lower"), MetricRule("ssim", "higher"))),
    CategoryRule("efficiency", (MetricRule("tensors_total", "lower"),)),
]
NAMES = ("reconstruction.mse", "reconstruction.ssim", "efficiency.tensors_total")


def entry(team, *values, error=0.0):
    return Entry(team, team, {name: Measured(value, error) for name, value in zip(NAMES, values, strict=True)})


def steps(entries, team="mine"):
    standings = rank(entries, RULES)
    return gains(standings, [e.team for e in standings.field.entries].index(team))


def score(entries, team="mine"):
    return next(row.score for row in rank(entries, RULES).rows if row.entry.team == team)


values = st.tuples(st.sampled_from([0.1, 0.2, 0.3, None]), st.sampled_from([0.5, 0.6, 0.9, None]), st.integers(1, 4))


@given(st.lists(values, min_size=2, max_size=5))
def test_a_gain_is_what_the_changed_field_gives(field):
    entries = [entry("mine", *field[0]), *(entry(f"t{i}", *row) for i, row in enumerate(field[1:]))]
    for step in steps(entries):
        past = step.target + (1e-9 if step.metric == "reconstruction.ssim" else -1e-9)
        better = replace(entries[0], metrics={**entries[0].metrics, step.metric: Measured(past)})
        assert score([better, *entries[1:]]) == pytest.approx(score(entries) - step.points)
        assert step.points > 0
        assert step.rival != "mine"
        rows = {row.entry.team: row.place for row in rank([better, *entries[1:]], RULES).rows}
        assert step.place == rows["mine"]


def test_a_step_within_the_noise_is_not_advised():
    apart = [entry("mine", 0.30, 0.9, 1, error=0.01), entry("t", 0.25, 0.9, 1, error=0.01)]
    near = [entry("mine", 0.30, 0.9, 1, error=0.01), entry("t", 0.28, 0.9, 1, error=0.01)]
    (step,) = steps(apart)
    assert (step.metric, step.value, step.target, step.rival, step.points) == (NAMES[0], 0.30, 0.25, "t", 0.5)
    assert step.noises == pytest.approx(0.05 / (0.01 * 2**0.5))
    assert steps(near) == []


def test_the_way_of_a_share_ends_at_one():
    (step,) = steps([entry("mine", 0.1, 0.8, 1), entry("t", 0.1, 0.9, 1)])
    assert step.relative == pytest.approx(0.5)  # half of what is missing


def test_what_is_missing_gains_by_any_value():
    (step,) = steps([entry("mine", None, 0.9, 1), entry("t", 0.2, 0.9, 1)])
    assert step.value is None
    assert step.points == 0.5


def test_the_cheapest_point_comes_first():
    found = steps([entry("mine", 0.20, 0.9, 100), entry("t", 0.19, 0.9, 50)])
    assert [step.metric for step in found] == [NAMES[0], NAMES[2]]  # 5 % for half a point, 50 % for one
