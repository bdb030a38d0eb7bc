"""What a team may send in: a bundle (folder or zip), or a .py or .ipynb with its weight files. Nothing is run.

A stranger's file is read with care: no links, no more bytes than the rules allow, and of a zip only the five
members that a bundle has.
"""

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from flowleague.errors import FlowLeagueError
from flowleague.ranking.entries import Compute

BUNDLE_FILES = ("config.json", "card.json", "training.jsonl", "vae.safetensors", "flow.safetensors")
ENDINGS = (".zip", ".py", ".ipynb")
MIB = 2**20


class EntryFileError(FlowLeagueError):
    """A file cannot be an entry."""


def read_entry(path: Path, weights: Sequence[Path], largest_mib: int) -> tuple[str, dict[str, bytes]]:
    """The name of the entry's file, and the bytes of it and of its weights by the names they are kept under.

    A bundle's folder becomes a zip. Raises `EntryFileError`.
    """
    if path.is_dir() and not path.is_symlink():
        if weights:
            raise EntryFileError(f"{path} is a bundle and has its weights inside; leave out --weights.")
        return "entry.zip", {"entry.zip": _zipped(path, largest_mib)}
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise EntryFileError(f"{path} cannot be an entry; send a bundle (folder or .zip), a .py or an .ipynb file.")
    name = f"entry{ending}"
    held = {name: _read(path, largest_mib)}
    if ending == ".zip":
        weights_of(name, held)  # proves that it is a bundle
    for weight in weights:
        if weight.suffix != ".safetensors" or weight.name.startswith("."):
            raise EntryFileError(f"{weight} is no weight file; weights are kept as .safetensors.")
        held[f"weights/{weight.name}"] = _read(weight, largest_mib)
    if sum(map(len, held.values())) > largest_mib * MIB:
        raise EntryFileError(f"{path} and its weights have more than the {largest_mib} MiB that the rules allow.")
    return name, held


def weights_of(name: str, held: dict[str, bytes]) -> dict[str, str]:
    """The SHA-256 of every weight file of an entry, by its name; raises `EntryFileError` for a damaged bundle."""
    if name.endswith(".zip"):
        held = {member: read_member(held[name], member) for member in BUNDLE_FILES}
    names = [path for path in held if path.endswith(".safetensors")]
    return {path.removeprefix("weights/"): hashlib.sha256(held[path]).hexdigest() for path in names}


def read_member(archive: bytes, name: str, largest: int = 512 * MIB) -> bytes:
    """A file of a zipped bundle, never more than `largest` bytes of it; raises `EntryFileError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(name) as file:
            raw = file.read(largest + 1)
    except KeyError as error:
        raise EntryFileError(f"The zip holds no {name}; a bundle's zip has its five files at the top.") from error
    except (OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise EntryFileError(f"{name} cannot be read from the zip ({error}); is it a bundle's?") from error
    if len(raw) > largest:
        raise EntryFileError(f"{name} in the zip is larger than {largest // MIB} MiB.")
    return raw


def compute_of_card(raw: bytes) -> Compute:
    """What a bundle's card.json says of its training; what it does not say, or says strangely, is unknown."""
    try:
        card = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Compute()
    seconds = _look(card, "training", "seconds")
    hours = None
    if isinstance(seconds, dict) and seconds and all(_is_size(value) for value in seconds.values()):
        hours = sum(seconds.values()) / 3600
    memory, device = _look(card, "training", "peak_memory_bytes"), _look(card, "hardware", "device")
    gpu_name, dataset = _look(card, "hardware", "name"), _look(card, "data", "dataset")
    pretraining = _look(card, "data", "pretraining")
    return Compute(
        hours=hours,
        gpu="" if device == "cpu" else str(gpu_name)[:200] if isinstance(gpu_name, str) and device else None,
        memory_gib=memory / 2**30 if _is_size(memory) else None,
        datasets=(dataset[:200],) if isinstance(dataset, str) else None,
        from_scratch=pretraining == "none" if isinstance(pretraining, str) else None,
    )


def completed(card: Compute, said: Compute) -> Compute:
    """What the card says, completed by what the team says; `declared` when anything is the team's word alone."""
    names = ("hours", "gpu", "memory_gib", "datasets", "from_scratch")
    known = {name: getattr(card, name) for name in names}
    added = {name: getattr(said, name) for name in names if known[name] is None and getattr(said, name) is not None}
    return Compute(**(known | added), declared=bool(added))


def _look(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e18


def _zipped(folder: Path, largest_mib: int) -> bytes:
    """A bundle's folder as one zip, the same bytes every time."""
    missing = [name for name in BUNDLE_FILES if not (folder / name).is_file()]
    if missing:
        raise EntryFileError(
            f"{folder} holds no {missing[0]}; give a bundle that flowleague train finished, or a file."
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in BUNDLE_FILES:
            info = zipfile.ZipInfo(name)  # with the fixed date of 1980
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, _read(folder / name, largest_mib))
    return buffer.getvalue()


def _read(path: Path, largest_mib: int) -> bytes:
    """The bytes of a regular file, not of a link or a pipe, and not more than the rules allow."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise EntryFileError(f"{path} is no regular file; give the file itself.")
            raw = file.read(largest_mib * MIB + 1)
    except FileNotFoundError as error:
        raise EntryFileError(f"There is no file {path}; is the path right?") from error
    except OSError as error:
        raise EntryFileError(f"{path} cannot be read ({error.strerror}); give the file itself, not a link.") from error
    if len(raw) > largest_mib * MIB:
        raise EntryFileError(f"{path} is larger than the {largest_mib} MiB that the rules allow.")
    if not raw:
        raise EntryFileError(f"{path} is empty.")
    return raw
