"""The splits. Training and validation are cut from the training files; the test files are held out.

    train       images 0 .. N - N//12 - 1     55,000 of MNIST
    validation  the last N//12                 5,000 of MNIST

MNIST's validation split shares writers with train: 251 of its 282 writers wrote training digits too (by the writer ids
of QMNIST, Yadav & Bottou 2019, arXiv:1905.10498). So it measures generalisation to new digits, not to new
writers.

`load_training` never opens a test file. `load_test` is for measuring only: no module of `training` imports it
(a test reads their sources), and inside `no_test_images` it raises.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowleague.data.datasets import TEST_PARTS, TRAINING_PARTS
from flowleague.data.idx import parse_idx
from flowleague.data.sources import read_parts
from flowleague.errors import DataError, HeldOutError

_VALIDATION_SHARE = 12

_sealed: ContextVar[bool] = ContextVar("sealed", default=False)


@dataclass(frozen=True)
class Split:
    """Images as bytes (N, 28, 28) and their labels (N,); read-only arrays.

    >>> Split(np.full((2, 28, 28), 255, np.uint8), np.zeros(2, np.uint8)).pixels().max()
    np.float32(1.0)
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.images)

    def pixels(self, first: int | None = None) -> NDArray[np.float32]:
        """The images, or the first ones, as float32 in [0, 1], (N, 1, 28, 28): the pixel convention everywhere."""
        return self.images[:first, None].astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class TrainingData:
    """What training and selection may see, and the SHA-256 of the two raw files it was cut from."""

    train: Split
    validation: Split
    sha256: dict[str, str]


def load_training(dataset: str = "mnist", folder: str | Path | None = None) -> TrainingData:
    """Load the train and validation splits of a data set (a name, or a folder of IDX files).

    Images are bytes (N, 28, 28). Raises `DataError` when they cannot be found, downloaded or verified.
    """
    whole, sha256 = _load(dataset, TRAINING_PARTS, folder)
    cut = len(whole) - len(whole) // _VALIDATION_SHARE
    train = Split(whole.images[:cut], whole.labels[:cut])
    return TrainingData(train, Split(whole.images[cut:], whole.labels[cut:]), sha256)


def load_test(dataset: str = "mnist", folder: str | Path | None = None) -> Split:
    """Load the test images, for measuring a finished model. Raises `DataError`, or `HeldOutError` in training."""
    if _sealed.get():
        raise HeldOutError("The test images are held out: training and selection use the validation split.")
    return _load(dataset, TEST_PARTS, folder)[0]


@contextmanager
def no_test_images() -> Iterator[None]:
    """Within this context `load_test` raises `HeldOutError`."""
    token = _sealed.set(True)
    try:
        yield
    finally:
        _sealed.reset(token)


def _load(dataset: str, parts: tuple, folder: str | Path | None) -> tuple[Split, dict[str, str]]:
    raw = read_parts(dataset, parts, folder)
    images, labels = (parse_idx(raw[part], f"The {part} file of {dataset}") for part in parts)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DataError(f"The {parts[0]} and {parts[1]} files of {dataset} do not belong together.")
    return Split(images, labels), {part: hashlib.sha256(raw[part]).hexdigest() for part in parts}
