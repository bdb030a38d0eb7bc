"""Category 2, VAE generation consistency: is the latent space filled with digits between and around the data?

Three kinds of latents are decoded and read by the judges:
    gaussian         z ~ N(μ, Σ), fitted to encoded training images
    midpoint         (z_i + z_j) / 2 of two encoded test images i ≠ j
    standard_normal  z ~ N(0, I), what a VAE promises; shown, and not ranked
"""

import numpy as np
from numpy.typing import NDArray

from flowleague.judge.readings import gaps
from flowleague.scorecard.metrics.frechet import fit
from flowleague.scorecard.metrics.ood import View
from flowleague.scorecard.metrics.quality import read


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


def measure_consistency(source: str, decoded: View, real: dict[str, float]) -> dict[str, float]:
    """Statistics of a judge's view of images decoded from one source, and their gaps to real ones."""
    figures = read(decoded)
    return {f"{source}_{name}": value for name, value in (figures | gaps(figures, real)).items()}
