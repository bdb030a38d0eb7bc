from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, METRICS, brief, entry, fields, normal_field

from flowleague.ranking import intervals
from flowleague.ranking.field import Measured
from flowleague.ranking.intervals import LOG_MEAN, LOG_VARIANCE, certainties, posterior, steadied
from flowleague.ranking.rank import places, rank, ranks, summed


def sure_of(entries):
    return certainties(rank(entries, CATEGORIES))


def test_without_noise_the_place_is_certain():
    entries = [entry(i, [Measured(float(i * i)), Measured(-float(i))] * 3) for i in range(5)]
    standings = rank(entries, CATEGORIES)
    for row in standings.ranked:
        sure = certainties(standings)[row.entry.id]
        assert (sure.low, sure.high, sure.first) == (row.place, row.place, float(row.place == 1))
        assert sure.group == row.place


def test_more_noise_widens_the_interval():
    def width(noise: float) -> float:
        entries = normal_field(20, 0.1)
        noisy = [replace(e, metrics={n: Measured(m.value, noise) for n, m in e.metrics.items()}) for e in entries]
        return float(np.mean([sure.high - sure.low for sure in sure_of(noisy).values()]))

    assert width(0.001) < width(0.1) < width(1.0)


@brief
@given(entries=fields(), random=st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(entries, random):
    before = sure_of(entries)
    renamed = [replace(e, team=f"another {k}") for k, e in enumerate(reversed(entries))]
    random.shuffle(renamed)
    assert sure_of(renamed) == before


@brief
@given(entries=fields())
def test_the_official_place_is_inside_and_equal_entries_are_equally_sure(entries):
    twin = replace(entries[0], id="twin", team="twin")
    standings = rank([*entries, twin], CATEGORIES)
    found = certainties(standings)
    assert found["twin"] == found["id0"]
    for row in standings.ranked:
        sure = found[row.entry.id]
        assert 1 <= sure.low <= row.place <= sure.high <= len(standings.ranked)
        assert 0 <= sure.first <= 1
    groups = [found[row.entry.id].group for row in standings.ranked]
    assert groups[0] == 1 or len(standings.winners) > 1


@pytest.mark.parametrize("scheme", ["ranks", "mean ranks", "columns"])
@pytest.mark.parametrize("most", [1, 50, 900, 2**22])
def test_how_many_draws_are_made_at_a_time_changes_none(scheme, most, monkeypatch):
    entries = [replace(e, analysis=float(i % 2)) for i, e in enumerate(normal_field(9))]
    entries += [replace(entries[0], id="twin", team="twin"), entry(99, [Measured(None)] * len(METRICS))]
    standings = rank(entries, CATEGORIES, scheme)
    monkeypatch.setattr(intervals, "_MOST", most)
    field, by = standings.field, standings.table
    assert np.array_equal(intervals._drawn_places(field, by), at_once(field, by).T)


def at_once(field, by):
    """Drawn places (draws, n) from one stream of random numbers, metric after metric, each with all its draws."""
    rng, nothing = (
        np.random.default_rng(intervals.SEED),
        np.zeros((intervals.DRAWS, len(field.entries)), dtype=np.int64),
    )
    total = nothing
    for category in range(len(by.categories)):
        points = nothing
        for j in np.flatnonzero(by.member == category):
            mean, deviation = field.costs[j], np.zeros(len(field.entries))
            if field.errors[j].any():
                valid = np.isfinite(mean)
                mean = mean.copy()
                mean[valid], deviation[valid] = posterior(mean[valid], field.errors[j][valid])
                drawn = mean + deviation * rng.standard_normal((intervals.DRAWS, len(mean)))
            else:
                drawn = np.tile(mean, (intervals.DRAWS, 1))
            points = points + by.weights[j] * ranks(drawn)
        total = total + summed(points, by)
    return places(total, field.marks)


def test_baselines_change_nothing():
    entries = normal_field(8)
    assert sure_of([*entries, replace(entries[0], id="b", baseline=True)]) == sure_of(entries)
    assert certainties(rank([], CATEGORIES)) == {}


def test_groups_hold_what_the_noise_cannot_tell_apart():
    level = (0.0, 0.01, 10.0, 10.01, 20.0)
    signs = [1 if direction == "lower" else -1 for _, direction in METRICS]
    entries = [entry(i, [Measured(sign * x, 0.1) for sign in signs]) for i, x in enumerate(level)]
    assert [sure_of(entries)[f"id{i}"].group for i in range(5)] == [1, 1, 2, 2, 3]


def test_intervals_hold_the_true_place():
    """The small brother of benchmarks/ranking.py: known truth, errors from five repeats, 40 fields of 12 entries."""
    rng = np.random.default_rng(5)
    held = []
    for _ in range(40):
        truth = rng.standard_normal((12, 1)) * 0.5 + rng.standard_normal((12, 6))
        error = 0.5 * np.sqrt(rng.chisquare(4, (12, 6)) / 4)
        seen = truth + 0.5 * rng.standard_normal((12, 6))
        true = [entry(i, [Measured(float(v)) for v in row]) for i, row in enumerate(truth)]
        noisy = [
            entry(i, [Measured(float(v), float(e)) for v, e in zip(*pair, strict=True)])
            for i, pair in enumerate(zip(seen, error, strict=True))
        ]
        found = sure_of(noisy)
        held += [
            found[row.entry.id].low <= row.place <= found[row.entry.id].high for row in rank(true, CATEGORIES).rows
        ]
    assert np.mean(held) >= 0.93


def test_the_constants_are_those_of_the_logarithm_of_chi_squared():
    logs = np.log(np.random.default_rng(0).chisquare(4, 400_000) / 4)
    assert logs.mean() == pytest.approx(LOG_MEAN, abs=0.005)
    assert logs.var() == pytest.approx(LOG_VARIANCE, abs=0.01)


def test_a_normal_field_has_the_posterior_of_the_normal_distribution():
    rng = np.random.default_rng(1)
    truth, noise = rng.standard_normal(4000), 0.7
    x = truth + noise * rng.standard_normal(4000)
    mean, deviation = posterior(x, np.full(4000, noise))
    middle = np.abs(x) < 1.5
    assert np.abs(mean - x / (1 + noise**2))[middle].mean() < 0.08
    assert deviation[middle].mean() == pytest.approx(noise / np.hypot(1, noise), rel=0.06)
    assert np.mean(((truth - mean) / deviation) ** 2) == pytest.approx(1, abs=0.1)


def test_values_far_apart_are_what_was_measured():
    x = np.array([1.0, 50.0, 200.0, 1000.0])
    mean, deviation = posterior(x, np.full(4, 0.1))
    assert mean == pytest.approx(x, abs=0.01)
    assert deviation == pytest.approx(np.full(4, 0.1), rel=0.01)


def test_values_that_crowd_shrink_to_their_own_crowd():
    rng = np.random.default_rng(2)
    centre = np.repeat([0.0, 100.0], 100)
    x = centre + rng.standard_normal(200)  # all differences within a crowd are noise
    mean, _ = posterior(x, np.ones(200))
    assert np.abs(mean - centre).mean() < 0.4 * np.abs(x - centre).mean()


def test_exact_values_stay_and_equal_ones_do_not_fail():
    mean, deviation = posterior(np.array([1.0, 1.5, 2.0]), np.array([0.0, 0.2, 0.0]))
    assert mean[[0, 2]].tolist() == [1.0, 2.0]
    assert deviation[[0, 2]].tolist() == [0.0, 0.0]
    mean, deviation = posterior(np.full(3, 5.0), np.full(3, 0.1))
    assert mean == pytest.approx(np.full(3, 5.0))
    assert (deviation > 0).all()


@given(
    st.lists(st.tuples(st.floats(-1e30, 1e30), st.sampled_from((0.0, 1e-30, 1e-3, 1.0, 1e30))), min_size=1, max_size=60)
)
def test_any_numbers_have_a_finite_posterior(pairs):
    x, errors = np.array(pairs).T
    mean, deviation = posterior(x, errors)
    assert np.isfinite(mean).all()
    assert np.isfinite(deviation).all()


def test_variances_that_differ_by_chance_become_one_and_others_stay_apart():
    rng = np.random.default_rng(3)
    chance = rng.chisquare(4, 500) / 4
    assert np.ptp(np.log(steadied(chance))) < 0.5 * np.ptp(np.log(chance))
    apart = chance * np.repeat([1.0, 1e6], 250)
    kept = steadied(apart)
    assert kept[250:].min() > 1e3 * kept[:250].max()
    assert steadied(np.array([2.0])) == 2.0
