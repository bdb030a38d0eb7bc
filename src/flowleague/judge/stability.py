"""Whether a model answers alike with another number of threads and its rows in another order.

Sums are rounded otherwise then: honest models move pixels by less than 0.0001, but for a rare one whose latent falls to
the other side of a step. A program that amplifies the rounding, chaos by design, answers otherwise each time: its
figures could be chosen, and nobody could measure them again. That is the finding `unstable`.
"""

import numpy as np

from flowleague.entrant.model import Array, Model
from flowleague.judge.checked import CheckedModel
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.text import percent

_ROWS = 200
_PIXEL = 0.01
_SHARE = 0.05  # of the images: honest codes flip rarely


def unstable(model: CheckedModel, again: Model | None, images: Array, seed: int) -> dict[str, Unmeasurable]:
    """Findings by category for a model that answers otherwise again; none where it cannot be asked so."""
    if again is None:
        return {}
    other, x = model.like(again), images[:_ROWS]
    pairs = {
        "reconstruction": (model.decode(model.encode(x)), other.decode(other.encode(x))),
        "quality": (model.generate(_ROWS, seed), other.generate(_ROWS, seed)),
    }
    shares = {category: changed(first, second) for category, (first, second) in pairs.items()}
    found = {category: _finding(category, share) for category, share in shares.items() if share > _SHARE}
    spoilt = {"reconstruction": "consistency", "quality": "diversity"}
    return found | {spoilt[category]: finding for category, finding in found.items()}


def changed(first: Array, second: Array) -> float:
    """The share of images (N, 1, 28, 28) in which a pixel differs clearly."""
    return float((np.abs(first - second).max((1, 2, 3)) > _PIXEL).mean())


def _finding(category: str, share: float) -> Unmeasurable:
    what = "samples" if category == "quality" else "reconstructions"
    return Unmeasurable(
        "unstable",
        f"{percent(share)} of {what} change when they are computed with other threads and in another order.",
        "Compute nothing that makes a rounding error large.",
    )
