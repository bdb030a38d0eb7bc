"""The bundle: a finished model as five files, in a folder or in one zip.

    config.json        format number and the whole recipe
    vae.safetensors    weights of encoder and decoder
    flow.safetensors   weights of the velocity network, and the normalisation of its space
    training.jsonl     what happened: one record a line, both stages
    card.json          provenance: data, versions, hardware, times, sizes, hashes of the weights

Reading trusts nothing: sizes are limited (`flowleague.generator.container`), JSON has one meaning or none
(`flowleague.strict_json`), no key is unknown, and weights must have exactly the names, shapes and types of the
recipe's networks.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import safetensors
import safetensors.torch
from msgspec import Meta, Struct
from torch import Tensor, nn

from flowleague.errors import BundleError, RecipeError, printable
from flowleague.files import write_atomically
from flowleague.generator.container import FLOW_FILE, VAE_FILE, read_files, shown
from flowleague.generator.recipes import Recipe, Text, read_recipe
from flowleague.strict_json import read_object

FORMAT = "flowleague-bundle/1"
HEADER_LIMIT = 2**20  # bytes of a safetensors header; the largest recipe's has 80 kB
RECORDS_LIMIT = 50_000  # lines of a log

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Counts = dict[Text, Count]
Hashes = dict[Text, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]]


class DataCard(Struct, forbid_unknown_fields=True):
    """What a model was trained on."""

    dataset: Text = ""
    sha256: Hashes = {}
    splits: dict[Text, Count | Text] = {}
    pretraining: Text = ""


class TrainingCard(Struct, forbid_unknown_fields=True):
    """What training took."""

    seconds: dict[Text, Annotated[float, Meta(ge=0)]] = {}
    images: Counts = {}
    peak_memory_bytes: Count = 0


class Card(Struct, forbid_unknown_fields=True):
    """All that a card.json may hold; `flowleague.generator.card` writes it."""

    sha256: Hashes
    recipe: Text = ""
    seed: Count = 0
    data: DataCard = msgspec.field(default_factory=DataCard)
    latent: Count = 0
    cost: dict[Text, Count | Counts] = {}
    training: TrainingCard = msgspec.field(default_factory=TrainingCard)
    hardware: dict[Text, Count | Text] = {}
    versions: dict[Text, Text] = {}


class StoredTensor(Struct, forbid_unknown_fields=True):
    """An entry of a safetensors header."""

    dtype: Text
    shape: Annotated[list[Count], Meta(max_length=8)]
    data_offsets: tuple[Count, Count]


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
    sha256 = {name: hashlib.sha256(raw[name]).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
    card = read_card(raw["card.json"], f"card.json of {where}")
    for name, digest in sha256.items():
        if card["sha256"].get(name) != digest:
            raise BundleError(
                f"{name} of {where} is not the file its card.json describes; copy the whole bundle again."
            )
    return Bundle(
        recipe=read_config(raw["config.json"], f"config.json of {where}"),
        vae=parse_weights(raw[VAE_FILE], f"{VAE_FILE} of {where}"),
        flow=parse_weights(raw[FLOW_FILE], f"{FLOW_FILE} of {where}"),
        log=_records(raw["training.jsonl"], f"training.jsonl of {where}"),
        card=card,
        sha256=sha256,
        sizes={name: len(raw[name]) for name in sha256},
    )


def read_card(raw: bytes, where: str) -> dict[str, Any]:
    """The content of a card.json, which holds at least `sha256`; raises `BundleError`."""
    card = _json(raw, where)
    try:
        msgspec.convert(card, Card)
    except msgspec.ValidationError as error:
        raise BundleError(f"{where} is not a bundle's card ({printable(error)}); copy the bundle again.") from error
    return card


def read_config(raw: bytes, where: str) -> Recipe:
    """The recipe in a config.json; raises `BundleError`."""
    config = _json(raw, where)
    if config.get("format") != FORMAT:
        raise BundleError(
            f"{where} has the format '{printable(config.get('format'), 50)}'; this version reads {FORMAT}."
        )
    if set(config) - {"format", "recipe"}:
        odd = printable(sorted(set(config) - {"format", "recipe"})[0], 50)
        raise BundleError(f"{where} has an unknown key '{odd}'; it holds a format and a recipe.")
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
    files, buffer = read_files(folder), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            info = zipfile.ZipInfo(name)  # with the fixed date of 1980
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, raw)
    write_atomically(target, buffer.getvalue())


def _json(raw: bytes, where: str) -> dict[str, Any]:
    try:
        return read_object(raw)
    except ValueError as error:
        raise BundleError(
            f"{where} is not JSON that can be used ({printable(error)}); copy the bundle again."
        ) from error


def _records(raw: bytes, where: str) -> list[dict[str, Any]]:
    lines = raw.split(b"\n", RECORDS_LIMIT + 1)
    if len(lines) > RECORDS_LIMIT:
        raise BundleError(f"{where} has more than {RECORDS_LIMIT:,} lines; send a log with fewer.")
    return [_json(line, where) for line in lines if line]


def parse_weights(raw: bytes, where: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file, by name; raises `BundleError`."""
    try:
        check_header(raw)
        return safetensors.torch.load(raw)
    except (safetensors.SafetensorError, msgspec.ValidationError, ValueError, LookupError, TypeError) as error:
        raise BundleError(
            f"{where} is truncated or not safetensors ({printable(error)}); copy the bundle again."
        ) from error


def check_header(raw: bytes) -> None:
    """Raise `ValueError` unless a safetensors file has a small header that gives each name once.

    Offsets, shapes and types are checked by the library.
    """
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or size > min(HEADER_LIMIT, len(raw) - 8):
        raise ValueError("its header is cut short or too long")
    header = read_object(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    msgspec.convert(header, dict[str, StoredTensor])
