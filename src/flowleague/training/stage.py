"""One stage of training: optimisers, a schedule and an average of the weights, as a plain loop.

    lr(p)  = peak * min(p / 0.02, (1 - p) / 0.98)                            p = share of the steps done
    theta' = decay * theta' + (1 - decay) * theta,  decay = min(ema, (1 + step) / (10 + step))

Nothing here looks at a clock or keeps a random state: step number s does the same in every run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from flowleague.training.muon import Muon

WARM_UP = 0.02
WEIGHT_DECAY = 1e-3
NARROW = 16  # fewer or as many rows or columns: a layer from or to pixels, codes, times or classes


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


def new_stage(network: nn.Module, average: nn.Module) -> Stage:
    """A stage at step 0, the average starting as a copy of the network.

    Muon moves the matrices between hidden layers; AdamW (Loshchilov & Hutter 2019) all else.
    """
    average.load_state_dict(network.state_dict())
    average.requires_grad_(False).eval()
    hidden = [weight for weight in network.parameters() if is_hidden(weight)]
    others = [weight for weight in network.parameters() if not is_hidden(weight)]
    optimizers: list[torch.optim.Optimizer] = [Muon(hidden, weight_decay=WEIGHT_DECAY)] if hidden else []
    optimizers.append(torch.optim.AdamW(others, betas=(0.9, 0.99), weight_decay=WEIGHT_DECAY, fused=True))
    return Stage(network, average, tuple(optimizers))


def is_hidden(weight: Tensor) -> bool:
    """Whether a weight is a matrix, or a kernel, from one wide hidden layer to another."""
    return weight.ndim > 1 and min(weight.shape[:2]) > NARROW


def learning_rate(peak: float, done: float) -> float:
    """Linear warm-up, then linear decay to zero, at a share `done` in [0, 1] of the training."""
    return peak * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))


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
