"""Sketches of tensors: 64 bits each, that tell a tensor from its copies which were changed a little.

A sketch holds the signs of 64 projections of a tensor, less its mean, onto fixed random directions. Two tensors at an
angle of a differ in 64 a / π of them on average (Charikar 2002): independent ones in 32 ± 4, and tensors that differ
by a tenth of their length in 2. Sketches that differ in at most 6 bits are near.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

_BITS, _ALIKE = 64, 6  # so many may differ: of independent tensors 1 pair in 10^11 differs in fewer
_SKETCHED = 4096  # numbers of a tensor
_BYTES = _BITS // 8


def sketch(values: NDArray[np.float64]) -> str:
    """The sketch of a tensor's numbers (n,), as 16 hexadecimal digits."""
    values = values[:: -(-len(values) // _SKETCHED)]
    bits = _directions(len(values)) @ (values - values.mean()) > 0
    return np.packbits(bits).tobytes().hex()


@lru_cache(maxsize=64)
def _directions(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(n).choice(np.array([-1, 1], np.float32), (_BITS, n))


def is_near(one: int, other: int) -> bool:
    """Whether two sketches are near."""
    return (one ^ other).bit_count() <= _ALIKE


def first_near(sketches: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each of the sketches (n,), in their order, the number of the first one that is near it, be it its own.

    Two sketches that differ in at most 6 bits have two of their eight bytes in common. So only those are compared that
    agree in a pair of bytes: of independent sketches 28 in 65,536.

    >>> first_near(np.array([0b11, 2**64 - 1, 0, 2**40], np.uint64)).tolist()
    [0, 1, 0, 0]
    """
    different, first, place = np.unique(sketches, return_index=True, return_inverse=True)
    found = first.copy()
    parts = different.view(np.uint8).reshape(-1, _BYTES).astype(np.uint16)
    for a, b in combinations(range(_BYTES), _BYTES - _ALIKE):
        key = parts[:, a] << np.uint16(8) | parts[:, b]
        order = key.argsort(kind="stable")
        key = key[order]
        same = np.arange(len(order))
        for step in range(1, len(order)):
            same = same[same + step < len(order)]
            same = same[key[same] == key[same + step]]  # sorted, so what agrees here agreed at every smaller step
            if not len(same):
                break
            one, other = order[same], order[same + step]
            near = np.bitwise_count(different[one] ^ different[other]) <= _ALIKE
            one, other = one[near], other[near]
            np.minimum.at(found, one, first[other])
            np.minimum.at(found, other, first[one])
    return found[place]
