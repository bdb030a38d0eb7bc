"""QMNIST (Yadav & Bottou 2019, arXiv:1905.10498): who wrote each digit of MNIST, and the 50,000 lost test digits.

NIST's employees (series 0 and 1, writers below 2100) wrote half of the digits, high-school students (series 4, writers
from 2100 on) the harder half. Nobody wrote both training and test digits of MNIST; 250 of the 297 writers of test
digits wrote lost digits too.

`WRITERS` ships: 120,000 big-endian uint16, of the 60,000 training digits, the 10,000 test digits and the 50,000 lost
ones, in MNIST's order, compressed by xz. It was made from the published label files by

    python -m flowleague.data.qmnist FOLDER

whose licence is beside it. The lost digits are read from a folder or downloaded, and checked by hash.
"""

import gzip
import hashlib
import lzma
import struct
import sys
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowleague.data.idx import parse_idx
from flowleague.data.sources import download
from flowleague.data.splits import Split
from flowleague.errors import DataError, OutputError
from flowleague.files import at_home, cache_folder, write_atomically

WRITERS = "qmnist-writers.xz"
TRAIN, TEST = 60_000, 10_000
FIRST_STUDENT = 2100  # the least number of a writer of series 4
_SOURCE = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"
_MD5 = {  # as published with torchvision's loader
    "qmnist-train-labels-idx2-int.gz": "0058f8dd561b90ffdd0f734c6a30e5e4",
    "qmnist-test-labels-idx2-int.gz": "5b5b05890a5e13444e108efe57b788aa",
    "qmnist-test-images-idx3-ubyte.gz": "1394631089c404de565df7b7aeaf9412",
}
_RAW_SHA256 = {  # of the same, unpacked; of the images nobody publishes one
    "qmnist-train-labels-idx2-int.gz": "bb1b6e1ec7b04fd5696f1ed50b5f58f8ef195118edd5c93c81783df9740b8ac5",
    "qmnist-test-labels-idx2-int.gz": "92d0ccb8c25f9c6534270fb4be7e1d24a1c6d315edfc8a638bfbd31c70f362dd",
}
_COLUMNS = 8  # digit, series, writer, number among the writer's, class code, global number, duplicate, unused


@dataclass(frozen=True)
class Writers:
    """The number of the writer of each digit: of training (60,000), test (10,000) and lost digits (50,000)."""

    train: NDArray[np.uint16]
    test: NDArray[np.uint16]
    lost: NDArray[np.uint16]


@dataclass(frozen=True)
class Lost:
    """Digits that MNIST's authors kept back, never published until 2019, and their writers (N,)."""

    split: Split
    writers: NDArray[np.uint16]


@lru_cache(maxsize=1)
def load_writers() -> Writers:
    """The writers of MNIST's digits, as shipped.

    >>> writers = load_writers()
    >>> len(set(writers.train[:55000].tolist()) & set(writers.test.tolist()))
    0
    """
    raw = lzma.decompress(resources.files("flowleague.data").joinpath(WRITERS).read_bytes())
    ids = np.frombuffer(raw, ">u2").astype(np.uint16)
    return Writers(ids[:TRAIN], ids[TRAIN : TRAIN + TEST], ids[TRAIN + TEST :])


def is_student(writers: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Whether digits are of the harder half: written by high-school students.

    >>> is_student(np.array([12, 2099, 2100], np.uint16))
    array([False, False,  True])
    """
    return writers >= FIRST_STUDENT


def load_lost(folder: Path | None = None) -> Lost:
    """The 50,000 lost test digits, from a folder of QMNIST's files, the cache, or the public source.

    Raises `DataError` when they cannot be had or are not the published ones.
    """
    images = parse_idx(_file("qmnist-test-images-idx3-ubyte.gz", folder), "QMNIST's test images")
    labels = parse_labels(_file("qmnist-test-labels-idx2-int.gz", folder), "QMNIST's test labels")
    if len(images) != len(labels):
        raise DataError("QMNIST's test images and labels do not belong together; fetch both again.")
    lost = Split(images[TEST:], labels[TEST:, 0].astype(np.uint8))
    return Lost(lost, labels[TEST:, 2].astype(np.uint16))


def parse_labels(raw: bytes, where: str) -> NDArray[np.int32]:
    """Raw bytes of a file of extended labels, magic 0x0c02, as (N, 8); raises `DataError` in which `where` names it.

    >>> parse_labels(struct.pack(">3I8i", 0x0C02, 1, 8, 7, 4, 2154, 0, 37, 9, 0, 0), "labels")[0, :3]
    array([   7,    4, 2154], dtype=int32)
    """
    if len(raw) < 12 or raw[:4] != b"\0\0\x0c\x02":
        raise DataError(f"{where} is not an IDX file of integers in rows; give QMNIST's *-labels-idx2-int file.")
    rows, columns = struct.unpack(">2I", raw[4:12])
    if columns != _COLUMNS or len(raw) != 12 + 4 * rows * columns:
        raise DataError(f"{where} is truncated or altered; fetch it again.")
    return np.frombuffer(raw, ">i4", offset=12).astype(np.int32).reshape(rows, columns)


def write_writers(folder: Path, to: Path) -> None:
    """Make the shipped file from QMNIST's two label files in a folder."""
    names = ("qmnist-train-labels-idx2-int.gz", "qmnist-test-labels-idx2-int.gz")
    ids = np.concatenate([parse_labels(_file(name, folder), name)[:, 2] for name in names])
    write_atomically(to, lzma.compress(ids.astype(">u2").tobytes(), preset=9))


def _file(name: str, folder: Path | None) -> bytes:
    """The unpacked bytes of a published file: from a folder, packed or not, or else from the cache or the source."""
    places = [at_home(folder)] if folder else [cache_folder("data", "qmnist")]
    for path in (place / each for place in places for each in (name, name.removesuffix(".gz"))):
        if path.is_file():
            return _checked(path.read_bytes(), name, str(path))
    if folder:
        raise DataError(f"{folder} holds no {name}; QMNIST's files are published at {_SOURCE}")
    packed = _fetch(name)
    raw = _checked(packed, name, name)
    with suppress(OutputError):
        write_atomically(places[0] / name, packed)
    return raw


def _fetch(name: str) -> bytes:
    from flowleague.web import new_session

    try:
        with new_session() as session:
            return download(session, _SOURCE + name)
    except DataError as error:
        raise DataError(
            f"{name} cannot be downloaded ({error}); fetch it elsewhere from {_SOURCE} and name its folder."
        ) from error


def _checked(stored: bytes, name: str, where: str) -> bytes:
    """Unpack a file, once it is proven to be the published one; raises `DataError`."""
    packed = stored.startswith(b"\x1f\x8b")
    proven = (
        hashlib.md5(stored).hexdigest() == _MD5[name]
        if packed
        else hashlib.sha256(stored).hexdigest() == _RAW_SHA256.get(name)
    )
    if not proven:
        hint = "" if packed or name in _RAW_SHA256 else " (unpacked images cannot be checked: give the .gz)"
        raise DataError(f"{where} is not the published QMNIST file: its checksum differs{hint}; fetch it again.")
    try:
        return gzip.decompress(stored) if packed else stored
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{where} is truncated or unreadable ({error}); fetch it again.") from error


if __name__ == "__main__":
    write_writers(Path(sys.argv[1]), Path(__file__).with_name(WRITERS))
