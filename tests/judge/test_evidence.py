from dataclasses import replace

import numpy as np
import pytest
from tests.judge.conftest import SMALL

from flowleague.data import Split
from flowleague.entrant.model import Model
from flowleague.errors import JudgeError
from flowleague.judge.categories import measure_samples
from flowleague.judge.checked import CheckedModel
from flowleague.judge.evidence import (
    GROUPS,
    CachedReading,
    RealDigits,
    Verdict,
    jackknife_error,
    judge_images,
    look,
    see,
)
from flowleague.scorecard.metrics import METRICS


def test_the_chosen_images_are_real_and_mixed(digits):
    assert len(digits.test) == len(digits.chosen) == digits.plan.samples
    assert len(np.unique(digits.test.labels[:200])) == digits.classes == 10
    train = {image.tobytes() for image in digits.train.images}
    assert all(image.tobytes() in train for image in digits.chosen.images[:50])


@pytest.mark.long
def test_real_images_seen_again_have_no_gap(seen, digits):
    assert all(s.frequencies.sum() == pytest.approx(1) for s in seen)
    for s, view in zip(seen, look(digits.test.pixels(), seen), strict=True):
        assert (view.classes == digits.test.labels).mean() == s.accuracy
        assert view.unfamiliar.mean() <= 0.002 + 1e-9  # 0.1 % for each of two judges


def test_noise_is_unfamiliar(seen):
    noise = np.random.default_rng(0).random((100, 1, 28, 28), np.float32)
    (left, right) = look(noise, seen)
    assert left.unfamiliar.mean() > 0.9
    np.testing.assert_array_equal(left.unfamiliar, right.unfamiliar)
    np.testing.assert_allclose(left.log_probabilities[left.unfamiliar], np.log(0.1), rtol=1e-6)


@pytest.fixture(scope="module")
def letters(digits):
    """Digits whose labels tell 26 classes apart: 1 to 26, as those of handwritten letters do."""
    rng = np.random.default_rng(0)
    return RealDigits(
        Split(digits.train.images[:3000], rng.integers(1, 27, 3000, np.uint8)),
        Split(digits.test.images, rng.integers(1, 27, len(digits.test), np.uint8)),
        replace(SMALL, manifold=200, samples=2000),
    )


def test_data_of_more_classes_than_a_judge_reads_are_refused_in_a_sentence(letters, judges):
    with pytest.raises(JudgeError, match="reads 10 classes where the labels have 27; train judges for this data"):
        see(judges, letters)


def test_own_judges_of_more_classes_measure(letters, own_cache):
    class Own:
        """Reads one of 27 classes off the mean of an image."""

        name, sha256 = "own", "1" * 64

        def read(self, images):
            features = images.reshape(len(images), 28, 28).mean(2)
            classes = (features.mean(1) * 1000).astype(int) % 27
            return CachedReading(np.log(np.eye(27)[classes].clip(1e-6)).astype(np.float32), features)

    seen = see([Own()], letters)
    drawn = Model(None, None, lambda n, seed: np.random.default_rng(seed).permutation(letters.train.pixels())[:n])  # pyright: ignore[reportArgumentType]
    figures = measure_samples(CheckedModel(drawn), letters, seen)
    assert figures["diversity.class_divergence"].reference == pytest.approx(26 / (2 * 2000))
    assert all(figure.value is not None and np.isfinite(figure.value) for figure in figures.values())


def verdict(frechet, without):
    return Verdict(frechet, np.asarray(without), 0.9, 0.01, np.ones(10))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    groups = np.random.default_rng(0).normal(size=GROUPS)
    without = (groups.sum() - groups) / (GROUPS - 1)
    assert jackknife_error(without) == pytest.approx(groups.std(ddof=1) / np.sqrt(GROUPS))


def test_what_two_sets_of_the_same_noises_share_cancels():
    common = np.random.default_rng(1).normal(size=GROUPS)
    a, b = verdict(5.1, 5.1 + common), verdict(5.0, 5.0 + common)
    assert a.frechet_error > 0.5
    assert a.exceeds(b)
    assert not b.exceeds(a)
    assert not verdict(5.1, 5.1 + common).exceeds(verdict(5.0, 5.0 - common))


def test_a_verdict_is_what_the_metrics_say(digits, seen):
    images = digits.chosen.pixels()
    found = judge_images(images, seen)
    said = [{name: METRICS[name].formula(s.evidence(view)) for name in ("quality.frechet", "quality.confidence")}
            for s, view in zip(seen, look(images, seen), strict=True)]  # fmt: skip
    assert found.frechet == pytest.approx(np.mean([each["quality.frechet"] for each in said]))
    assert found.confidence == pytest.approx(np.mean([each["quality.confidence"] for each in said]))
    assert found.counts.sum() == len(images)
    assert found.frechet_error > 0
