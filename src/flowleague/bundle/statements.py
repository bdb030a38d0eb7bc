"""What a bundle says beside its weights, read and checked without torch: config, card, log, and headers of weights.

JSON has one meaning or none (`flowleague.strict_json`), no key is unknown, and every text and number has its limit.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
import safetensors
from msgspec import Meta, Struct

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.recipe import Recipe, Text, read_recipe
from flowleague.errors import BundleError, RecipeError, printable
from flowleague.strict_json import read_object

FORMAT = "flowleague-bundle/1"
HEADER_LIMIT = 2**20  # bytes of a safetensors header; the largest recipe's has 80 kB
RECORDS_LIMIT = 50_000  # lines of a log

Tensors = TypeVar("Tensors")
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
    """All that a card.json may hold; `flowleague.training.card` writes it."""

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


@dataclasses.dataclass(frozen=True)
class Statements:
    """Recipe, log records and card of a bundle, and the SHA-256 of its two weight files, which the card names too."""

    recipe: Recipe
    log: list[dict[str, Any]]
    card: dict[str, Any]
    sha256: dict[str, str]


def read_statements(raw: dict[str, bytes], where: str) -> Statements:
    """Check what the bytes of a bundle's five files say beside the weights; raises `BundleError`."""
    sha256 = {name: hashlib.sha256(raw[name]).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
    card = read_card(raw["card.json"], f"card.json of {where}")
    for name, digest in sha256.items():
        if card["sha256"].get(name) != digest:
            raise BundleError(
                f"{name} of {where} is not the file its card.json describes; copy the whole bundle again."
            )
    return Statements(
        recipe=read_config(raw["config.json"], f"config.json of {where}"),
        log=_records(raw["training.jsonl"], f"training.jsonl of {where}"),
        card=card,
        sha256=sha256,
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


def read_weights(raw: bytes, where: str, load: Callable[[bytes], Tensors]) -> Tensors:
    """What a loader of safetensors makes of a file's bytes, whose header was checked; raises `BundleError`."""
    try:
        check_header(raw)
        return load(raw)
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
