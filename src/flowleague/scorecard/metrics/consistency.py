"""Category 2, VAE generation consistency: is the latent space filled with digits between and around the data?

Three kinds of latents are decoded and read by the judges:
    gaussian         z ~ N(μ, Σ), fitted to encoded training images
    midpoint         (z_i + z_j) / 2 of two encoded test images i ≠ j
    standard_normal  z ~ N(0, I), what a VAE promises; shown, and not ranked
"""

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics import quality
from flowleague.scorecard.metrics._base import FLOOR, REAL, CategoryKind, Evidence, Given, MetricKind
from flowleague.scorecard.metrics.frechet import fit


def gaussian_latents(encoded: NDArray, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """n draws (n, D) from the Gaussian fitted to encoded training images (N, D)."""
    gaussian = fit(encoded)
    # the symmetric root, so that the same draws on another machine give the same latents
    return (gaussian.mean + rng.standard_normal((n, encoded.shape[1])) @ gaussian.root).astype(np.float32)


def midpoint_latents(encoded: NDArray, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Midpoints (n, D) of pairs of different rows of encoded test images (N, D), N >= 2."""
    i = rng.integers(len(encoded), size=n)
    j = (i + rng.integers(1, len(encoded), size=n)) % len(encoded)
    return ((encoded[i] + encoded[j]) / 2).astype(np.float32)


def standard_normal_latents(size: int, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """n draws (n, size) from N(0, I)."""
    return rng.standard_normal((n, size)).astype(np.float32)


def _confidence_gap(e: Evidence) -> float:
    """How far the judges' mean confidence in {images} lies from that in real test images, on either side.

    *Why:* between and around latents there should be digits. *Gaming:* a decoder that snaps to prototypes is sure
    anywhere; it pays in reconstruction, and too sure is as bad as too unsure: the gap has two sides. The Gaussian is
    fitted to what the encoder gives, so scaling the latents gains nothing.
    """
    return quality.confidence_gap(e)


def _entropy_gap(e: Evidence) -> float:
    """How far the judges' mean entropy in {images} lies from that in real test images, on either side.

    *Why:* it sees doubt among several digits. *Gaming:* as the confidence gap.
    """
    return quality.entropy_gap(e)


def _confidence(e: Evidence) -> float:
    """Mean confidence of the judges in {images}.

    *Why:* the raw figure behind the gap; N(0, I) is what a VAE promises, and is not ranked because nothing asks a
    flow's latents to be normal. *Gaming:* shown, so nothing to win; noise read with certainty is out of distribution.
    """
    return quality.confidence(e)


def _unfamiliar(e: Evidence) -> float:
    """Share of {images} that are out of distribution for any judge.

    *Why:* it says how often p = 1/10 was read; real test images score at most 0.002, since the limit of each of the two
    judges is their own 99.9th percentile. *Gaming:* shown; it cannot be lowered without looking like digits to both
    judges' features.
    """
    return quality.unfamiliar(e)


def _gaps(given: Given, title: str) -> tuple[MetricKind, ...]:
    """Distances of mean readings from the real ones: these rank."""
    gap = f"{given}_confidence_gap", f"{title}: confidence gap", f"{given}_entropy_gap", f"{title}: entropy gap"
    return (
        MetricKind(gap[0], gap[1], "probability", "lower", given, _confidence_gap, FLOOR, noise=quality.GAP_NOISE),
        MetricKind(gap[2], gap[3], "nats", "lower", given, _entropy_gap, FLOOR, noise=quality.GAP_NOISE),
    )


def _readings(given: Given, title: str) -> tuple[MetricKind, ...]:
    """The readings themselves, shown beside the real ones."""
    rows = (
        ("confidence", "confidence", "probability", _confidence),
        ("confidence_p05", "confidence tail", "probability", quality.confidence_p05),
        ("entropy", "entropy", "nats", quality.entropy),
        ("entropy_p95", "entropy tail", "nats", quality.entropy_p95),
        ("unfamiliar", "out of distribution", "share", _unfamiliar),
    )
    return tuple(
        MetricKind(f"{given}_{name}", f"{title}: {what}", unit, "shown", given, formula, REAL)
        for name, what, unit, formula in rows
    )


CONSISTENCY = CategoryKind(
    "consistency",
    "VAE generation consistency",
    "consist.",
    "Three kinds of latents are decoded and read: draws of the Gaussian fitted to encoded training images; midpoints "
    "of two different encoded test images; N(0, I).",
    (
        *_gaps("gaussian", "Gaussian"),
        *_gaps("midpoint", "midpoints"),
        *_readings("gaussian", "Gaussian"),
        *_readings("midpoint", "midpoints"),
        *_readings("standard_normal", "N(0, I)"),
    ),
)
