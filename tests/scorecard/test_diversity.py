import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowleague.judge.manifold import bank
from flowleague.scorecard.metrics.diversity import (
    Neighbours,
    class_divergence,
    measure_classes,
    measure_neighbours,
    nearest_other,
    neighbours,
    tails,
    within_class_spread,
)

even = np.full(10, 0.1)
counts = arrays(np.int64, 10, elements=st.integers(0, 10_000))


@given(counts)
def test_class_divergence_is_finite_and_not_negative(n):
    assert 0 <= class_divergence(n, even) < 10 + np.log(n.sum() + 1)


@given(counts, st.permutations(range(10)))
def test_class_divergence_does_not_care_about_the_order_of_classes(n, order):
    q = np.arange(1, 11) / 55
    assert class_divergence(n, q) == pytest.approx(class_divergence(n[order], q[order]), abs=1e-12)


def test_class_divergence_of_a_perfect_sampler_is_its_floor():
    rng = np.random.default_rng(0)
    drawn = [class_divergence(rng.multinomial(10_000, even), even) for _ in range(2000)]
    assert np.mean(drawn) == pytest.approx(9 / 20_000, rel=0.05)


def test_a_missing_class_costs_more_than_a_rare_one():
    rare, missing = np.full(10, 100), np.full(10, 100)
    rare[3], missing[3] = 10, 0
    assert class_divergence(missing, even) > class_divergence(rare, even) > class_divergence(np.full(10, 100), even)


def test_spread_is_the_mean_squared_distance_to_the_class_mean():
    features = np.array([[0.0, 0], [2, 0], [5, 5]], np.float32)
    np.testing.assert_allclose(within_class_spread(features, np.array([4, 4, 1]))[[1, 4, 0]], [0, 1, 0])


def test_the_gap_of_spread_sees_narrow_wide_and_missing_classes():
    rng = np.random.default_rng(0)
    read = np.repeat(np.arange(10), 100)
    features = rng.normal(size=(1000, 6))
    real = within_class_spread(features, read)

    def gap(x, labels):
        return measure_classes(x, labels, real, even)["class_spread_gap"]

    assert gap(features, read) == pytest.approx(0)
    assert gap(features / 2, read) == pytest.approx(0.75)
    assert gap(features * 2, read) == pytest.approx(3)
    assert gap(features[read < 5], read[read < 5]) == pytest.approx(0.5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_nearest_other_is_that_of_the_whole_matrix(seed, queries):
    x = np.random.default_rng(seed).normal(size=(30, 4))
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(2))
    np.fill_diagonal(d, np.inf)
    np.testing.assert_allclose(nearest_other(queries, x), d.min(1)[:queries], rtol=1e-5, atol=1e-6)


def test_copies_and_duplicates_are_counted():
    rng = np.random.default_rng(0)
    training, labels = rng.random((2000, 784), np.float32), rng.integers(0, 10, 2000)
    limits = tails(neighbours(500, rng.random((500, 784), np.float32), bank(training), labels))
    samples = rng.random((200, 784), np.float32)
    samples[:50] = training[:50]
    samples[50:60] = samples[60:70]
    found = measure_neighbours(neighbours(200, samples, bank(training), labels), limits)
    assert found["training_copies"] == pytest.approx(50 / 200, abs=0.05)
    assert found["near_duplicates"] == pytest.approx(20 / 200, abs=0.05)


def test_one_percent_of_real_images_are_copies_by_construction_and_none_duplicates():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 10_000)
    scale = 1 + labels  # digits of different scale
    real = Neighbours(scale * rng.gamma(9, size=10_000), labels, scale * rng.gamma(9, size=10_000))
    figures = measure_neighbours(real, tails(real))
    assert figures["training_copies"] == pytest.approx(0.01, abs=1e-4)
    assert figures["near_duplicates"] < 0.001
