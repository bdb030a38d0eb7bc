"""The bundle: a finished model as five files, in a folder or in one zip.

    config.json        format number and the whole recipe
    vae.safetensors    weights of encoder and decoder
    flow.safetensors   weights of the velocity network, and the normalisation of its space
    training.jsonl     what happened: one record a line, all stages
    card.json          provenance: data, versions, hardware, times, sizes, hashes of the weights

Reading trusts nothing: sizes are limited (`flowleague.bundle.files`), what is said has one meaning or none
(`flowleague.bundle.statements`), and weights must have exactly the names, shapes and types of the recipe's networks.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor, nn

from flowleague.archive import write_zip
from flowleague.bundle.files import FLOW_FILE, VAE_FILE, read_files, shown
from flowleague.bundle.recipe import Recipe
from flowleague.bundle.statements import read_statements, read_weights
from flowleague.errors import BundleError, printable
from flowleague.files import write_atomically


@dataclass(frozen=True)
class Bundle:
    """The content of a bundle, checked: recipe, weights by name, log records and card; of the two weight files
    SHA-256 and size in bytes.
    """

    recipe: Recipe
    vae: dict[str, Tensor]
    flow: dict[str, Tensor]
    log: list[dict[str, Any]]
    card: dict[str, Any]
    sha256: dict[str, str]
    sizes: dict[str, int]


def read_bundle(path: str | Path) -> Bundle:
    """Read and check a bundle, folder or zip; raises `BundleError`. The weights' shapes are checked on use."""
    path = Path(path)
    return parse_bundle(read_files(path), shown(path))


def parse_bundle(raw: dict[str, bytes], where: str) -> Bundle:
    """Check the bytes of a bundle's five files; raises `BundleError`."""
    said = read_statements(raw, where)
    return Bundle(
        recipe=said.recipe,
        vae=parse_weights(raw[VAE_FILE], f"{VAE_FILE} of {where}"),
        flow=parse_weights(raw[FLOW_FILE], f"{FLOW_FILE} of {where}"),
        log=said.log,
        card=said.card,
        sha256=said.sha256,
        sizes={name: len(raw[name]) for name in said.sha256},
    )


def write_weights(path: Path, network: nn.Module) -> str:
    """Write all parameters and buffers as safetensors, atomically; returns the file's SHA-256."""
    # channels_last weights are not contiguous, and safetensors stores contiguous tensors only
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    raw = safetensors.torch.save(tensors)
    write_atomically(path, raw)
    return hashlib.sha256(raw).hexdigest()


def fit_weights(network: nn.Module, tensors: dict[str, Tensor], where: str) -> None:
    """Load weights whose names, shapes and types must be exactly the network's; raises `BundleError`."""
    wanted = network.state_dict()
    if set(tensors) != set(wanted):
        odd = sorted(set(tensors) ^ set(wanted))[0]
        kind = "foreign" if odd in tensors else "missing"
        raise BundleError(f"{where} does not fit its recipe: '{printable(odd, 100)}' is {kind}.")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape or tensor.dtype != wanted[name].dtype:
            raise BundleError(
                f"{where} does not fit its recipe: '{name}' is {tensor.dtype} {tuple(tensor.shape)}, "
                f"not {wanted[name].dtype} {tuple(wanted[name].shape)}."
            )
        if not bool(tensor.isfinite().all()):
            raise BundleError(f"{where} cannot be used: '{name}' holds numbers that are not finite.")
    network.load_state_dict(tensors)


def zip_bundle(folder: Path, target: Path) -> None:
    """Write a bundle's folder as one zip, the same bytes every time; raises `BundleError` or `OutputError`."""
    write_atomically(target, write_zip(read_files(folder)))


def parse_weights(raw: bytes, where: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file, by name; raises `BundleError`."""
    return read_weights(raw, where, safetensors.torch.load)
