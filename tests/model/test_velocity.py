"""The velocity network and the normalisation of its space."""

import torch

from flowleague.model.velocity import Velocity, time_features


def small_velocity() -> Velocity:
    torch.manual_seed(0)
    return Velocity(9, width=16, blocks=2)


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
