import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from flowleague.scorecard.metrics.frechet import fit, frechet_distance, symmetric_root

seeds = st.integers(0, 2**32 - 1)


def textbook(x, y):
    """Heusel et al. 2017, eq. 6, with the matrix root of the asymmetric product."""
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = np.real(np.asarray(sqrtm(a @ b)))
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)


@given(seeds)
def test_equals_the_textbook_definition(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 7)) @ rng.normal(size=(7, 7))
    y = rng.normal(size=(50, 7)) @ rng.normal(size=(7, 7)) + rng.normal(size=7)
    assert frechet_distance(fit(x), fit(y)) == pytest.approx(textbook(x, y), rel=1e-8)


@given(seeds)
def test_is_symmetric_not_negative_and_zero_on_the_diagonal(seed):
    rng = np.random.default_rng(seed)
    a, b = (fit(rng.normal(size=(20, 5)) * rng.uniform(0, 3, 5)) for _ in range(2))
    assert frechet_distance(a, b) >= 0
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_a_shift_costs_its_square_and_dead_features_cost_nothing():
    x = np.random.default_rng(0).normal(size=(500, 4))
    x[:, 3] = 0  # a unit that never fires: the covariance is singular
    assert frechet_distance(fit(x), fit(x + np.array([3, 0, 0, 4]))) == pytest.approx(25)


def test_scaling_an_axis_costs_the_difference_of_deviations_squared():
    x = np.random.default_rng(0).normal(size=(500, 1))
    assert frechet_distance(fit(x), fit(3 * x)) == pytest.approx(4 * x.var(ddof=1) + 4 * x.mean() ** 2, rel=1e-9)


def test_the_root_is_symmetric_and_squares_to_the_matrix():
    x = np.random.default_rng(0).normal(size=(30, 6))
    root = symmetric_root(x.T @ x)
    np.testing.assert_allclose(root @ root, x.T @ x, atol=1e-9)
    np.testing.assert_allclose(root, root.T, atol=1e-12)
