"""What a model may not do although its figures would look well: each check has an honest margin and a finding.

    depends_on_batch       what encode or decode says of an image changes with the images beside it
    hidden_bits            reconstruction lives in float digits that rounding latents to 8 bits takes away
    stored_bank            samples of different seeds repeat each other like draws from stored images
    parameters_disagree    the weight files hold another count of numbers than the programs

A stored bank shows in the correlation integral C(r), the number of pairs of samples nearer than r (Grassberger &
Procaccia 1983). For samples with d degrees of freedom C(r) grows as r^d, and d is 3 or more for what a flow makes of
3 to 49 latents; for draws from a bank it stays level between the noise that may have been added and the distance
of one stored image to the next. Pairs of different seeds are counted, so that a bank dealt without repetition is
found too. From N images, P pairs hold P / N repeats on average (the birthday bound), which tells N.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.entrant.model import Array, Facts
from flowleague.judge.checked import CheckedModel
from flowleague.judge.kernels import bank, squared_distances
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.text import number

_LEVELS = 255  # steps of an 8-bit grid
_HIDDEN_SHARE = 0.05  # of the squared error: honest models lose 0.0001 to 0.0008 of it (n = 4)
_INVISIBLE = 1e-5  # squared error of less than one level of an 8-bit image, which is not held against anyone
_SMALL_BATCH, _AGAIN = 50, 200  # images that are shown once more, in other company
_FLOAT_NOISE = 1e-5  # of a latent, relative to the largest of its dimension; honest models stay below 1e-6
_PIXEL_NOISE = 1e-3
QUERIES = 1000
_RADII = (0.05, 0.1, 0.2, 0.4)  # Euclidean, over 784 intensities; real digits of one kind lie 2 to 6 apart
WIDER, _LEVEL = 4, 2  # C(4 r) < 2 C(r): fewer than half a degree of freedom
_FEWEST = 30  # repeats that are no chance
_COUNT_SHARE, _COUNT_NUMBERS = 0.05, 1024  # by which counts may differ: time grids, constants, counters of batches


def to_8_bits(latents: Array) -> Array:
    """Latents (N, D) moved to the nearest of 256 even steps over the range that each dimension has in them."""
    low = latents.min(0).astype(np.float64)
    step = grid_step(latents)
    levels = np.rint((latents - low) / np.where(step > 0, step, 1.0))
    return (low + levels * step).astype(np.float32)


def grid_step(latents: Array) -> NDArray[np.float64]:
    """The distance (D,) between neighbouring levels of the 8-bit grid of latents (N, D)."""
    return (latents.max(0).astype(np.float64) - latents.min(0)) / _LEVELS


def hidden_bits(raw: NDArray, rounded: NDArray) -> Unmeasurable | None:
    """The finding when squared errors (N,) from rounded latents exceed those from raw ones by more than honest."""
    before, after = float(raw.mean()), float(rounded.mean())
    if after <= before * (1 + _HIDDEN_SHARE) + _INVISIBLE:
        return None
    return Unmeasurable(
        "hidden_bits",
        f"The squared error is {number(before, 3)}, and {number(after, 3)} when latents are rounded to 8 bits over "
        "their range: the images are kept in digits that no flow can learn. The rounded figures count.",
        "Let every latent be a quantity whose size matters, not a code.",
    )


def depends_on_batch(model: CheckedModel, images: Array, latents: Array, decoded: Array) -> Unmeasurable | None:
    """The finding when latents or decodings of images change in other company.

    `latents` and `decoded` are what the model made of the `images` in their order. Some are shown again in small
    batches and another order. Latents may differ by float noise, or by half a step of the 8-bit grid: what is
    written below that, rounding takes away.
    """
    rng = np.random.default_rng(_AGAIN)
    chosen = rng.permutation(len(images))[:_AGAIN]
    parts = [chosen[i : i + _SMALL_BATCH] for i in range(0, len(chosen), _SMALL_BATCH)]
    z = np.concatenate([model.encode(images[part]) for part in parts])
    y = np.concatenate([model.decode(latents[part]) for part in parts])
    margin = np.maximum(grid_step(latents) / 2, _FLOAT_NOISE * np.abs(latents).max(0))
    if (np.abs(z - latents[chosen]) > margin).any():
        return _in_other_company("encode", "latents")
    if (np.abs(y - decoded[chosen]) > _PIXEL_NOISE).any():
        return _in_other_company("decode", "pixels")
    return None


def _in_other_company(call: str, what: str) -> Unmeasurable:
    """The finding for a call whose answer about one image depends on the others."""
    return Unmeasurable(
        "depends_on_batch",
        f"The {what} that {call} returns for an image change with the images beside it.",
        "Call .eval() on networks with batch normalisation or dropout, and keep nothing between calls.",
    )


class Repeats:
    """Pairs of samples of different seeds that are close, counted as the seeds come in: C(r) at all radii."""

    def __init__(self) -> None:
        self.radii = np.array([*_RADII, *(WIDER * r for r in _RADII)])
        self.close = np.zeros(len(self.radii), np.int64)
        self.pairs = 0
        self._queries: NDArray | None = None

    def add(self, samples: NDArray) -> None:
        """Compare samples (N, 784) with some of the first seed's, and keep some of them if they are the first."""
        if self._queries is None:
            self._queries = samples[:QUERIES].copy()
            return
        for block in squared_distances(torch.from_numpy(self._queries), bank(samples)):
            near = block[block < float(self.radii.max() ** 2)].sqrt().numpy()
            self.close += (near[:, None] < self.radii).sum(0)
        self.pairs += len(self._queries) * len(samples)

    def finding(self) -> Unmeasurable | None:
        """The finding when the samples are like draws from a bank, with the size that it seems to have."""
        narrow, wide = self.close[: len(_RADII)], self.close[len(_RADII) :]
        stored = (narrow >= _FEWEST) & (wide < _LEVEL * narrow)
        if not stored.any():
            return None
        repeats = int(narrow[stored].max())
        return Unmeasurable(
            "stored_bank",
            f"Of {self.pairs:,} pairs of samples of different seeds, {repeats:,} show the same image, as if they were "
            f"drawn from about {round_to_2(self.pairs / repeats):,} stored images.",
            "Make every sample from noise of its own.",
        )


def round_to_2(value: float) -> int:
    """A number >= 1 to two significant digits."""
    unit = 10 ** max(math.floor(math.log10(value)) - 1, 0)
    return round(value / unit) * unit


def parameters_disagree(facts: Facts) -> Unmeasurable | None:
    """The finding when weight files and programs hold clearly different counts of numbers."""
    stored = sum(file.numbers for file in facts.weights)
    if facts.reachable is None or abs(facts.reachable - stored) <= _COUNT_SHARE * stored + _COUNT_NUMBERS:
        return None
    return Unmeasurable(
        "parameters_disagree",
        f"The weight files hold {stored:,} numbers, and its programs {facts.reachable:,}. The larger count is taken.",
        "Keep all numbers of the model in its weight files, and nothing else in them.",
    )
