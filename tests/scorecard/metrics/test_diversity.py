import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.scorecard.looks import Looks, viewed

from flowleague.judge.kernels import bank, neighbours
from flowleague.scorecard.metrics import METRICS
from flowleague.scorecard.metrics._base import Neighbours, Pixels
from flowleague.scorecard.metrics.diversity import class_divergence

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
    np.testing.assert_allclose(viewed(features, np.array([4, 4, 1])).spread[[1, 4, 0]], [0, 1, 0])


def test_the_gap_of_spread_sees_narrow_wide_and_missing_classes():
    rng = np.random.default_rng(0)
    read = np.repeat(np.arange(10), 100)
    features = rng.normal(size=(1000, 6))
    real = viewed(features, read)

    def gap(x, labels):
        return METRICS["diversity.class_spread_gap"].formula(Looks(viewed(x, labels), real, even))

    assert gap(features, read) == pytest.approx(0)
    assert gap(features / 2, read) == pytest.approx(0.75)
    assert gap(features * 2, read) == pytest.approx(3)
    assert gap(features[read < 5], read[read < 5]) == pytest.approx(0.5)


def test_copies_and_duplicates_are_counted():
    rng = np.random.default_rng(0)
    training, labels = rng.random((2000, 784), np.float32), rng.integers(0, 10, 2000)
    real = neighbours(500, rng.random((500, 784), np.float32), bank(training), labels)
    samples = rng.random((200, 784), np.float32)
    samples[:50] = training[:50]
    samples[50:60] = samples[60:70]
    found = Pixels(neighbours(200, samples, bank(training), labels), real, 10)
    assert METRICS["diversity.training_copies"].formula(found) == pytest.approx(50 / 200, abs=0.05)
    assert METRICS["diversity.near_duplicates"].formula(found) == pytest.approx(20 / 200, abs=0.05)


def test_one_percent_of_real_images_are_copies_by_construction_and_none_duplicates():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 10_000)
    scale = 1 + labels  # digits of different scale
    real = Neighbours(scale * rng.gamma(9, size=10_000), labels, scale * rng.gamma(9, size=10_000))
    pixels = Pixels(real, real, 10)
    assert METRICS["diversity.training_copies"].formula(pixels) == pytest.approx(0.01, abs=1e-4)
    assert METRICS["diversity.near_duplicates"].formula(pixels) < 0.001


def test_classes_that_real_images_lack_do_not_count():
    rng = np.random.default_rng(0)
    read, features = rng.integers(1, 27, 2000), rng.normal(size=(2000, 4))  # labels 1 to 26, as letters have
    real = viewed(features, read, 27)
    looks = Looks(real, real, np.bincount(read, minlength=27) / 2000)
    assert METRICS["diversity.class_spread"].formula(looks) == 1
    assert 0 <= METRICS["diversity.class_divergence"].formula(looks) < 0.01
    images = Neighbours(rng.random(2000), read, rng.random(2000))
    assert METRICS["diversity.training_copies"].formula(Pixels(images, images, 27)) == pytest.approx(0.01, abs=1e-3)
