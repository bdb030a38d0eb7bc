"""The numbers that a replay draws: each has an address, and no generator has a state.

    counter = (block, draw, portion, 0), key = the seed's 64 bits, four 32-bit words x0 .. x3 by Philox4x32-10
              (Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3. SC 2011)
    uniform   the word's upper 24 bits / 2^24, in [0, 1): element 4 b + i is word i of block b
    normal    Box and Muller in float64, from u = (x0 + 1) / 2^32 and v = x1 / 2^32 (then x2, x3):
              sqrt(-2 ln u) cos(2 pi v), sqrt(-2 ln u) sin(2 pi v), rounded to float32

`draw` is the number of the draw in its program. The same arithmetic runs in a page: 32-bit products and float64.

One draw is not of this kind: the noise that a generator starts from, a program's first draw where it is normal, with at
most 49 numbers for each row of the batch. It is the judge's own table of noise, `flowleague.model.randomness`, by the
number of the row. So the same weights give the same samples, be they a bundle, code or programs.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from flowleague.model.randomness import noise
from flowleague.program.format import Draw

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUNDS = 10


def philox(blocks: int, draw: int, portion: int, seed: int) -> NDArray[np.uint32]:
    """Words (blocks, 4) at the counters (0 .. blocks - 1, draw, portion, 0) under the lower 64 bits of the seed."""
    c0 = np.arange(blocks, dtype=np.uint64)
    c1, c2, c3 = (np.full(blocks, value & 0xFFFFFFFF, np.uint64) for value in (draw, portion, 0))
    key0, key1 = seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (p1 >> _HALF) ^ c1 ^ np.uint64(key0),
            p1 & _LOW,
            (p0 >> _HALF) ^ c3 ^ np.uint64(key1),
            p0 & _LOW,
        )
        key0, key1 = key0 + _WEYL[0] & 0xFFFFFFFF, key1 + _WEYL[1] & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], 1).astype(np.uint32)


def drawn(draws: Sequence[Draw], batch: int, seed: int, portion: int, first: int) -> list[NDArray[np.float32]]:
    """The numbers of a program's draws for portion number `portion`, which begins with row number `first`.

    >>> drawn([Draw("normal", (10, 9))], 10, 7, 1, 8)[0][1:3].tolist() == noise(7, 9, 11, 9).tolist()
    True
    """
    return [
        noise(seed, first, first + batch, prod(draw.shape[1:])).numpy().reshape(draw.shape)
        if number == 0 and draw.starts(batch)
        else numbers(draw, number, portion, seed)
        for number, draw in enumerate(draws)
    ]


def numbers(draw: Draw, number: int, portion: int, seed: int) -> NDArray[np.float32]:
    """The float32 numbers of a program's draw for one portion.

    >>> numbers(Draw("uniform", (2,)), 0, 0, 1).dtype
    dtype('float32')
    """
    count = draw.spec.elements
    words = philox(-(-count // 4), number, portion, seed).reshape(-1)
    flat = (words >> np.uint32(8)).astype(np.float32) / np.float32(2**24) if draw.kind == "uniform" else _normal(words)
    return flat[:count].reshape(draw.shape)


def _normal(words: NDArray[np.uint32]) -> NDArray[np.float32]:
    u, v = (words[0::2].astype(np.float64) + 1) / 2**32, words[1::2].astype(np.float64) / 2**32
    radius, angle = np.sqrt(-2 * np.log(u)), 2 * np.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1).astype(np.float32)
