"""The velocity network and the normalisation of its space."""

import torch

from flowleague.bundle.recipe import FlowRecipe
from flowleague.model.randomness import generator
from flowleague.model.velocity import Velocity, time_features


def small_velocity() -> Velocity:
    torch.manual_seed(0)
    return Velocity(9, FlowRecipe(width=16, blocks=2))


def test_gradients_reach_every_parameter() -> None:
    v = small_velocity()
    v(torch.randn(6, 9), torch.rand(6)).square().mean().backward()
    for name, parameter in v.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_rows_do_not_see_each_other() -> None:
    v = small_velocity().double()
    x, t = torch.randn(6, 9).double(), torch.rand(6).double()
    assert torch.allclose(v(x, t)[2:3], v(x[2:3], t[2:3]))


def test_time_is_felt_and_its_features_tell_all_times_apart() -> None:
    v = small_velocity()
    x = torch.randn(1, 9)
    assert not torch.allclose(v(x, torch.tensor([0.1])), v(x, torch.tensor([0.9])))
    features = time_features(torch.linspace(0, 1, 101))
    assert torch.cdist(features, features).fill_diagonal_(1).min() > 0.01


def test_normalised_latents_have_mean_zero_and_std_one_and_come_back() -> None:
    v = small_velocity()
    z = 3 + torch.randn(20_000, 9, generator=generator("cpu", 1)) * torch.arange(1.0, 10)
    v.fit_normalisation(z)
    x = v.normalise(z)
    assert x.mean(dim=0).abs().max() < 1e-4
    assert (x.std(dim=0) - 1).abs().max() < 1e-4
    assert torch.allclose(v.denormalise(x), z, atol=1e-4)


def test_normalisation_of_posterior_samples_counts_their_variance() -> None:
    v = small_velocity()
    mu, log_var = torch.randn(20_000, 9, generator=generator("cpu", 2)), torch.full((20_000, 9), 3.0).log()
    v.fit_normalisation(mu, log_var)
    assert torch.allclose(v.std, torch.full((9,), 2.0), atol=0.03)


def test_an_unused_dimension_is_not_blown_up() -> None:
    v = small_velocity()
    v.fit_normalisation(torch.zeros(10, 9))
    assert (v.normalise(torch.full((1, 9), 1e-4)).abs() <= 0.1 + 1e-6).all()
