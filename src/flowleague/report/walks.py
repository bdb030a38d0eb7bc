"""Walks: between two digits, and from noise to data.

straight     z_s = (1 - s) z_a + s z_b between two encoded digits, decoded
great circle  both digits are followed back along the flow to their noises x_a, x_b at t = 0; in between,
             x_s = sin((1 - s) θ)/sin θ x_a + sin(s θ)/sin θ x_b  (Shoemake 1985), which the flow carries to data again
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.data import Split
from flowleague.generator.model import LatentFlow
from flowleague.generator.randomness import noise
from flowleague.generator.solvers import at_one_time, solve
from flowleague.report.missing import Missing, finite

STOPS = 11
FRAMES = 20  # of a path from t = 0 to t = 1, beside the first
FINE = 20  # RK4 steps on the way to noise and back


@dataclass(frozen=True)
class Walks:
    """Images (P, STOPS, 1, 28, 28) of P pairs of digits, straight between latents and along the flow's noise."""

    straight: NDArray[np.float32]
    flow: NDArray[np.float32]
    pairs: list[tuple[int, int]]


@dataclass(frozen=True)
class Paths:
    """Samples on their way: images (T + 1, N, 1, 28, 28), and the latents (T + 1, M, D) of more of them."""

    images: NDArray[np.float32]
    latents: NDArray[np.float32]


def interpolations(model: LatentFlow, digits: Split) -> Walks:
    """Between the first test digits of classes 0 and 1, 2 and 3, ... of those that there are."""
    first = {int(c): int(np.argmax(digits.labels == c)) for c in np.unique(digits.labels)}
    classes = sorted(first)
    pairs = list(zip(classes[::2], classes[1::2], strict=False))
    if not pairs:
        raise Missing("The test digits are all of one class, so there is nothing to walk between.")
    a, b = (model.encode(torch.from_numpy(digits.pixels()[[first[p[i]] for p in pairs]])) for i in (0, 1))
    s = torch.linspace(0, 1, STOPS)[None, :, None]
    straight = (1 - s) * a[:, None] + s * b[:, None]
    x_a, x_b = (to_noise(model, z) for z in (a, b))
    between = great_circle(x_a, x_b, s)
    x_1 = solve(at_one_time(model.velocity), between.flatten(0, 1), "rk4", FINE)
    rows = (straight.flatten(0, 1), model.velocity.denormalise(x_1))
    images = [finite(model.decode(z).numpy(), "interpolations").reshape(len(pairs), STOPS, 1, 28, 28) for z in rows]
    return Walks(images[0], images[1], pairs)


@torch.no_grad()
def to_noise(model: LatentFlow, z: Tensor) -> Tensor:
    """The noise x_0 (B, D) that the flow carries to latents z (B, D): the equation solved backwards."""
    return solve(at_one_time(model.velocity), model.velocity.normalise(z), "rk4", FINE, start=1.0, end=0.0)


def great_circle(a: Tensor, b: Tensor, s: Tensor) -> Tensor:
    """Points (B, S, D) at shares s (1, S, 1) of the great circle between rows of a and b (B, D)."""
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = cosine.arccos()[:, None, None]
    return (((1 - s) * angle).sin() * a[:, None] + (s * angle).sin() * b[:, None]) / angle.sin()


def paths(model: LatentFlow, images: int, latents: int, seed: int = 0) -> Paths:
    """The first `images` samples of a seed drawn as images, and the first `latents` of them as points, at all times.

    They take the recipe's own steps, between which a path is drawn straight, so they end in the model's samples.
    """
    states = torch.stack(list(model.paths(noise(seed, 0, latents, model.recipe.vae.latent))))
    at = torch.linspace(0, len(states) - 1, FRAMES + 1)
    before = at.long().clamp(max=len(states) - 2)
    z = torch.lerp(states[before], states[before + 1], (at - before)[:, None, None])
    drawn = np.stack([model.decode(step[:images]).numpy() for step in z])
    return Paths(finite(drawn, "samples"), finite(z.numpy(), "the flow's paths"))
