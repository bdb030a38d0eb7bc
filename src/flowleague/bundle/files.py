"""The files of a bundle as bytes, out of a folder or a zip that a stranger sent.

A folder's files must be regular files, no links. A zip must be what `zip_bundle` writes and nothing cleverer: exactly
the five files, each once, stored or deflated, no comment, no encryption, no zip64, nothing before the archive; see
`flowleague.archive`. Members are read by name into memory, to a limit, and never unpacked.
"""

import os
from pathlib import Path
from typing import BinaryIO

from flowleague.archive import read_zip
from flowleague.errors import BundleError, printable
from flowleague.files import open_regular, read_regular

VAE_FILE, FLOW_FILE = "vae.safetensors", "flow.safetensors"
LOG_FILE, CARD_FILE = "training.jsonl", "card.json"
MIB = 2**20
LIMITS = {  # bytes of each file
    "config.json": MIB,
    CARD_FILE: MIB,
    LOG_FILE: 8 * MIB,
    VAE_FILE: 256 * MIB,
    FLOW_FILE: 256 * MIB,
}


def read_files(path: Path) -> dict[str, bytes]:
    """The bytes of the five files of a bundle, each within its limit; raises `BundleError`."""
    if path.is_dir():
        return {name: _read(path / name, name, path) for name in LIMITS}
    if not os.path.lexists(path):
        raise BundleError(f"There is no bundle at {shown(path)}; give the folder or zip that training wrote.")
    try:
        with open_regular(path) as file:
            return parse_zip(file, shown(path))
    except OSError as error:
        raise _cannot_read(shown(path), error.strerror) from error


def shown(path: Path) -> str:
    """A stranger's path, safe for a sentence."""
    return printable(path, 300)


def _cannot_read(where: str, reason: object) -> BundleError:
    """The refusal of a zip that is damaged or too clever."""
    return BundleError(f"{where} cannot be read ({printable(reason)}); is this a bundle's folder or zip?")


def _read(file: Path, name: str, folder: Path) -> bytes:
    try:
        raw = read_regular(file, LIMITS[name])
    except FileNotFoundError as error:
        raise _missing(folder, name) from error
    except OSError as error:
        raise BundleError(
            f"{name} of {shown(folder)} cannot be read ({error.strerror}); a bundle's folder holds plain files."
        ) from error
    if len(raw) > LIMITS[name]:
        raise too_large(shown(folder), name)
    return raw


def _missing(folder: Path, name: str) -> BundleError:
    started = (folder / "checkpoint.pt").exists() or (folder / "config.json").exists()
    rest = (
        ": its training has not ended; finish it with flowleague train ... --resume."
        if started
        else "; give the folder or zip that training wrote."
    )
    return BundleError(f"{shown(folder)} holds no {name}{rest}")


def too_large(where: str, name: str) -> BundleError:
    """The refusal of a file beyond its limit."""
    limit = LIMITS[name] // MIB
    return BundleError(f"{printable(name, 50)} of {where} is larger than the {limit} MiB a bundle may hold.")


def parse_zip(source: bytes | BinaryIO, where: str) -> dict[str, bytes]:
    """The five files in a zip, given as bytes or as an open file, each within its limit; raises `BundleError`."""
    try:
        files = read_zip(source, LIMITS)
    except ValueError as error:
        raise _cannot_read(where, error) from error
    for name in LIMITS:
        if name not in files:
            raise BundleError(f"{where} holds no {name}; a bundle's zip has its five files at the top.")
    return {name: files[name] for name in LIMITS}
