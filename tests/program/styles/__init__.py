"""Styles in which honest encoders and generators are written, each to be captured or refused in a sentence."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

B = 16
Factory = Callable[[], Callable[..., Any]]
Cases = dict[str, tuple[str, Factory]]


def encoder() -> nn.Module:
    """784-24-8, seeded."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 24), nn.SiLU(), nn.Linear(24, 8)).requires_grad_(False)


def decoder() -> nn.Module:
    """8-24-784 to images, seeded."""
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(8, 24), nn.SiLU(), nn.Linear(24, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))
    return net.requires_grad_(False)


def velocity() -> Callable[[Tensor, Tensor], Tensor]:
    """v(x, t) of (B, 8) and (B, 1), seeded."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(9, 24), nn.Tanh(), nn.Linear(24, 8)).requires_grad_(False)
    return lambda x, t: net(torch.cat([x, t], 1))


def collect(cases: Cases, kind: str) -> Callable[[Factory], Factory]:
    """Enter a factory under its name."""

    def enter(factory: Factory) -> Factory:
        cases[factory.__name__] = (kind, factory)
        return factory

    return enter
