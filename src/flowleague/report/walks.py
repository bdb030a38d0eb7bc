"""Walks: between two samples, and from noise to data.

straight      z_s = (1 - s) z_a + s z_b between the latents of two samples, decoded
great circle  eps_s = sin((1 - s) θ)/sin θ eps_a + sin(s θ)/sin θ eps_b between their noises (Shoemake 1985), which the
              flow carries to data as it carries any noise
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.sampler import points
from flowleague.report.missing import finite

STOPS = 11


@dataclass(frozen=True)
class Walks:
    """Images (P, STOPS, 1, 28, 28) between P pairs of samples, straight between latents and along the flow's noise."""

    straight: NDArray[np.float32]
    flow: NDArray[np.float32]


@dataclass(frozen=True)
class Paths:
    """Samples on their way: images (T, N, 1, 28, 28), and the latents (T, M, D) of more of them."""

    images: NDArray[np.float32]
    latents: NDArray[np.float32]


@torch.no_grad()
def interpolations(model: LatentFlow, pairs: int = 5, seed: int = 0) -> Walks:
    """Between the samples 0 and 1, 2 and 3, ... of a seed, by the recipe's own solver and steps."""
    eps = noise(seed, 0, 2 * pairs, model.recipe.vae.latent)
    *_, z = model.paths(eps)
    s = torch.linspace(0, 1, STOPS)[None, :, None]
    straight = (1 - s) * z[::2, None] + s * z[1::2, None]
    *_, carried = model.paths(great_circle(eps[::2], eps[1::2], s).flatten(0, 1))
    walks = (straight.flatten(0, 1), carried)
    images = [finite(model.decode(z).numpy(), "interpolations").reshape(pairs, STOPS, 1, 28, 28) for z in walks]
    return Walks(*images)


def great_circle(a: Tensor, b: Tensor, s: Tensor) -> Tensor:
    """Points (B, S, D) at shares s (1, S, 1) of the great circle between rows of a and b (B, D)."""
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = cosine.arccos()[:, None, None]
    return (((1 - s) * angle).sin() * a[:, None] + (s * angle).sin() * b[:, None]) / angle.sin()


def paths(model: LatentFlow, images: int, latents: int, seed: int = 0) -> Paths:
    """The first `images` samples of a seed drawn as images, and the first `latents` of them as points, at all times.

    They take the recipe's own steps, between which a path is drawn straight, so they end in the model's samples.
    """
    eps = noise(seed, 0, latents, model.recipe.vae.latent)
    z = points(model.paths(eps))
    drawn = np.stack([model.vae.decode(step).numpy() for step in model.film(eps[:images])])
    return Paths(finite(drawn, "samples"), finite(z.numpy(), "the flow's paths"))
