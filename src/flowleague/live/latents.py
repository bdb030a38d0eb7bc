"""Where the flow's samples lie: the principal directions of the latents that it makes.

With samples x_1 .. x_n about their mean, X = U S V^T: the rows of V are the directions, S^2 / (n - 1) the variances
along them (Pearson 1901).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from flowleague.generator.model import LatentFlow
from flowleague.generator.randomness import noise

SAMPLES = 1000


@dataclass(frozen=True)
class Direction:
    """A principal direction: a unit vector (D), the standard deviation along it, and its share of the variance."""

    axis: list[float]
    deviation: float
    share: float


def principal_directions(model: LatentFlow, most: int = 6) -> list[Direction]:
    """The directions in which 1,000 samples of the flow vary most, the first the most, in the flow's space."""
    *_, z = model.paths(noise(0, 0, SAMPLES, model.recipe.vae.latent))
    x: Tensor = model.velocity.normalise(z).cpu().double()
    _, S, V = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    variances = S.square() / (SAMPLES - 1)
    shares = variances / variances.sum()
    return [
        Direction([round(a, 6) for a in V[k].tolist()], float(variances[k].sqrt()), float(shares[k]))
        for k in range(min(most, len(S)))
    ]
