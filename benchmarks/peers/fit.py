"""One training loop for all peers: a warm-up and a linear fall of the rate, over a budget of processor seconds."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from flowleague.training.loop import learning_rate
from flowleague.training.objectives import epoch_rows

SEED = 0


@dataclass(frozen=True)
class Step:
    """Where a training is after a step: the share of its budget, images seen, processor seconds, and the loss."""

    done: float
    images: int
    seconds: float
    loss: Tensor


def fit(
    optimizer: torch.optim.Optimizer,
    loss_at: Callable[[Tensor, float], Tensor],
    n: int,
    *,
    seconds: float,
    batch: int,
) -> Iterator[Step]:
    """Train until so many processor seconds of all threads are spent.

    `loss_at` gives the loss of some of the n rows, at a share of the budget in [0, 1). Rows come in shuffled epochs.
    The optimiser's learning rates are the highest ones.
    """
    peaks = [group["lr"] for group in optimizer.param_groups]
    start, step, spent = time.process_time(), 0, 0.0
    while spent < seconds:
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = learning_rate(peak, spent / seconds)
        loss = loss_at(epoch_rows(SEED, 0, n, batch, step), spent / seconds)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step, spent = step + 1, time.process_time() - start
        yield Step(spent / seconds, step * batch, spent, loss.detach())


def follow(what: str, steps: Iterator[Step]) -> Step:
    """Go through a training and print its loss ten times; returns its last step."""
    shown, last = 0, None
    for last in steps:
        if last.done * 10 >= shown + 1:
            shown = int(last.done * 10)
            print(f"{what}: {last.images:,} images, {last.seconds:.0f} processor s, loss {last.loss:.4g}", flush=True)
    assert last
    return last
