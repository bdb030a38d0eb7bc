"""The training loop: schedule, average of the weights, and going on from a saved state."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from flowleague.model.randomness import generator
from flowleague.training.stage import Stage, learning_rate, new_stage, train_steps


def regression() -> tuple[Stage, Callable[[int], Tensor]]:
    """Linear regression on noise-free data, with batches drawn by step."""
    torch.manual_seed(0)
    network = nn.Linear(3, 1)

    def loss_at(step: int) -> Tensor:
        x = torch.randn(32, 3, generator=generator("cpu", step))
        return (network(x) - x.sum(dim=1, keepdim=True)).square().mean()

    return new_stage(network, nn.Linear(3, 1)), loss_at


def weight(network: nn.Module) -> Tensor:
    return network.state_dict()["weight"]


def run(stage: Stage, loss_at, steps: int, until: int | None = None) -> list[float]:
    losses = []
    for loss in train_steps(stage, loss_at, steps=steps, lr=0.05, ema=0.9):
        losses.append(loss.item())
        if stage.step == until:
            break
    return losses


def test_the_loop_learns() -> None:
    stage, loss_at = regression()
    run(stage, loss_at, 400)
    assert torch.allclose(weight(stage.average), torch.ones(1, 3), atol=0.02)


def test_going_on_from_a_state_is_bitwise_the_same() -> None:
    whole, loss_at = regression()
    losses = run(whole, loss_at, 50)
    first, loss_at = regression()
    early = run(first, loss_at, 50, until=20)
    state = first.state()
    second, loss_at = regression()
    second.restore(state)
    assert early + run(second, loss_at, 50) == losses
    assert all(map(torch.equal, whole.average.parameters(), second.average.parameters()))


def test_the_average_is_the_recursion() -> None:
    stage, loss_at = regression()
    expected = weight(stage.network).clone()
    for step, _ in enumerate(train_steps(stage, loss_at, steps=30, lr=0.05, ema=0.9)):
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight(stage.network)
        assert torch.allclose(weight(stage.average), expected, atol=1e-6)


def test_learning_rate_rises_then_falls_to_zero() -> None:
    assert learning_rate(2.0, 0.0) == 0
    assert learning_rate(2.0, 0.02) == 2.0
    assert learning_rate(2.0, 0.51) == pytest.approx(1.0)
    assert learning_rate(2.0, 1.0) == 0
