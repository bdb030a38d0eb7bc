"""IDX, the file format of MNIST: a magic number, big-endian sizes, then unsigned bytes.

magic = 0x0000_08_dd    dd = number of dimensions (3 for images, 1 for labels)
sizes = dd x uint32     N, 28, 28  or  N
data  = bytes, row-major
"""

import math
import struct

import numpy as np
from numpy.typing import NDArray

from flowleague.errors import DataError

IMAGE_SIZE = 28


def parse_idx(raw: bytes, where: str) -> NDArray[np.uint8]:
    """Read raw IDX bytes into a uint8 array of shape (N, 28, 28) or (N,); raises `DataError`.

    `where` names the file in the error.
    """
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or raw[3] not in (1, 3):
        raise DataError(f"{where} is not an IDX file of bytes; give the original MNIST-layout file.")
    dimensions = raw[3]
    header = 4 + 4 * dimensions
    if len(raw) < header:
        raise DataError(f"{where} is truncated inside its header; fetch it again.")
    shape = struct.unpack(f">{dimensions}I", raw[4:header])
    if len(raw) - header != math.prod(shape):
        raise DataError(
            f"{where} is truncated or altered: it announces {math.prod(shape):,} bytes "
            f"and holds {len(raw) - header:,}; fetch it again."
        )
    if dimensions == 3 and shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        raise DataError(f"{where} holds {shape[1]}x{shape[2]} images; FlowLeague works on 28x28.")
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def to_idx(array: NDArray[np.uint8]) -> bytes:
    """Write a uint8 array of shape (N, 28, 28) or (N,) as raw IDX bytes: the inverse of `parse_idx`."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array, np.uint8).tobytes()
