"""The networks that a training trains: the shipped ones, or a contestant's own.

`Networks` makes an autoencoder and a velocity network for a recipe, with fresh weights; `flowleague.model.latent_flow`
says what they must offer. The shipped autoencoder is trained in another form than it is kept in: with batch
normalisations, which are folded into the convolutions before them. Own networks are kept as they were trained.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils.flop_counter import FlopCounterMode

from flowleague.bundle.recipe import Recipe, VAERecipe
from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import TrainingError
from flowleague.model.autoencoder import BLOCKS, VAE, vae_arguments
from flowleague.model.cost import Cost, cost
from flowleague.model.latent_flow import LatentFlow, Networks, shipped_networks
from flowleague.program.capturing.entry import record
from flowleague.program.capturing.errors import CaptureError
from flowleague.program.format import Entry

_TRIED = 10  # images on which fresh networks are tried; a batch of the capture


def trained_form(recipe: Recipe, networks: Networks) -> nn.Module:
    """An autoencoder with fresh weights, in the form that is trained."""
    return normed_vae(recipe.vae) if networks is shipped_networks else networks(recipe)[0]


def kept_form(autoencoder: nn.Module, networks: Networks) -> nn.Module:
    """A trained autoencoder in the form that is kept."""
    return fold(autoencoder) if networks is shipped_networks else autoencoder


def normed_vae(recipe: VAERecipe) -> VAE:
    """A recipe's autoencoder in the form that is trained, with fresh weights.

    In each block a batch normalisation (Ioffe & Szegedy 2015) follows the first convolution and brings the bias.
    """

    def block(channels: int) -> nn.Module:
        made = BLOCKS[recipe.block](channels, bias=False)
        (_, first), *others = made.named_children()
        assert isinstance(first, nn.Conv2d)
        for name, _ in others:
            delattr(made, name)
        for name, layer in (("norm", nn.BatchNorm2d(first.out_channels)), *others):
            made.add_module(name, layer)
        return made

    return VAE(**{**vae_arguments(recipe), "block": block})


@torch.no_grad()
def fold(vae: nn.Module) -> nn.Module:
    """Fold each batch normalisation into the convolution before it, in place: the form that a bundle holds."""
    for block in vae.modules():
        for (name, convolution), (after, norm) in pairwise(list(block.named_children())):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(block, name, fuse_conv_bn_eval(convolution.eval(), norm.eval()))
                delattr(block, after)
    return vae


def check_networks(recipe: Recipe, networks: Networks, images: Tensor) -> None:
    """Try own networks, untrained, on training images (N, 1, 28, 28): what fails after hours fails now.

    Raises `TrainingError` where a shape or a range is not as it must be, or an entry cannot be captured of them.
    """
    model, images = LatentFlow(recipe, networks).eval().requires_grad_(False), images[:_TRIED].cpu()
    latent, rows = recipe.vae.latent, len(images)
    moments = model.vae.posterior(images)
    shapes = [tuple(part.shape) for part in moments]
    if shapes != [(rows, latent)] * 2:
        raise TrainingError(
            f"posterior gives {shapes} for {rows} images where mu and log sigma², each {(rows, latent)}, are due; "
            "vae.latent of the recipe is the size of a latent."
        )
    decoded, moved = model.vae.decode(moments[0]), model.velocity(moments[0], torch.full((1,), 0.5))
    if decoded.shape != images.shape or bool((decoded < 0).any() or (decoded > 1).any()):
        raise TrainingError(
            f"decode gives {tuple(decoded.shape)} from {float(decoded.min()):.3g} to {float(decoded.max()):.3g} where "
            f"{tuple(images.shape)} from 0 to 1 are due; end it with a sigmoid and a reshape."
        )
    if moved.shape != moments[0].shape:
        raise TrainingError(f"The velocity gives {tuple(moved.shape)} for x of {(rows, latent)}; give the shape of x.")
    captured(model, images, batch=_TRIED, seconds=0.0)


def captured(model: LatentFlow, images: Tensor, **how: float) -> Entry:
    """The captured entry of a model in evaluation mode, on the CPU; raises `TrainingError`."""
    try:
        return record(**model.functions(), images=images, **how)[1]  # pyright: ignore[reportArgumentType]
    except CaptureError as error:
        raise TrainingError(f"No entry can be made of these networks: {error}") from error


def cost_of(model: LatentFlow, networks: Networks) -> Cost:
    """Count parameters and operations of a model: by its recipe, or of own networks by torch's counter."""
    flow, latent = model.recipe.flow, model.recipe.vae.latent
    if networks is shipped_networks:
        return cost(model.recipe.vae, flow)
    image, z, t = (torch.zeros(shape, device=model.device) for shape in ((1, 1, 28, 28), (1, latent), (1,)))
    flops = {
        "encoder": _flops(lambda: model.vae.posterior(image)),
        "decoder": _flops(lambda: model.vae.decode(z)),
        "velocity": _flops(lambda: model.velocity(z, t)),
    }
    parts = {"autoencoder": model.vae, "velocity": model.velocity}
    by_part = {name: sum(tensor.numel() for tensor in part.state_dict().values()) for name, part in parts.items()}
    evaluations = SOLVERS[flow.solver].evaluations * flow.steps
    return Cost(
        parameters=sum(weight.numel() for weight in model.parameters()),
        with_buffers=sum(by_part.values()),
        by_part=by_part,
        flops_by_part=flops,
        evaluations=evaluations,
        sample_flops=evaluations * flops["velocity"] + flops["decoder"],
    )


@torch.no_grad()
def _flops(call) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()
