"""The training loop of every network here: Muon and AdamW, a schedule, and an average of the weights.

    lr(p)  = peak * min(p / 0.02, (1 - p) / 0.98)                            p = share of the steps done
    theta' = decay * theta' + (1 - decay) * theta,  decay = min(ema, (1 + step) / (10 + step))

Muon (Jordan et al. 2024) orthogonalises the momentum of each matrix, so that all directions are learned alike:

    m  = beta m + g                  g = gradient of a weight, as a matrix: a kernel (O, I, k, k) is (O, I k k)
    u  = g + beta m                  Nesterov's momentum
    W -= lr 0.2 sqrt(max(rows, columns)) U V^T                 of the singular value decomposition u = U S V^T

Five steps of a quintic Newton-Schulz iteration approximate U V^T; all weights of one shape share them. The factor
gives a step the size of AdamW's (Liu et al. 2025, arXiv:2502.16982, eq. 4), so both optimisers share one rate.

The loop reads no clock and keeps no random state: step number s does the same in every run.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

_WARM_UP = 0.02  # share of the steps
_WEIGHT_DECAY = 1e-3
_NARROW = 16  # a layer with as many rows or columns, or fewer, comes from or goes to pixels, latents, times or classes
_MOMENTUM = 0.95
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024: steep at 0; leaves singular values in 0.7..1.2
_ITERATIONS = 5
_RMS = 0.2  # of an update of AdamW


@dataclass
class Stage:
    """All that a training step changes."""

    network: nn.Module
    average: nn.Module  # same shape as the network; this is what is kept in the end
    optimizers: tuple[torch.optim.Optimizer, ...]
    step: int = 0

    def state(self) -> dict:
        """Everything a checkpoint needs, as nested dicts of tensors and numbers."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
        }

    def restore(self, state: dict) -> None:
        """The inverse of `state`."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        for optimizer, its_state in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(its_state)
        self.step = state["step"]

    def is_finite(self) -> bool:
        """Whether every weight is a finite number."""
        return all(bool(weight.isfinite().all()) for weight in self.network.parameters())


def new_stage(network: nn.Module, average: nn.Module, *, weight_decay: float = _WEIGHT_DECAY) -> Stage:
    """A stage at step 0, the average starting as a copy of the network.

    Muon updates the matrices between hidden layers; AdamW (Loshchilov & Hutter 2019) all other weights.
    """
    average.load_state_dict(network.state_dict())
    average.requires_grad_(False).eval()
    hidden = [weight for weight in network.parameters() if _is_hidden(weight)]
    others = [weight for weight in network.parameters() if not _is_hidden(weight)]
    optimizers: list[torch.optim.Optimizer] = [Muon(hidden, weight_decay=weight_decay)] if hidden else []
    optimizers.append(torch.optim.AdamW(others, betas=(0.9, 0.99), weight_decay=weight_decay, fused=True))
    return Stage(network, average, tuple(optimizers))


def _is_hidden(weight: Tensor) -> bool:
    """Whether a weight is a matrix, or a kernel, from one wide hidden layer to another."""
    return weight.ndim > 1 and min(weight.shape[:2]) > _NARROW


def learning_rate(peak: float, done: float) -> float:
    """Linear warm-up, then linear decay to zero, at a share `done` in [0, 1] of the training."""
    return peak * min(done / _WARM_UP, (1 - done) / (1 - _WARM_UP))


def train_steps(
    stage: Stage, loss_at: Callable[[int], Tensor], *, steps: int, lr: float, ema: float
) -> Iterator[Tensor]:
    """Go on from `stage.step` to `steps`; yields the loss of each step, a detached scalar on the device.

    `loss_at(s)` computes the loss of step s from the network's present weights.
    """
    weights: list[Tensor] = list(stage.network.parameters())
    averages: list[Tensor] = list(stage.average.parameters())
    while stage.step < steps:
        for group in [group for optimizer in stage.optimizers for group in optimizer.param_groups]:
            group["lr"] = learning_rate(lr, (stage.step + 1) / (steps + 1))
        loss = loss_at(stage.step)
        stage.network.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in stage.optimizers:
            optimizer.step()
        decay = min(ema, (1 + stage.step) / (10 + stage.step))
        get_ema_multi_avg_fn(decay)(averages, weights, stage.step)
        for buffer, new in zip(stage.average.buffers(), stage.network.buffers(), strict=True):
            buffer.copy_(new)  # statistics of batch normalisation, averages themselves
        stage.step += 1
        yield loss.detach()


class Muon(torch.optim.Optimizer):
    """Muon for matrices and convolution kernels, with decoupled weight decay."""

    def __init__(self, weights: Iterable[Tensor], lr: float = 1e-3, weight_decay: float = 0.0) -> None:
        shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for weight in weights:
            shapes[weight.shape].append(weight)
        groups = [{"params": alike} for alike in shapes.values()]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Move the weights that have gradients."""
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                steps = _orthogonalise(torch.stack([self._look_ahead(weight, weight.grad) for weight in weights]))
                for weight, step in zip(weights, steps, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.sub_(step.view(weight.shape), alpha=group["lr"] * _RMS * max(step.shape) ** 0.5)

    def _look_ahead(self, weight: Tensor, gradient: Tensor) -> Tensor:
        """u of one weight as a matrix; its momentum takes the gradient in."""
        momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        momentum.mul_(_MOMENTUM).add_(gradient)
        return gradient.add(momentum, alpha=_MOMENTUM).flatten(1)


def _orthogonalise(matrices: Tensor) -> Tensor:
    """Matrices (N, R, C) with their singular values moved near 1, between 0.7 and 1.2."""
    a, b, c = _COEFFICIENTS
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.mT
