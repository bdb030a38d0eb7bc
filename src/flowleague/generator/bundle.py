"""The bundle: a finished model as five files, in a folder or in one zip.

    config.json        format number and the whole recipe
    vae.safetensors    weights of encoder and decoder
    flow.safetensors   weights of the velocity network, and the normalisation of its space
    training.jsonl     what happened: one record a line, both stages
    card.json          provenance: data, versions, hardware, times, sizes, hashes of the weights

Reading trusts nothing: sizes are limited, keys and shapes must be exactly those of the recipe's networks, and a
zip's members are read by name, never unpacked.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor, nn

from flowleague.errors import BundleError, RecipeError
from flowleague.files import write_atomically
from flowleague.generator.recipes import Recipe, read_recipe

FORMAT = "flowleague-bundle/1"
VAE_FILE, FLOW_FILE = "vae.safetensors", "flow.safetensors"
MIB = 2**20
LIMITS = {  # bytes of each file
    "config.json": MIB,
    "card.json": MIB,
    "training.jsonl": 64 * MIB,
    VAE_FILE: 512 * MIB,
    FLOW_FILE: 512 * MIB,
}


@dataclass(frozen=True)
class Bundle:
    """The content of a bundle, checked: recipe, weights by name, log records, card, and SHA-256 of the weight files."""

    recipe: Recipe
    vae: dict[str, Tensor]
    flow: dict[str, Tensor]
    log: list[dict[str, Any]]
    card: dict[str, Any]
    sha256: dict[str, str]


def read_bundle(path: str | Path) -> Bundle:
    """Read and check a bundle, folder or zip; raises `BundleError`. The weights' shapes are checked on use."""
    path = Path(path)
    raw = {name: read_member(path, name) for name in LIMITS}
    card = _json(raw["card.json"], f"card.json of {path}")
    sha256 = {name: hashlib.sha256(raw[name]).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
    for name, digest in sha256.items():
        recorded = card.get("sha256", {}).get(name) if isinstance(card.get("sha256"), dict) else None
        if recorded != digest:
            raise BundleError(f"{name} of {path} is not the file its card.json describes; copy the whole bundle again.")
    return Bundle(
        recipe=read_config(raw["config.json"], f"config.json of {path}"),
        vae=_tensors(raw["vae.safetensors"], f"vae.safetensors of {path}"),
        flow=_tensors(raw["flow.safetensors"], f"flow.safetensors of {path}"),
        log=[_json(line, f"training.jsonl of {path}") for line in raw["training.jsonl"].splitlines()],
        card=card,
        sha256=sha256,
    )


def read_member(path: Path, name: str) -> bytes:
    """The bytes of one file of a bundle, at most its limit; raises `BundleError`."""
    limit = LIMITS[name]
    try:
        if path.is_dir():
            with (path / name).open("rb") as file:
                raw = file.read(limit + 1)
        else:
            with zipfile.ZipFile(path) as archive, archive.open(name) as file:
                raw = file.read(limit + 1)
    except FileNotFoundError as error:
        if not path.exists():
            raise BundleError(f"There is no bundle at {path}; give the folder or zip that training wrote.") from error
        raise BundleError(_missing(path, name)) from error
    except KeyError as error:
        raise BundleError(f"{path} holds no {name}; a bundle's zip has its five files at the top.") from error
    except (OSError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise BundleError(f"{name} of {path} cannot be read ({error}); is this a bundle's folder or zip?") from error
    if len(raw) > limit:
        raise BundleError(f"{name} of {path} is larger than the {limit // MIB} MiB a bundle may hold.")
    return raw


def _missing(path: Path, name: str) -> str:
    if (path / "checkpoint.pt").exists() or (path / "config.json").exists():
        return f"{path} holds no {name}: its training has not ended; finish it with flowleague train ... --resume."
    return f"{path} holds no {name}; give the folder or zip that training wrote."


def read_config(raw: bytes, where: str) -> Recipe:
    """The recipe in a config.json; raises `BundleError`."""
    config = _json(raw, where)
    if config.get("format") != FORMAT:
        raise BundleError(f"{where} has the format {config.get('format')!r}; this version reads {FORMAT}.")
    try:
        return read_recipe(config.get("recipe"))
    except RecipeError as error:
        raise BundleError(f"{where}: {error}") from error


def config_json(recipe: Recipe) -> bytes:
    """The content of config.json."""
    return (json.dumps({"format": FORMAT, "recipe": dataclasses.asdict(recipe)}, indent=2) + "\n").encode()


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
        raise BundleError(f"{where} does not fit its recipe: '{odd}' is {'foreign' if odd in tensors else 'missing'}.")
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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in LIMITS:
            info = zipfile.ZipInfo(name)  # with the fixed date of 1980
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, read_member(folder, name))
    write_atomically(target, buffer.getvalue())


def _json(raw: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where} is not JSON ({error}); copy the bundle again.") from error
    if not isinstance(value, dict):
        raise BundleError(f"{where} is not a JSON object; copy the bundle again.")
    return value


def _tensors(raw: bytes, where: str) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load(raw)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise BundleError(f"{where} is truncated or not safetensors ({error}); copy the bundle again.") from error
