import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity

from flowleague.judge.kernels import (
    K,
    bank,
    manifold,
    nearest,
    nearest_other,
    precision_recall_density_coverage,
    squared_error,
    ssim,
)

seeds = st.integers(0, 2**32 - 1)
pixels = arrays(np.float64, (2, 1, 28, 28), elements=st.floats(0, 1, width=32))


def textbook(x, y, k):
    """Kynkäänniemi et al. 2019 and Naeem et al. 2020, word by word."""

    def distance(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(2))

    def radii(z):
        own = distance(z, z)
        np.fill_diagonal(own, np.inf)
        return np.sort(own, 1)[:, k - 1]

    d = distance(x, y)
    in_x, in_y = d <= radii(x)[:, None], d <= radii(y)[None]
    return {
        "precision": in_x.any(0).mean(),
        "recall": in_y.any(1).mean(),
        "density": in_x.sum() / (k * len(y)),
        "coverage": in_x.any(1).mean(),
    }


def ours(x, y, k=K):
    return precision_recall_density_coverage(manifold(x, k), manifold(y, k), k)


@given(seeds, st.integers(1, 6))
def test_equals_the_textbook_definitions(seed, k):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(40, 3)), rng.normal(0.3, 0.8, size=(30, 3))
    assert ours(x, y, k) == pytest.approx(textbook(x, y, k))


@given(seeds)
def test_bounds_and_the_swap_of_precision_and_recall(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(25, 2)), rng.normal(rng.uniform(0, 3), 1, size=(20, 2))
    there, back = ours(x, y), ours(y, x)
    assert all(0 <= there[name] <= 1 for name in ("precision", "recall", "coverage"))
    assert 0 <= there["density"] <= len(x) / K
    assert there["precision"] == back["recall"]


def test_a_set_against_itself_and_against_a_far_one():
    x = np.random.default_rng(0).normal(size=(2100, 8)).astype(np.float32)  # more than two blocks of rows
    same, far = ours(x, x), ours(x, x + 100)
    assert (same["precision"], same["recall"], same["coverage"]) == (1, 1, 1)
    assert set(far.values()) == {0}


def test_one_mode_of_two_is_precise_and_covers_half():
    rng = np.random.default_rng(0)
    left, right = rng.normal(-20, 1, (300, 2)), rng.normal(20, 1, (300, 2))
    figures = ours(np.concatenate([left, right]), rng.normal(-20, 1, (300, 2)))
    assert figures["precision"] > 0.9
    assert figures["recall"] < 0.55
    assert figures["coverage"] < 0.55


def test_nearest_finds_distance_and_number():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 20)).astype(np.float32)
    distance, number = nearest(points[[7, 300]] + np.float32(0.01), bank(points))
    assert number.tolist() == [7, 300]
    np.testing.assert_allclose(distance, 0.01 * 20**0.5, rtol=0.05)


@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_nearest_other_is_that_of_the_whole_matrix(seed, queries):
    x = np.random.default_rng(seed).normal(size=(30, 4))
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))
    np.fill_diagonal(d, np.inf)
    np.testing.assert_allclose(nearest_other(queries, x), d.min(1)[:queries], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ssim_equals_scikit_image(dtype):
    rng = np.random.default_rng(0)
    x = rng.random((50, 1, 28, 28)).astype(dtype)
    x[:20] = x[:20] > 0.8  # the flat dark regions of digits
    y = np.clip(x + rng.normal(0, 0.1, x.shape), 0, 1).astype(dtype)
    expected = [structural_similarity(a[0], b[0], data_range=1) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(ssim(x, y), expected, atol=1e-6, rtol=0)


@given(pixels, pixels)
def test_ssim_is_symmetric_and_bounded_and_one_only_on_the_diagonal(x, y):
    similarity = ssim(x, y)
    np.testing.assert_allclose(similarity, ssim(y, x), atol=1e-12)
    assert (np.abs(similarity) <= 1 + 1e-9).all()
    np.testing.assert_allclose(ssim(x, x), 1, atol=1e-9)


@given(pixels, pixels)
def test_squared_error_is_the_mean_over_pixels(x, y):
    np.testing.assert_allclose(squared_error(x, y), ((x - y) ** 2).reshape(2, -1).mean(1), atol=1e-15)


def test_many_images_are_measured_in_order():
    x = np.zeros((4001, 1, 28, 28), np.float32)
    y = np.broadcast_to(np.linspace(0, 1, 4001, dtype=np.float32)[:, None, None, None], x.shape)
    np.testing.assert_allclose(squared_error(x, y), np.linspace(0, 1, 4001) ** 2, atol=1e-6)
