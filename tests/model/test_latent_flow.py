"""LatentFlow: samples by number, likelihood in latent space, and what a sample costs."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from flowleague.model import latent_flow as model_module
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.source import clustered


@pytest.fixture(scope="module")
def model(bundle: Path) -> LatentFlow:
    return LatentFlow.load(bundle)


def test_shapes_and_ranges(model: LatentFlow) -> None:
    images = model.generate(5, seed=3)
    assert images.shape == (5, 1, 28, 28)
    assert ((images >= 0) & (images <= 1)).all()
    z = model.encode(images)
    assert z.shape == (5, 49)
    assert model.decode(z).shape == (5, 1, 28, 28)
    assert model.generate(0).shape == (0, 1, 28, 28)


def test_sample_k_is_the_same_in_any_batch(model: LatentFlow, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = model.generate(300, seed=1)
    assert torch.allclose(model.generate(40, seed=1, first=250), samples[250:290], atol=1e-5)
    monkeypatch.setattr(model_module, "LATENTS", 7)
    monkeypatch.setattr(model_module, "IMAGES", 3)
    assert torch.allclose(model.generate(300, seed=1), samples, atol=1e-5)
    assert not torch.allclose(model.generate(300, seed=2), samples, atol=1e-2)


def test_likelihood_in_latent_space_integrates_the_change_of_scale(model: LatentFlow) -> None:
    z = model.encode(model.generate(6))
    doubled = copy.deepcopy(model)  # the same flow over latents of twice the size
    doubled.velocity.std.mul_(2)
    doubled.velocity.mean.mul_(2)
    expected = model.log_likelihood(z, steps=20) - 49 * math.log(2)
    assert torch.allclose(doubled.log_likelihood(2 * z, steps=20), expected, atol=1e-3)


def test_paths_begin_in_noise_and_end_in_the_samples(model: LatentFlow) -> None:
    x_0 = noise(0, 0, 4, 49)
    states = list(model.paths(x_0, steps=3))
    assert len(states) == 4
    assert torch.allclose(model.velocity.normalise(states[0]), model.source(x_0), atol=1e-5)
    assert torch.allclose(model.decode(states[-1]), model.generate(4, steps=3), atol=1e-6)


def test_samples_of_another_temperature_are_those_of_scaled_noise(model: LatentFlow) -> None:
    flow = model.recipe.flow
    cooler = LatentFlow(replace(model.recipe, flow=replace(flow, temperature=0.8)))
    cooler.load_state_dict(model.state_dict())
    x_0 = noise(0, 0, 4, 49)
    assert torch.allclose(cooler.source(x_0), clustered(0.8 * x_0, flow.clusters))
    assert torch.allclose(cooler.draw(x_0), cooler.generate(4), atol=1e-6)
    assert torch.allclose(cooler.draw(x_0, 1.0), model.draw(x_0, 1.0))
    assert not torch.allclose(cooler.draw(x_0), model.draw(x_0, 1.0), atol=1e-3)


def test_straightness_is_finite_and_not_negative(model: LatentFlow) -> None:
    bends = model.straightness(10, steps=10)
    assert bends.shape == (10,)
    assert (bends >= 0).all()
