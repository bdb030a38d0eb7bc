"""Nearest training digits beside samples: does the model draw new digits, or copies?

Distances are Euclidean over 784 intensities, to all training images; real test digits have theirs, to compare with.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.data import Split
from flowleague.judge.evidence import RealDigits, flat
from flowleague.judge.kernels import nearest


@dataclass(frozen=True)
class Neighbours:
    """Samples (N, 1, 28, 28), the training digit nearest to each, and the distance (N,); and the distances of real
    test digits (R,) to theirs.
    """

    samples: NDArray[np.float32]
    training: NDArray[np.float32]
    distances: NDArray[np.float32]
    real: NDArray[np.float32]

    def closest(self, n: int) -> NDArray[np.int64]:
        """Numbers of the n samples that are nearest to a training digit."""
        return np.argsort(self.distances, kind="stable")[:n]


def find_neighbours(samples: NDArray[np.float32], digits: RealDigits) -> Neighbours:
    """The nearest training digit of every sample."""
    distances, numbers = nearest(flat(samples), digits.bank)
    training = Split(digits.train.images[numbers], digits.train.labels[numbers]).pixels()
    return Neighbours(samples, training, distances, digits.neighbours.training)
