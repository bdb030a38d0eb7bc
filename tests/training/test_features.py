"""The feature network: shapes, views, that it learns; the energy distance: its closed forms, and no bias."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from tests.training.tiny import tiny_recipe

from flowleague.data import TrainingData
from flowleague.training.features import (
    FeatureNetwork,
    Views,
    energy_distance,
    energy_distance_by_class,
    features_objective,
    validate_features,
)
from flowleague.training.loop import new_stage, train_steps
from flowleague.training.objectives import Digits


def test_shapes() -> None:
    network, images = FeatureNetwork(7, width=4).eval(), torch.rand(3, 1, 28, 28)
    assert network(images).shape == (3, 7)
    assert [tuple(m.shape) for m in network.maps(images)] == [(3, 4, 14, 14), (3, 8, 7, 7), (3, 16, 4, 4)]
    assert [tuple(view.shape) for view in network.views(images)] == [(3, 16), (3, 256), (3, 196), (3, 784)]
    assert torch.equal(network.views(images)[0], network.summary(images))


def test_it_learns_to_read(few_digits: TrainingData) -> None:
    torch.manual_seed(0)
    digits, recipe = Digits.on(torch.device("cpu"), few_digits), tiny_recipe("critic.batch=50")
    network = FeatureNetwork(digits.classes, width=8)
    before = validate_features(network, digits)["accuracy"]
    stage = new_stage(network, FeatureNetwork(digits.classes, width=8))
    for _ in train_steps(
        stage, features_objective(network, digits, recipe.critic, recipe.seed), steps=60, lr=recipe.critic.lr, ema=0.0
    ):
        pass
    assert network.training
    assert before < 0.4 < 0.7 < validate_features(network, digits)["accuracy"]


def test_of_two_points_it_is_twice_their_distance() -> None:
    a, b = torch.zeros(2, 3), torch.tensor([[2.0, 3.0, 6.0]]).repeat(4, 1)
    assert energy_distance(a, b).item() == pytest.approx(14, abs=1e-4)


def test_of_shifted_normals_it_is_the_closed_form() -> None:
    """E|N(m, 2)| = 2/√π exp(-m²/4) + m erf(m/2), so D² of N(0, 1) and N(m, 1) is twice that minus 4/√π."""
    rng, m = torch.Generator().manual_seed(0), 1.5
    a, b = torch.randn(4000, 1, generator=rng), torch.randn(4000, 1, generator=rng) + m
    between = 2 / math.sqrt(math.pi) * math.exp(-(m**2) / 4) + m * math.erf(m / 2)
    assert energy_distance(a, b).item() == pytest.approx(2 * between - 4 / math.sqrt(math.pi), rel=0.06)


def test_of_equal_laws_it_is_zero_on_average() -> None:
    rng = torch.Generator().manual_seed(0)
    draws = torch.stack([energy_distance(a, b) for a, b in torch.randn(4000, 2, 8, 5, generator=rng)])
    assert abs(draws.mean()) < 4 * draws.std() / math.sqrt(len(draws))
    assert draws.min() < 0  # a biased estimate never is


@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_it_is_symmetric_and_scales_like_a_distance(seed: int, scale: float) -> None:
    rng = torch.Generator().manual_seed(seed)
    a, b = torch.randn(6, 3, generator=rng).double(), torch.randn(9, 3, generator=rng).double() + 1
    distance = energy_distance(a, b)
    assert energy_distance(b, a).item() == pytest.approx(distance.item(), abs=1e-6)
    assert energy_distance(scale * a, scale * b).item() == pytest.approx(scale * distance.item(), abs=1e-5)


def test_within_classes_it_is_the_mean_of_those_of_each() -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(12, 3, generator=rng), torch.randn(15, 3, generator=rng)
    of_a, of_b = (F.one_hot(torch.arange(n) % 3, 4).float() for n in (12, 15))  # of the fourth there is nothing
    parts = [(a[k::3], b[k::3]) for k in range(3)]
    known = torch.tensor([float(torch.pdist(b[k::3]).mean()) for k in range(3)] + [torch.nan])
    expected = sum(float(energy_distance(*part)) for part in parts) / 3
    assert float(energy_distance_by_class(a, b, of_a, of_b, known)) == pytest.approx(expected, abs=1e-5)


def test_digits_of_another_class_are_far_within_classes_and_near_without(few_digits: TrainingData) -> None:
    torch.manual_seed(0)
    few = Digits.on(torch.device("cpu"), few_digits)
    views = Views.of(FeatureNetwork(10, width=4), few, by_class=True)
    rows, others = torch.arange(200), torch.arange(200, 400)
    real, drawn = few.pixels(rows), few.pixels(others)
    of_drawn = views.members[others]
    right = views.distance_by_class(drawn, of_drawn, real, rows, rows)
    wrong = views.distance_by_class(drawn, of_drawn.roll(1, 1), real, rows, rows)
    assert abs(right) < 0.1 < wrong
    assert abs(views.distance(drawn, real)) < 0.02


def test_real_digits_are_nearer_to_real_digits_than_noise_is(few_digits: TrainingData) -> None:
    torch.manual_seed(0)
    few = Digits.on(torch.device("cpu"), few_digits)
    views = Views.of(FeatureNetwork(10, width=4), few, by_class=True)
    real, others = few.pixels(slice(0, 200)), few.pixels(slice(200, 400))
    noise = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert abs(views.distance(real, others)) < 0.02
    assert views.distance(noise, others) > 0.2
