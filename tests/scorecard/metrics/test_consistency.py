import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flowleague.scorecard.metrics.consistency import gaussian_latents, midpoint_latents, standard_normal_latents


def test_gaussian_latents_have_the_moments_of_the_encoded_images():
    rng = np.random.default_rng(0)
    encoded = rng.normal(size=(5000, 3)) @ rng.normal(size=(3, 3)) + [5, 0, -5]
    drawn = gaussian_latents(encoded, 200_000, rng)
    np.testing.assert_allclose(drawn.mean(0), encoded.mean(0), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(encoded.T), atol=0.06)


def test_a_collapsed_dimension_stays_collapsed():
    encoded = np.random.default_rng(0).normal(size=(100, 2)) * [1, 0]
    np.testing.assert_allclose(gaussian_latents(encoded, 50, np.random.default_rng(1))[:, 1], 0, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_midpoints_lie_between_two_different_images(seed, count):
    encoded = np.eye(count, dtype=np.float32)
    drawn = midpoint_latents(encoded, 50, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(drawn, 1)[:, -2:], 0.5)  # two halves: never an image with itself


def test_the_same_seed_draws_the_same_latents():
    a, b = (standard_normal_latents(4, 10, np.random.default_rng([7, 2])) for _ in range(2))
    np.testing.assert_array_equal(a, b)
