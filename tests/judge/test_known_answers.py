"""Samples whose worth is known in advance, each put in its place by the metric that should see it.

They come from real digits, spoilt in one way each, and are read by the judges of the package.
"""

from itertools import pairwise

import numpy as np
import pytest

from flowleague.data import load_test
from flowleague.entrant.model import Model
from flowleague.judge.categories import measure_samples
from flowleague.judge.checked import CheckedModel
from flowleague.judge.evidence import CachedReading, Plan, RealDigits, look, see
from flowleague.judge.judges import load_judges
from flowleague.scorecard.metrics import CATEGORIES, evaluate

pytestmark = pytest.mark.long
RANKED = {
    metric.name: metric.direction
    for category in CATEGORIES
    for metric in category.metrics
    if category.name in ("quality", "diversity") and metric.direction != "shown"
}


def drawn_from(bank):
    """A generator that draws from a bank of images, without repetition while they last."""

    def generate(n, seed):
        rng = np.random.default_rng(seed)
        return bank[rng.permutation(len(bank))[:n]] if n <= len(bank) else bank[rng.integers(len(bank), size=n)]

    return generate


def blurred(images):
    """Binomial blur [1 2 1]/4 in both directions, black beyond the edge."""
    for axis in (2, 3):
        wide = np.pad(images, [(0, 0)] * axis + [(1, 1)] + [(0, 0)] * (3 - axis))
        before, here, after = (np.take(wide, range(i, i + 28), axis) for i in range(3))
        images = (before + 2 * here + after) / 4
    return images.astype(np.float32)


def noisy(images, sigma):
    noise = np.random.default_rng(0).standard_normal(images.shape)
    return (images + sigma * noise).clip(0, 1).astype(np.float32)


def never(_):
    raise AssertionError


def uniform_noise(n, seed):
    return np.random.default_rng(seed).random((n, 1, 28, 28), np.float32)


class Remembering:
    """A judge that reads an image once, however often it is drawn: most samples here come from small banks."""

    def __init__(self, judge):
        self.judge, self.name, self.sha256 = judge, judge.name, judge.sha256
        self.held = {}

    def read(self, images):
        keys = [image.tobytes() for image in images]
        if new := {key: i for i, key in enumerate(keys) if key not in self.held}:
            reading = self.judge.read(images[list(new.values())])
            self.held |= zip(new, zip(reading.log_probabilities, reading.features, strict=True), strict=True)
        log_p, features = zip(*(self.held[key] for key in keys), strict=True)
        return CachedReading(np.stack(log_p), np.stack(features))


@pytest.fixture(scope="module")
def digits(training, own_cache):
    plan = Plan("known", samples=500, decoded=100, manifold=500, neighbours=100, timed=50, turns=2)
    return RealDigits(training.train, load_test(), plan)


@pytest.fixture(scope="module")
def seen(digits):
    return see([Remembering(judge) for judge in load_judges()], digits)


@pytest.fixture(scope="module")
def figures(digits, seen):
    """The figures of categories 3 and 4 for a way to generate images."""

    def figures_of(generate):
        model = CheckedModel(Model(never, never, generate))
        found = measure_samples(model, digits, seen)
        return {name.partition(".")[2]: figure for name, figure in found.items()}

    return figures_of


@pytest.fixture(scope="module")
def test_set():
    return load_test()


@pytest.fixture(scope="module")
def real(figures, test_set):
    return figures(drawn_from(test_set.pixels()))


@pytest.mark.parametrize("name", RANKED)
def test_real_test_images_are_at_the_floor(real, name):
    figure = real[name]
    excess = figure.value - figure.reference
    worse = excess if RANKED[name] == "lower" else -excess
    # the floor is one draw itself, with a noise like that of one repeat: sd = se √5
    assert worse < 5 * figure.standard_error * 5**0.5 + 1e-9, (figure.value, figure.reference)


def test_noise_is_no_digit(figures, real):
    noise = figures(uniform_noise)
    assert noise["frechet"].value > 20 * real["frechet"].value
    assert noise["precision"].value < 0.05
    assert noise["density"].value < 0.05
    assert noise["coverage"].value < 0.05
    assert noise["confidence_gap"].value > 20 * real["confidence_gap"].value


def test_one_repeated_digit_is_good_and_not_diverse(figures, digits):
    one = digits.test.pixels()[:1]
    repeated = figures(drawn_from(one))
    assert repeated["precision"].value == 1
    assert repeated["class_divergence"].value > 3.5
    assert repeated["recall"].value < 0.01
    assert repeated["coverage"].value < 0.05
    assert repeated["class_spread_gap"].value == pytest.approx(1, abs=1e-3)
    assert repeated["near_duplicates"].value == 1


def test_a_single_class_is_good_and_misses_nine(figures, test_set, real):
    sevens = figures(drawn_from(test_set.pixels()[test_set.labels == 7]))
    assert sevens["precision"].value > real["precision"].value - 0.05
    assert sevens["class_divergence"].value > 3
    assert sevens["coverage"].value < 0.2
    assert sevens["recall"].value < 0.4 < real["recall"].value
    assert sevens["class_spread_gap"].value > 0.5


def test_blurred_digits_are_diverse_and_not_good(figures, test_set, real):
    images = blurred(blurred(blurred(test_set.pixels())))
    soft = figures(drawn_from(images))
    assert soft["frechet"].value > 10 * real["frechet"].value
    assert soft["precision"].value < real["precision"].value - 0.1
    assert soft["confidence_gap"].value > 10 * real["confidence_gap"].value


def test_a_bank_of_training_images_is_found(figures, digits, real):
    bank = digits.train.pixels()[:50]
    stored = figures(drawn_from(bank))
    assert stored["training_copies"].value == 1
    assert stored["near_duplicates"].value == 1
    assert stored["recall"].value < 0.5
    assert stored["precision"].value > real["precision"].value - 0.05  # quality alone would praise it


def test_all_training_images_are_copies_though_they_never_repeat(figures, digits):
    memory = figures(drawn_from(digits.train.pixels()))
    assert memory["training_copies"].value == 1
    assert memory["near_duplicates"].value < 0.05


@pytest.mark.parametrize("spoil", ["blur", "noise"])
def test_spoiling_real_images_never_improves_quality(digits, seen, spoil):
    images = [digits.test.pixels()]
    for step in range(1, 6):
        images.append(blurred(images[-1]) if spoil == "blur" else noisy(images[0], 0.04 * step))
    steps = [
        [evaluate(s.evidence(v), "samples", "manifold") for s, v in zip(seen, look(x, seen), strict=True)]
        for x in images
    ]
    for name in ("confidence_gap", "entropy_gap", "frechet", "precision", "density"):
        course = [np.mean([figures[f"quality.{name}"] for figures in step]) for step in steps]
        sign = 1 if RANKED[name] == "lower" else -1
        assert all(sign * b >= sign * a for a, b in pairwise(course)), (name, course)
