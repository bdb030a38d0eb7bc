"""Time per generated image beside a fixed piece of work: 2,000 images through a 784-512-512-784 network.

Both run in turns, after a warm-up of both, so that what else the machine does slows both alike. Every call has a fresh
seed that nobody knows before, so that no answer can be kept from an earlier one.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from flowleague.judge.checked import CheckedModel
from flowleague.scorecard.metrics.efficiency import Turns

_WORKLOAD_IMAGES = 2000
_WORKLOAD_SIZES = (784, 512, 512, 784)


def take_turns(model: CheckedModel, n: int, turns: int) -> Turns:
    """Time `turns` calls of `generate` for n images each, in turns with the reference workload."""
    pairs = in_turns(lambda: model.generate(n, secrets.randbelow(2**31)), reference_workload(), turns)
    seconds = np.array([pair.model / n for pair in pairs])
    return Turns(seconds, np.array([pair.reference / _WORKLOAD_IMAGES for pair in pairs]), n * turns)


def reference_workload() -> Callable[[], torch.Tensor]:
    """A fixed piece of work: one pass of 2,000 images through a network with seeded weights."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(_WORKLOAD_IMAGES, _WORKLOAD_SIZES[0], generator=generator)
    sizes = pairwise(_WORKLOAD_SIZES)
    weights = [torch.randn(rows, columns, generator=generator) / rows**0.5 for rows, columns in sizes]

    def work() -> torch.Tensor:
        with torch.inference_mode():
            h = x
            for weight in weights:
                h = torch.nn.functional.silu(h @ weight)
            return h

    return work


@dataclass(frozen=True)
class Turn:
    """Seconds of one call of the model and of one call of the reference workload, one after the other."""

    model: float
    reference: float


def in_turns(model: Callable[[], object], reference: Callable[[], object], turns: int) -> list[Turn]:
    """Time two functions in turns, after one untimed call of each."""
    model()
    reference()
    return [Turn(_seconds(model), _seconds(reference)) for _ in range(turns)]


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
