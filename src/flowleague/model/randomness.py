"""Randomness that depends on what is drawn, not on when.

Every draw has an address, (seed, purpose, index), and a seed made of it. A run that was cut off continues with the
same draws without any state to restore, and sample number k is the same in any batch.

The noise of samples comes in blocks of 2,048 rows. An evaluator asks an entry's code for as many samples in one call,
and seeds torch before each call as the block is seeded: code that draws ``torch.randn(n, D)`` gets the same rows.
"""

import numpy as np
import torch
from torch import Tensor

NOISE_BLOCK = 2048  # what the contest's evaluator asks for in one call
_WHOLE = 16  # torch draws normal numbers 16 at a time: the first rows of a draw are the same for all multiples of this


def _address_seed(*address: int) -> int:
    """A seed for torch from an address: its hash (numpy's SeedSequence)."""
    # SeedSequence takes (1,) and (1, 0) for the same, so the length is part of the address
    (seed,) = np.random.SeedSequence((len(address), *address)).generate_state(1, np.uint64)
    return int(seed)


def noise_seed(seed: int, block: int) -> int:
    """The seed from which a block of the noise of samples is drawn.

    >>> drawn = torch.randn(2048, 9, generator=torch.Generator().manual_seed(noise_seed(7, 1)))
    >>> torch.equal(drawn[:5], noise(7, 2048, 2053, 9))
    True
    """
    return _address_seed(seed, 0, block)


def generator(device: torch.device | str, *address: int) -> torch.Generator:
    """A torch generator with the seed of an address, on a device.

    >>> both = [torch.rand(3, generator=generator("cpu", 7, 1, 2)) for _ in range(2)]
    >>> torch.equal(*both)
    True
    """
    return torch.Generator(device).manual_seed(_address_seed(*address))


def noise(seed: int, start: int, stop: int, size: int) -> Tensor:
    """Standard normal rows number `start` to `stop` - 1 of a seed's endless table, (stop - start, size), on the CPU.

    Rows are drawn in blocks of 2,048, so row k depends on the seed and k alone.

    >>> torch.equal(noise(7, 0, 10, 9)[4:], noise(7, 4, 10, 9))
    True
    """
    rows = [torch.empty(0, size)]
    for block in range(start // NOISE_BLOCK, -(-stop // NOISE_BLOCK)):
        first, last = (min(max(at - block * NOISE_BLOCK, 0), NOISE_BLOCK) for at in (start, stop))
        drawn = torch.randn(whole(last), size, generator=generator("cpu", seed, 0, block))
        rows.append(drawn[first:last])
    return torch.cat(rows)


def whole(n: int) -> int:
    """The least number of rows, n or more, of which the first n are those of any longer draw.

    >>> whole(1), whole(16), whole(17)
    (16, 16, 32)
    """
    return -(-n // _WHOLE) * _WHOLE
