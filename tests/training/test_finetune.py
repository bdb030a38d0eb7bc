"""The energy distance: its closed forms, no bias, and a loss that reaches what it tunes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.training.tiny import tiny_recipe

from flowleague.data import TrainingData
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.features import Critic
from flowleague.training.finetune import Views, draw, energy_distance, tune_objective, validate_tuning
from flowleague.training.objectives import Digits


@pytest.fixture(scope="module")
def few(few_digits: TrainingData) -> Digits:
    return Digits.on(torch.device("cpu"), few_digits)


@pytest.fixture(scope="module")
def views(few: Digits) -> Views:
    torch.manual_seed(0)
    return Views.of(Critic(10, width=4), few)


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
    draws = torch.stack([energy_distance(*torch.randn(2, 8, 5, generator=rng)) for _ in range(4000)])
    assert abs(draws.mean()) < 4 * draws.std() / math.sqrt(len(draws))
    assert draws.min() < 0  # a biased estimate never is


@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_it_is_symmetric_and_scales_like_a_distance(seed: int, scale: float) -> None:
    rng = torch.Generator().manual_seed(seed)
    a, b = torch.randn(6, 3, generator=rng).double(), torch.randn(9, 3, generator=rng).double() + 1
    distance = energy_distance(a, b)
    assert energy_distance(b, a).item() == pytest.approx(distance.item(), abs=1e-6)
    assert energy_distance(scale * a, scale * b).item() == pytest.approx(scale * distance.item(), abs=1e-5)


def test_drawing_is_what_the_model_generates() -> None:
    torch.manual_seed(0)
    model = LatentFlow(tiny_recipe())
    x_0 = torch.randn(5, 49)
    (*_, z) = model.paths(x_0)
    assert torch.allclose(draw(model, x_0), model.decode(z), atol=1e-6)


def test_the_loss_reaches_velocity_and_decoder_and_spares_the_encoder(few: Digits, views: Views) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("tune.images=100", "tune.batch=20")
    model = LatentFlow(recipe)
    tune_objective(model, views, few, recipe)(0).backward()
    for name, parameter in model.named_parameters():
        if name.startswith("vae.encoder"):
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name
    assert all(parameter.grad is None for parameter in views.critic.parameters())


def test_without_the_decoder_the_loss_is_the_distance_alone(few: Digits, views: Views) -> None:
    losses = []
    for words in (["tune.decoder=false"], ["tune.reconstruction=0"], []):
        torch.manual_seed(0)
        recipe = tiny_recipe("tune.batch=20", *words)
        losses.append(tune_objective(LatentFlow(recipe), views, few, recipe)(0).item())
    alone, weightless, both = losses
    assert alone == weightless < both


def test_real_digits_are_nearer_to_real_digits_than_noise_is(few: Digits, views: Views) -> None:
    real, others = few.pixels(slice(0, 200)), few.pixels(slice(200, 400))
    noise = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert abs(views.distance(real, others)) < 0.02
    assert views.distance(noise, others) > 0.2


def test_validation_gives_the_same_figures_at_every_call(few: Digits, views: Views) -> None:
    model = LatentFlow(tiny_recipe())
    assert validate_tuning(model, views, few) == validate_tuning(model, views, few)
