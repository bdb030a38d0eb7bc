"""What a model weighs, and what a sample of it costs: counted from the recipe alone.

    linear layer    2 * weights                 every weight is used once, in a multiply-add, which counts as two
    convolution     2 * weights * 7 * 7         every convolution works at 7x7
    sample          NFE * velocity + decoder

Activations, normalisations and biases are not counted. The networks are built on torch's meta device, and nothing is
run: even the largest recipe allocates and computes nothing.
"""

from dataclasses import dataclass

import torch
from torch import nn

from flowleague.bundle.recipe import Recipe
from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import RecipeError
from flowleague.model.autoencoder import GRID, VAE, vae_arguments
from flowleague.model.velocity import Velocity

# What a recipe may ask of the machine that measures it. The 64,000 samples of a scorecard then take at most 17 minutes
# of two cores. The largest entry of the contest of 2025 had 11.6 million parameters.
_MOST_NUMBERS = 50_000_000
_MOST_EVALUATIONS = 1000
_MOST_FLOPS = 2_000_000_000


@dataclass(frozen=True)
class Cost:
    """What a model weighs and what a sample costs."""

    parameters: int  # trainable
    with_buffers: int  # all numbers in the two weight files
    by_part: dict[str, int]  # of these, in encoder, decoder and velocity network
    flops_by_part: dict[str, int]  # of one image through encoder, decoder and one evaluation of the velocity
    evaluations: int  # NFE: of the velocity network, for one sample
    sample_flops: int  # of one generated image


def cost(recipe: Recipe) -> Cost:
    """Count parameters, function evaluations and floating point operations of a recipe's model.

    >>> from flowleague import get_recipe
    >>> cost(get_recipe("tiny")).evaluations
    4
    """
    with torch.device("meta"):
        vae = VAE(**vae_arguments(recipe.vae))
        velocity = Velocity(recipe.vae.latent, recipe.flow.width, recipe.flow.blocks)
    parts = {"encoder": vae.encoder, "decoder": vae.decoder, "velocity": velocity}
    flops = {name: _flops(part) for name, part in parts.items()}
    by_part = {name: sum(tensor.numel() for tensor in part.state_dict().values()) for name, part in parts.items()}
    evaluations = SOLVERS[recipe.flow.solver].evaluations * recipe.flow.steps
    return Cost(
        parameters=sum(weight.numel() for part in parts.values() for weight in part.parameters()),
        with_buffers=sum(by_part.values()),
        by_part=by_part,
        flops_by_part=flops,
        evaluations=evaluations,
        sample_flops=evaluations * flops["velocity"] + flops["decoder"],
    )


def _flops(network: nn.Module) -> int:
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    return sum(2 * layer.weight.numel() * (GRID**2 if isinstance(layer, nn.Conv2d) else 1) for layer in layers)


def check_cost(recipe: Recipe) -> None:
    """Raise `RecipeError` when a model is too large, or a sample of it too expensive, for whoever measures it."""
    costs = cost(recipe)
    flops = costs.flops_by_part
    refining = 2 * recipe.vae.refine * flops["decoder"]  # a step goes through it forward and back
    autoencoder = flops["encoder"] + refining + flops["decoder"]
    counts = (
        (costs.with_buffers, _MOST_NUMBERS, "numbers in its weights"),
        (costs.evaluations, _MOST_EVALUATIONS, "evaluations of the velocity for a sample"),
        (costs.sample_flops, _MOST_FLOPS, "operations for a sample"),
        (autoencoder, _MOST_FLOPS, "operations for a reconstruction"),
    )
    for count, most, what in counts:
        if count > most:
            raise RecipeError(
                f"The recipe makes a model with {count:,} {what}, where at most {most:,} are allowed; "
                "use smaller networks or fewer steps."
            )
