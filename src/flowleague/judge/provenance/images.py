"""The images that are compared: all test images, control images that honest training has not seen, training images.

Control images are the validation images, or the lost digits of MNIST, which have the test images' writers. They come in
two halves without a common writer: the second is for a look with fresh images.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.data import Split, TrainingData
from flowleague.data.qmnist import TEST, TRAIN, Lost, is_student, load_writers
from flowleague.judge.provenance.statistics import Effect, contrast

TRAINING = 5000  # images of the training split that are looked at
_HALVES, _ROWS = 2031, 2032  # seeds of the halves of the control images, and of the choice of training images


@dataclass(frozen=True)
class Images:
    """N images (N, 1, 28, 28) in [0, 1] with labels (N,), of the parts "test", "control" and "training", (N,).

    `writers` are None where nobody knows them. `control` says in words what the control images are.
    """

    pixels: Tensor
    labels: Tensor
    part: NDArray[np.str_]
    writers: NDArray[np.uint16] | None
    control: str

    def effect(self, values: NDArray[np.float64], part: str = "test") -> Effect:
        """The contrast of a part to the control images, clustered by writer and adjusted for the students' half."""
        rows = np.isin(self.part, (part, "control"))
        writers = None if self.writers is None else self.writers[rows]
        hard = None if writers is None else is_student(writers)
        return contrast(values[rows], self.part[rows] == part, hard, writers)


def gather(data: TrainingData, test: Split, half: int, writers_known: bool, lost: Lost | None = None) -> Images:
    """The images of a look: the test images, a half (0 or 1) of the control images, and some training images.

    `writers_known` where the digits are MNIST's; `lost` digits replace the validation images as control.
    """
    rows = np.sort(np.random.default_rng(_ROWS).permutation(len(data.train))[:TRAINING])
    training = Split(data.train.images[rows], data.train.labels[rows])
    writers: list[NDArray] = []
    if writers_known:
        known = load_writers()
        train, test_writers = known.train[:TRAIN], known.test[:TEST]
        writers = [test_writers, lost.writers if lost else train[len(data.train) :], train[rows]]
    control = lost.split if lost else data.validation
    kept = _half(writers[1] if writers else np.arange(len(control)), half)
    parts = [test, Split(control.images[kept], control.labels[kept]), training]
    if writers:
        writers[1] = writers[1][kept]
    return Images(
        torch.from_numpy(np.concatenate([part.pixels() for part in parts])),
        torch.from_numpy(np.concatenate([part.labels for part in parts])).long(),
        np.repeat(["test", "control", "training"], [len(part) for part in parts]),
        np.concatenate(writers) if writers else None,
        "lost digits" if lost else "validation images",
    )


def _half(groups: NDArray, half: int) -> NDArray[np.bool_]:
    """Which of rows with groups (N,) are in a half: whole groups, chosen once and for all."""
    names = np.unique(groups)
    first = np.random.default_rng(_HALVES).permutation(names)[: len(names) // 2]
    return np.isin(groups, first) == (half == 0)
