import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.ranking.intervals import LOG_MEAN, LOG_VARIANCE, posterior, steadied


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
