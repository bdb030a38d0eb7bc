"""Arrays that take long to compute and are the same for every entry, kept in the user's cache."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from flowleague.errors import OutputError
from flowleague.files import cache_folder, write_atomically

_VERSION = 1  # raise it when what is cached changes its meaning


def cached(key: str, rows: int, compute: Callable[[], dict[str, NDArray]]) -> dict[str, NDArray]:
    """Arrays of so many rows from the user's cache, or computed and kept there.

    A file that is damaged is computed again, and a cache that cannot be written is no error.
    """
    name = hashlib.sha256(f"{_VERSION}{key}".encode()).hexdigest()
    path = cache_folder("judge") / f"{name}.npz"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            arrays = dict(held)
        if arrays and all(len(array) == rows for array in arrays.values()):
            return arrays
    except (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        pass  # absent or damaged
    arrays = compute()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    with suppress(OutputError):
        write_atomically(path, buffer.getvalue())
    return arrays
