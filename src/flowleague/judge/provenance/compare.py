"""An entry beside honest models, image by image: flow-matching loss with common noise, and reconstruction error.

With l_i(m) the value of image i under model m, an entry v and shadows s = 1..S:

    d_i = l_i(v) - mean_s l_i(s)            effect = contrast of test to control images in d

A flow or a VAE that was trained on the test images is better there than models that were not, and no better on control
images. The honest values are those of each shadow against the other ones. How hard an image is cancels in d.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.bundle.recipe import FlowRecipe
from flowleague.judge.provenance.images import Images
from flowleague.judge.provenance.statistics import Effect, is_lowest, sign_flip_p, writer_gaps
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import generator
from flowleague.model.source import clustered, in_cluster
from flowleague.model.velocity import Velocity
from flowleague.training.objectives import sample_times

_DRAWS = 16  # of noise and time, for each image
_PORTION = 2000  # images
_PERMUTATIONS = 9999
_NOISE = 2033  # seed of what is common to all models
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """The effect on test images, on training images for comparison, and the effects on test images of honest models.

    `p` is a permutation p-value by writer, where the control images have the same writers.
    """

    effect: Effect
    training: Effect
    honest: tuple[Effect, ...]
    p: float | None = None

    @property
    def is_lowest(self) -> bool:
        """Whether the entry lies below all honest models."""
        return is_lowest(self.effect.z, [each.z for each in self.honest])


def compare(entry: Values, shadows: Sequence[Values], images: Images) -> Compared:
    """Values (N,) of an entry and of two shadows or more, on the images."""
    d = entry - np.mean(shadows, axis=0)
    others = [np.mean([*shadows[:s], *shadows[s + 1 :]], axis=0) for s in range(len(shadows))]
    honest = tuple(images.effect(mine - rest) for mine, rest in zip(shadows, others, strict=True))
    return Compared(images.effect(d), images.effect(d, "training"), honest, _p_value(d, images))


def _p_value(d: Values, images: Images) -> float | None:
    """Only lost digits may change places with a writer's test digits; validation images have other writers."""
    if images.control != "lost digits" or images.writers is None:
        return None
    rows = images.part != "training"
    gaps = writer_gaps(d[rows], images.part[rows] == "test", images.writers[rows])
    return sign_flip_p(gaps, _PERMUTATIONS, _NOISE)


@torch.no_grad()
def posterior(model: LatentFlow, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log sigma^2 of the posterior of images (N, 1, 28, 28), each (N, D)."""
    mu, log_var = zip(*(model.vae.posterior(part) for part in pixels.split(_PORTION)), strict=True)
    return torch.cat(mu), torch.cat(log_var)


@torch.no_grad()
def flow_losses(
    velocity: Velocity, recipe: FlowRecipe, latents: tuple[Tensor, Tensor], labels: Tensor, draws: int = _DRAWS
) -> Values:
    """The flow-matching loss of each image, (N,), mean over draws of noise and uniform time that all models share.

    `latents` are mean and log sigma^2 of the posteriors, each (N, D); the loss is that of
    `flowleague.training.objectives`, with the independent coupling.
    """
    mu, log_var = latents
    total = torch.zeros(len(mu))
    for draw in range(draws):
        rng = generator("cpu", _NOISE, draw)
        noise, spread = (torch.randn(mu.shape, generator=rng) for _ in range(2))
        t = sample_times(len(mu), "uniform", rng)
        z = mu + (0.5 * log_var).exp() * spread if recipe.targets == "sample" else mu
        x_1, x_0 = velocity.normalise(z), clustered(in_cluster(noise, labels, recipe.clusters), recipe.clusters)
        x_t = torch.lerp(x_0, x_1, t[:, None])
        total += (velocity(x_t, t) - (x_1 - x_0)).square().mean(dim=1)
    return (total / draws).double().numpy()


@torch.no_grad()
def log_errors(model: LatentFlow, pixels: Tensor) -> Values:
    """The logarithm of each image's mean squared error, (N,), as encoded without refining steps, which even it out."""
    parts = [(model.decode_batch(model.guess(part)) - part).square().mean(dim=(1, 2, 3)) for part in pixels.split(500)]
    return torch.cat(parts).clamp(min=1e-12).log().double().numpy()
