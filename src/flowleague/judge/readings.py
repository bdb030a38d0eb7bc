"""Statistics of what a judge reads in images: confidence max_c p(c|x), and entropy -Σ p log p in nats."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Reading(Protocol):
    """What a judge saw in N images."""

    @property
    def log_probabilities(self) -> NDArray[np.float32]:
        """Calibrated log probabilities (N, 10)."""
        ...

    @property
    def features(self) -> NDArray[np.float32]:
        """Activations of the penultimate layer (N, F)."""
        ...


class Judge(Protocol):
    """A classifier that has proven itself; see `flowleague.judge.judges`."""

    @property
    def name(self) -> str:
        """Name of the judge."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of its weight file."""
        ...

    def read(self, images: NDArray[np.float32]) -> Reading:
        """Read float32 images (N, 1, 28, 28) in [0, 1]; deterministic."""
        ...


def statistics(log_p: NDArray) -> dict[str, float]:
    """Mean and bad tail of confidence and entropy over images, from log probabilities (N, 10).

    The bad tail is the 5th percentile of confidence and the 95th of entropy: what the worst twentieth looks like.
    """
    log_p = log_p.astype(np.float64)
    p = np.exp(log_p)
    confidence, entropy = p.max(1), -(p * np.where(p > 0, log_p, 0)).sum(1)
    return {
        "confidence": float(confidence.mean()),
        "confidence_p05": float(np.quantile(confidence, 0.05)),
        "entropy": float(entropy.mean()),
        "entropy_p95": float(np.quantile(entropy, 0.95)),
    }


def gaps(statistics_of: dict[str, float], real: dict[str, float]) -> dict[str, float]:
    """Distances of mean confidence and mean entropy from those of real test images: 0 is best, on both sides.

    A generator whose digits are surer than real ones is as far from the data as one whose digits are less sure.
    """
    return {f"{name}_gap": abs(statistics_of[name] - real[name]) for name in ("confidence", "entropy")}
