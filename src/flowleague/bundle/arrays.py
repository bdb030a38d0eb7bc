"""A generator as plain arrays: what its networks are written from. Without torch.

A bundle's files are read with the same distrust as by `flowleague.bundle.read`; names and shapes are checked where
the networks are written.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from flowleague.bundle.files import FLOW_FILE, VAE_FILE, read_files, shown
from flowleague.bundle.recipe import Recipe
from flowleague.bundle.statements import read_config, read_statements, read_weights

if TYPE_CHECKING:
    from torch import nn

    from flowleague.model.latent_flow import LatentFlow

Weights = dict[str, NDArray[np.float32]]
NORMALISATION = ("mean", "std")  # the numbers that are not trained


@dataclass(frozen=True)
class Arrays:
    """A recipe, and the weights of its autoencoder and its velocity by name."""

    recipe: Recipe
    vae: Weights
    flow: Weights

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        trained = [*self.vae.values(), *(w for name, w in self.flow.items() if name not in NORMALISATION)]
        return sum(math.prod(weight.shape) for weight in trained)


def read_arrays(path: Path) -> Arrays:
    """Read a bundle, folder or zip; raises `BundleError`."""
    raw = read_files(path)
    read_statements(raw, shown(path))
    return parse_arrays(raw, shown(path))


def parse_arrays(raw: dict[str, bytes], where: str) -> Arrays:
    """The generator in the bytes of a bundle; its log and card, which say nothing of it, are not read.

    Raises `BundleError`.
    """
    recipe = read_config(raw["config.json"], f"config.json of {where}")
    vae, flow = (
        read_weights(raw[name], f"{name} of {where}", safetensors.numpy.load) for name in (VAE_FILE, FLOW_FILE)
    )
    return Arrays(recipe, vae, flow)


def arrays_of(model: "LatentFlow") -> Arrays:
    """The generator that a model is."""

    def weights(network: "nn.Module") -> Weights:
        return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}

    return Arrays(model.recipe, weights(model.vae), weights(model.velocity))
