"""What golden files hold: texts and arrays, and the digits that they are made of.

NAME.npz         arrays, compared within a tolerance
NAME.bits.json   hashes of floats in full: equal on one machine only, so `here.py` alone compares them
others           texts, compared as they are; numbers that were computed in floats go into .npz, or into .jsonl,
                 whose numbers are compared within a tolerance too
"""

import hashlib
import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowleague.data import Split, TrainingData, load_test, load_training

Content = str | dict[str, NDArray]


@cache
def training_digits() -> TrainingData:
    """MNIST's training data, read once."""
    return load_training("mnist")


@cache
def held_out_digits() -> Split:
    """MNIST's test images, read once."""
    return load_test("mnist")


def sha256_of(arrays: dict[str, NDArray]) -> str:
    """One hash of named arrays: names, shapes, types and bits."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def summary_of(array: NDArray) -> list[float]:
    """Size, mean, root mean square, and a sum in which every place has another weight, scaled like a mean."""
    flat = array.astype(np.float64).ravel()
    weights = np.cos(np.arange(flat.size))
    return [float(flat.size), float(flat.mean()), float((flat**2).mean() ** 0.5), float(weights @ flat) / flat.size]


def write(folder: Path, files: dict[str, Content]) -> None:
    """Write the files of a part, the same bytes every time."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_bytes(content.encode())
        else:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **content)
            path.write_bytes(buffer.getvalue())
