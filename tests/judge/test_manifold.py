import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.judge.manifold import K, bank, manifold, nearest, precision_recall_density_coverage

seeds = st.integers(0, 2**32 - 1)


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
