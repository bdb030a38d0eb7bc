"""How many parameters a model has, and how many operations a sample of it takes: counted from the recipe alone.

    linear layer    2 * weights                 every weight is used once, in a multiply-add, which counts as two
    convolution     2 * weights * 7 * 7         every convolution works at 7x7
    sample          NFE * velocity + decoder

Activations, normalisations and biases are not counted. The networks are built on torch's meta device and never run, so
even the largest recipe allocates and computes nothing.
"""

from dataclasses import dataclass

import torch
from torch import nn

from flowleague.bundle.recipe import FlowRecipe, VAERecipe
from flowleague.bundle.solvers import BACKWARD_STEPS, SOLVERS
from flowleague.errors import RecipeError
from flowleague.model.autoencoder import GRID, VAE, vae_arguments
from flowleague.model.velocity import Velocity

# Limits on what is measured: the 64,000 samples of a scorecard then take at most 17 minutes of two cores. The largest
# entry of the contest of 2025 had 11.6 million parameters.
_MOST_PARAMETERS = 50_000_000
_MOST_EVALUATIONS = 1000
_MOST_FLOPS = 2_000_000_000


@dataclass(frozen=True)
class Cost:
    """The size of a model, and the operations of a sample."""

    parameters: int  # trainable
    with_buffers: int  # of the two weight files: parameters and buffers
    by_part: dict[str, int]  # `with_buffers` of encoder, decoder and velocity network
    flops_by_part: dict[str, int]  # of one image through encoder, decoder and one evaluation of the velocity
    evaluations: int  # NFE: of the velocity network, for one sample
    sample_flops: int  # of one generated image


def cost(vae: VAERecipe, flow: FlowRecipe) -> Cost:
    """Count parameters, function evaluations and floating point operations of a recipe's model.

    >>> costs = cost(VAERecipe(channels=8), FlowRecipe(width=16, solver="heun", steps=4))
    >>> costs.evaluations, costs.by_part["velocity"]
    (8, 3331)
    """
    with torch.device("meta"):
        autoencoder = VAE(**vae_arguments(vae))
        velocity = Velocity(vae.latent, flow.width, flow.blocks)
    parts = {"encoder": autoencoder.encoder, "decoder": autoencoder.decoder, "velocity": velocity}
    flops = {name: _flops(part) for name, part in parts.items()}
    by_part = {name: sum(tensor.numel() for tensor in part.state_dict().values()) for name, part in parts.items()}
    evaluations = SOLVERS[flow.solver].evaluations * flow.steps
    return Cost(
        parameters=sum(weight.numel() for part in parts.values() for weight in part.parameters()),
        with_buffers=sum(by_part.values()),
        by_part=by_part,
        flops_by_part=flops,
        evaluations=evaluations,
        sample_flops=evaluations * flops["velocity"] + flops["decoder"],
    )


def decoding_flops(flow: FlowRecipe, parts: dict[str, int]) -> int:
    """Operations of one image decoded from its latent, by those of the parts."""
    evaluations = SOLVERS[flow.solver].evaluations * (flow.steps - flow.steps_to_cut(flow.steps))
    return parts["decoder"] + evaluations * parts["velocity"]


def _flops(network: nn.Module) -> int:
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    return sum(2 * layer.weight.numel() * (GRID**2 if isinstance(layer, nn.Conv2d) else 1) for layer in layers)


def check_cost(vae: VAERecipe, flow: FlowRecipe) -> None:
    """Raise `RecipeError` when a model is too large, or a sample or reconstruction too expensive, to be measured.

    >>> check_cost(VAERecipe(), FlowRecipe(solver="rk4", steps=1000))
    Traceback (most recent call last):
    flowleague.errors.RecipeError: The recipe makes a model with 4,000 evaluations of the velocity for a sample, ...
    """
    costs = cost(vae, flow)
    parts, method = costs.flops_by_part, SOLVERS[flow.solver].evaluations
    decoding = decoding_flops(flow, parts)
    backward = method * BACKWARD_STEPS * parts["velocity"] if flow.cut < 1 else 0
    refining = 2 * vae.refine * decoding  # a step goes through it forward and back
    autoencoder = parts["encoder"] + backward + refining + decoding
    counts = (
        (costs.with_buffers, _MOST_PARAMETERS, "parameters and buffers"),
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
