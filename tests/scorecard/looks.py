"""Evidence of one judge, made by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from flowleague.scorecard.metrics._base import Nearness, View


@dataclass
class Looks:
    """The images and the real ones as one judge sees them."""

    view: View
    real: View
    frequencies: np.ndarray = field(default_factory=lambda: np.full(10, 0.1))
    shares: Mapping[str, float] = field(default_factory=dict)
    nearness: Nearness = field(default_factory=lambda: Nearness(np.ones(10), np.ones(10)))


def viewed(features, classes, count=10):
    """Images with such features, read with certainty as such classes."""
    log_p = np.log(np.eye(count)[classes].clip(1e-9))
    return View(log_p, features, features, classes, np.zeros(len(classes), bool))


def read_as(log_p):
    """Images that are read with such log probabilities."""
    features = np.zeros((len(log_p), 2), np.float32)
    return View(log_p, features, features, log_p.argmax(1), np.zeros(len(log_p), bool))
