"""Randomness that depends on what is drawn, not on when.

Every draw has an address - (seed, purpose, index) - and a generator of its own. A run that was cut off goes on with
the same numbers without any state to restore, and sample number k is the same in any batch.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

NOISE_BLOCK = 256


def generator(device: torch.device | str, *address: int) -> torch.Generator:
    """A torch generator seeded by a hash of the address (numpy's SeedSequence)."""
    # SeedSequence takes (1,) and (1, 0) for the same, so the length is part of the address
    (seed,) = np.random.SeedSequence((len(address), *address)).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(seed))


def noise(seed: int, start: int, stop: int, size: int) -> Tensor:
    """Standard normal rows number `start` to `stop` - 1 of a seed's endless table, (stop - start, size), on the CPU.

    Rows are drawn in blocks of 256, so row k depends on the seed and k alone.
    """
    first, last = start // NOISE_BLOCK, -(-stop // NOISE_BLOCK)
    blocks = [
        torch.randn(NOISE_BLOCK, size, generator=generator("cpu", seed, 0, block)) for block in range(first, last)
    ]
    offset = first * NOISE_BLOCK
    return torch.cat(blocks)[start - offset : stop - offset] if blocks else torch.empty(0, size)


def epoch_rows(seed: int, stage: int, n: int, batch: int, step: int) -> Tensor:
    """Indices (batch,) of the rows of step number `step` when n rows are gone through in shuffled epochs.

    A batch may straddle two epochs. Every row is seen once before any is seen twice.
    """
    position = step * batch
    parts, wanted = [], batch
    while wanted:
        epoch, offset = divmod(position, n)
        part = _permutation(seed, stage, n, epoch)[offset : offset + wanted]
        parts.append(part)
        position += len(part)
        wanted -= len(part)
    return torch.cat(parts)


@lru_cache(maxsize=2)
def _permutation(seed: int, stage: int, n: int, epoch: int) -> Tensor:
    """The order of an epoch; the last ones are remembered."""
    return torch.randperm(n, generator=generator("cpu", seed, stage, epoch, 1))
