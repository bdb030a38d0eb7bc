"""The training loop: schedule, average of the weights, going on from a saved state; and Muon.

Muon's steps are orthogonal and of AdamW's size, whatever the scale of the gradient, and the same by shape or alone.
"""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from flowleague.model.randomness import generator
from flowleague.training.loop import (
    _MOMENTUM,
    _RMS,
    Muon,
    Stage,
    _orthogonalise,
    learning_rate,
    new_stage,
    train_steps,
)


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


def moved(gradients: list[Tensor], **options: float) -> list[Tensor]:
    """How far weights of 0 go in one step."""
    weights = [torch.zeros_like(gradient) for gradient in gradients]
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient.clone()
    Muon(weights, **options).step()
    return weights


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**31), st.sampled_from([1e-6, 1.0, 1e6]))
def test_singular_values_come_near_one_and_directions_stay(rows: int, columns: int, seed: int, scale: float) -> None:
    a = torch.randn(1, rows, columns, generator=torch.Generator().manual_seed(seed))
    u, s, v = torch.linalg.svd(a[0].double(), full_matrices=False)
    found = torch.linalg.svdvals(_orthogonalise(scale * a)[0])
    assert found.max() < 1.3
    assert found[s > 0.05 * s.norm()].min() > 0.6  # the iteration is not done with the very small ones
    leading = u[:, 0] @ _orthogonalise(scale * a)[0].double() @ v[0]
    assert leading == pytest.approx(1.0, abs=0.35)


def test_an_orthogonal_matrix_stays_what_it_is_but_for_one_factor() -> None:
    q = torch.linalg.qr(torch.randn(12, 12, dtype=torch.float64)).Q
    ratio = _orthogonalise(q[None])[0] @ q.T
    assert torch.allclose(ratio, ratio[0, 0] * torch.eye(12, dtype=torch.float64), atol=1e-9)


def test_a_step_has_the_size_that_the_rate_says() -> None:
    (step,) = moved([torch.randn(64, 32)], lr=0.1)
    assert float(step.square().mean().sqrt()) == pytest.approx(0.1 * _RMS, rel=0.3)


def test_kernels_are_moved_as_matrices() -> None:
    gradient = torch.randn(8, 4, 3, 3)
    (kernel,) = moved([gradient.contiguous(memory_format=torch.channels_last)], lr=0.1)
    (matrix,) = moved([gradient.flatten(1)], lr=0.1)
    assert torch.allclose(kernel.flatten(1), matrix, atol=1e-6)
    assert kernel.is_contiguous(memory_format=torch.channels_last)


def test_weights_of_one_shape_move_as_each_would_alone() -> None:
    gradients = [torch.randn(6, 9), 1e3 * torch.randn(6, 9), torch.randn(9, 6)]
    together = moved(gradients, lr=0.1)
    for gradient, step in zip(gradients, together, strict=True):
        assert torch.allclose(moved([gradient], lr=0.1)[0], step, atol=1e-6)


def test_momentum_remembers_and_looks_ahead() -> None:
    weight, first, second = torch.zeros(5, 7), torch.randn(5, 7), torch.randn(5, 7)
    optimizer = Muon([weight], lr=0.1)
    weight.grad = first
    optimizer.step()
    before = weight.clone()
    weight.grad = second
    optimizer.step()
    m = _MOMENTUM * first + second
    assert torch.allclose(before - weight, moved([second + _MOMENTUM * m], lr=0.1)[0].neg(), atol=1e-6)


def test_what_has_no_gradient_stays_and_decay_is_apart_from_it() -> None:
    still, weight = torch.ones(3, 4), torch.ones(3, 4)
    weight.grad = torch.zeros(3, 4)
    Muon([still, weight], lr=0.5, weight_decay=0.1).step()
    assert torch.equal(still, torch.ones(3, 4))
    assert torch.allclose(weight, torch.full((3, 4), 0.95))
