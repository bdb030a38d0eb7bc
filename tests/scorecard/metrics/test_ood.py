import numpy as np
import pytest

from flowleague.judge.evidence import CachedReading
from flowleague.scorecard.metrics.ood import fit_distribution, views


@pytest.fixture(scope="module")
def clusters():
    """Two classes with one correlated covariance, as features with labels, and their means."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 20_000)
    means = np.array([[0.0, 0, 0], [10, 0, 5]])
    mixing = np.array([[3.0, 0, 0], [1, 0.5, 0], [0, 0, 1.0]])
    return means[labels] + rng.normal(size=(20_000, 3)) @ mixing, labels, means


def test_whitening_gives_every_class_unit_covariance(clusters):
    features, labels, _ = clusters
    known = fit_distribution(features, labels, features)
    for c in (0, 1):
        np.testing.assert_allclose(np.cov(known.whiten(features[labels == c]).T), np.eye(3), atol=0.1)


def test_distance_is_that_of_mahalanobis_to_the_nearest_class(clusters):
    features, labels, means = clusters
    known = fit_distribution(features, labels, features)
    precision = np.linalg.inv(np.cov((features - means[labels]).T))
    points = np.random.default_rng(1).normal(4, 6, size=(50, 3))
    expected = [min((p - m) @ precision @ (p - m) for m in means) ** 0.5 for p in points]
    np.testing.assert_allclose(known.distance(points), expected, rtol=0.1)


def test_one_in_a_thousand_real_images_is_unfamiliar_and_read_as_ignorance(clusters):
    features, labels, _ = clusters
    known = fit_distribution(features, labels, features)
    certain = np.full((len(features), 10), -50.0)
    certain[:, 3] = 0
    one, other = views([CachedReading(certain, features)] * 2, [known, known])
    assert one.unfamiliar.mean() == pytest.approx(0.001, abs=1e-4)
    np.testing.assert_allclose(np.exp(one.log_probabilities[one.unfamiliar]), 0.1)
    np.testing.assert_array_equal(other.log_probabilities[~other.unfamiliar], certain[~other.unfamiliar])


def test_what_one_judge_does_not_know_all_read_as_ignorance(clusters):
    features, labels, _ = clusters
    known = fit_distribution(features, labels, features)
    far, near = features[:1] + 1000, features[:1]
    log_p = np.log(np.eye(10)[:1].clip(1e-9))
    left, right = views([CachedReading(log_p, far), CachedReading(log_p, near)], [known, known])
    assert left.unfamiliar.all()
    np.testing.assert_allclose(np.exp(right.log_probabilities), 0.1)


def test_units_that_never_fire_do_no_harm(clusters):
    features, labels, _ = clusters
    dead = np.concatenate([features, np.zeros((len(features), 2))], axis=1)
    known = fit_distribution(dead, labels, dead)
    assert np.isfinite(known.distance(dead + np.array([0, 0, 0, 1, 0]))).all()
