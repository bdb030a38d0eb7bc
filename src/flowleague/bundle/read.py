"""The bundle: a finished model as five files, in a folder or in one zip. Without torch.

    config.json        format number and the whole recipe
    vae.safetensors    weights of encoder and decoder
    flow.safetensors   weights of the velocity network, and the normalisation of its space
    training.jsonl     what happened: one record a line, all stages
    card.json          provenance: data, versions, hardware, times, sizes, hashes of the weights

Bundles come from strangers, and this is the one reader for all of them. Sizes are limited (`flowleague.bundle.files`),
JSON has one meaning or none (`flowleague.strict_json`), unknown keys are rejected, and every text and number has a
limit. Names, shapes and types of the weights are checked where networks are made of them.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
import safetensors
import safetensors.numpy
from msgspec import Meta, Struct
from numpy.typing import NDArray

from flowleague.archive import write_zip
from flowleague.bundle.files import FLOW_FILE, VAE_FILE, read_files, shown
from flowleague.bundle.recipe import Afterwards, Recipe, Text, read_recipe, with_values
from flowleague.errors import BundleError, RecipeError, printable
from flowleague.files import write_atomically
from flowleague.strict_json import read_object

FORMAT = "flowleague-bundle/1"
_HEADER_LIMIT = 2**20  # bytes of a safetensors header; the largest recipe's has 80 kB
_RECORDS_LIMIT = 50_000  # lines of a log
_NORMALISATION = ("mean", "std")  # weights of the velocity network that are not trained

Weights = dict[str, NDArray[np.float32]]
_Loaded = TypeVar("_Loaded")
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Counts = dict[Text, _Count]
_Seconds = Annotated[float, Meta(ge=0)]
_Hashes = dict[Text, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]]


@dataclass(frozen=True)
class Bundle:
    """A model and what is known of it: recipe, weights of autoencoder and velocity by name, log records and card; of
    the two weight files SHA-256 and size in bytes. A model that was not read from files has no more than weights.
    """

    recipe: Recipe
    vae: Weights
    flow: Weights
    log: list[dict[str, Any]] = field(default_factory=list)
    card: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def trained(self) -> Recipe:
        """The recipe as it was trained, where solver, steps, temperature or refinement were set afterwards."""
        return with_values(self.recipe, self.card.get("trained_with", {}))

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        trained = [*self.vae.values(), *(w for name, w in self.flow.items() if name not in _NORMALISATION)]
        return sum(math.prod(weight.shape) for weight in trained)

    @property
    def by_part(self) -> dict[str, int]:
        """Parameters and buffers of encoder, decoder and velocity network."""
        parts = {"encoder": [], "decoder": [], "velocity": list(self.flow.values())}
        for name, weight in self.vae.items():
            parts[name.partition(".")[0]].append(weight)
        return {part: sum(math.prod(weight.shape) for weight in weights) for part, weights in parts.items()}


def read_bundle(path: str | Path) -> Bundle:
    """Read and check a bundle, folder or zip; raises `BundleError`.

    >>> from flowleague import shipped
    >>> bundle = read_bundle(shipped.bundle("tiny"))
    >>> bundle.recipe.name, bundle.flow["mean"].shape, bundle.parameters
    ('tiny', (49,), 27452)
    """
    path = Path(path)
    return parse_bundle(read_files(path), shown(path))


def parse_bundle(raw: dict[str, bytes], where: str) -> Bundle:
    """Check the bytes of a bundle's five files; raises `BundleError`, in which `where` names the bundle."""
    sha256 = {name: hashlib.sha256(raw[name]).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
    card = read_card(raw["card.json"], f"card.json of {where}")
    if card.get("networks"):
        raise BundleError(
            f"{where} was trained with own networks, which a bundle cannot describe; give the zip that training wrote "
            "beside it."
        )
    for name, digest in sha256.items():
        if card.get("sha256", {}).get(name) != digest:
            raise BundleError(
                f"{name} of {where} is not the file its card.json describes; copy the whole bundle again."
            )
    recipe = read_config(raw["config.json"], f"config.json of {where}")
    try:
        with_values(recipe, card.get("trained_with", {}))
    except RecipeError as error:
        raise BundleError(f"card.json of {where} says that it was trained otherwise: {error}") from error
    return Bundle(
        recipe=recipe,
        log=read_records(raw["training.jsonl"], f"training.jsonl of {where}"),
        vae=_weights(raw[VAE_FILE], f"{VAE_FILE} of {where}", safetensors.numpy.load),
        flow=_weights(raw[FLOW_FILE], f"{FLOW_FILE} of {where}", safetensors.numpy.load),
        card=card,
        sha256=sha256,
        sizes={name: len(raw[name]) for name in sha256},
    )


def zip_bundle(folder: Path, target: Path) -> None:
    """Write a bundle's folder as one zip, the same bytes every time; raises `BundleError` or `OutputError`."""
    write_atomically(target, write_zip(read_files(folder)))


class _DataCard(Struct, forbid_unknown_fields=True):
    """What a model was trained on."""

    dataset: Text = ""
    images: Text = ""
    sha256: _Hashes = {}
    splits: dict[Text, _Count | Text] = {}
    pretraining: Text = ""


class _TrainingCard(Struct, forbid_unknown_fields=True):
    """What training took."""

    seconds: dict[Text, _Seconds] = {}
    wall_seconds: _Seconds | None = None
    images: _Counts = {}
    peak_memory_bytes: _Count = 0


class _Card(Struct, forbid_unknown_fields=True):
    """All that a card.json may hold; `flowleague.training.card` writes it."""

    sha256: _Hashes = {}
    recipe: Text = ""
    networks: Text = ""
    trained_with: dict[Afterwards, Text | _Seconds] = {}
    seed: _Count = 0
    data: _DataCard = msgspec.field(default_factory=_DataCard)
    latent: _Count = 0
    cost: dict[Text, _Count | _Counts] = {}
    training: _TrainingCard = msgspec.field(default_factory=_TrainingCard)
    hardware: dict[Text, _Count | Text] = {}
    versions: dict[Text, Text] = {}


class _StoredTensor(Struct, forbid_unknown_fields=True):
    """An entry of a safetensors header."""

    dtype: Text
    shape: Annotated[list[_Count], Meta(max_length=8)]
    data_offsets: tuple[_Count, _Count]


def read_card(raw: bytes, where: str) -> dict[str, Any]:
    """The content of a card.json; raises `BundleError`."""
    card = _json(raw, where)
    try:
        msgspec.convert(card, _Card)
    except msgspec.ValidationError as error:
        raise BundleError(f"{where} is not a bundle's card ({printable(error)}); copy the bundle again.") from error
    return card


def training_seconds(card: dict[str, Any]) -> float | None:
    """How long the training took by the clock, as a card says; None where it does not.

    >>> training_seconds({"training": {"seconds": {"vae": 60.0, "flow": 30.0}}})
    90.0
    >>> training_seconds({"training": {"seconds": {"vae": 60.0, "flow": 30.0}, "wall_seconds": 70.0}})
    70.0
    """
    training = card.get("training", {})
    stages = training.get("seconds", {})
    return training.get("wall_seconds", sum(stages.values()) if stages else None)


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


def _json(raw: bytes, where: str) -> dict[str, Any]:
    try:
        return read_object(raw)
    except ValueError as error:
        raise BundleError(
            f"{where} is not JSON that can be used ({printable(error)}); copy the bundle again."
        ) from error


def read_records(raw: bytes, where: str) -> list[dict[str, Any]]:
    """The records of a training.jsonl, one a line; raises `BundleError`."""
    lines = raw.split(b"\n", _RECORDS_LIMIT + 1)
    if len(lines) > _RECORDS_LIMIT:
        raise BundleError(f"{where} has more than {_RECORDS_LIMIT:,} lines; send a log with fewer.")
    return [_json(line, where) for line in lines if line]


def check_weights(raw: bytes, where: str) -> None:
    """Raise `BundleError` unless the bytes are a safetensors file, of whatever names and types."""
    _weights(raw, where, safetensors.deserialize)


def _weights(raw: bytes, where: str, load: Callable[[bytes], _Loaded]) -> _Loaded:
    try:
        _check_header(raw)
        return load(raw)
    except (safetensors.SafetensorError, msgspec.ValidationError, ValueError, LookupError, TypeError) as error:
        raise BundleError(
            f"{where} is truncated or not safetensors ({printable(error)}); copy the bundle again."
        ) from error


def _check_header(raw: bytes) -> None:
    """Raise `ValueError` unless a safetensors file has a small header that gives each name once.

    Offsets, shapes and types are checked by the library.
    """
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or size > min(_HEADER_LIMIT, len(raw) - 8):
        raise ValueError("its header is cut short or too long")
    header = read_object(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    msgspec.convert(header, dict[str, _StoredTensor])
