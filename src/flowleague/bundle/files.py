"""The files of a bundle as bytes, out of a folder or a zip that a stranger sent.

A folder's files must be regular files, no links. A zip must be what `zip_bundle` writes and nothing cleverer: exactly
the five files, each once, stored or deflated, no comment, no encryption, no zip64, nothing before the archive; see
`flowleague.archive`. Members are read by name into memory, to a limit, and never unpacked.
"""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

from flowleague.archive import check_end, check_member, read_member
from flowleague.errors import BundleError, printable
from flowleague.files import read_regular

VAE_FILE, FLOW_FILE = "vae.safetensors", "flow.safetensors"
MIB = 2**20
LIMITS = {  # bytes of each file
    "config.json": MIB,
    "card.json": MIB,
    "training.jsonl": 8 * MIB,
    VAE_FILE: 256 * MIB,
    FLOW_FILE: 256 * MIB,
}
ZIP_LIMIT = sum(LIMITS.values())


def read_files(path: Path) -> dict[str, bytes]:
    """The bytes of the five files of a bundle, each within its limit; raises `BundleError`."""
    if path.is_dir():
        return {name: _read(path / name, name, path) for name in LIMITS}
    if not os.path.lexists(path):
        raise BundleError(f"There is no bundle at {shown(path)}; give the folder or zip that training wrote.")
    try:
        raw = read_regular(path, ZIP_LIMIT)
    except OSError as error:
        raise cannot_read(shown(path), error.strerror) from error
    return parse_zip(raw, shown(path))


def shown(path: Path) -> str:
    """A stranger's path, safe for a sentence."""
    return printable(path, 300)


def cannot_read(where: str, reason: object) -> BundleError:
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
    limit = LIMITS.get(name, ZIP_LIMIT) // MIB
    return BundleError(f"{printable(name, 50)} of {where} is larger than the {limit} MiB a bundle may hold.")


def parse_zip(raw: bytes, where: str) -> dict[str, bytes]:
    """The five files in the bytes of a zip, each within its limit; raises `BundleError`."""
    try:
        if len(raw) > ZIP_LIMIT:
            raise ValueError(f"it is larger than {ZIP_LIMIT // MIB} MiB")
        check_end(raw, len(LIMITS))
        return _unzip(raw, where)
    except (OSError, RuntimeError, ValueError, LookupError, EOFError) as error:
        raise cannot_read(where, error) from error
    except (struct.error, zlib.error, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise cannot_read(where, error) from error


def _unzip(raw: bytes, where: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        for member in members:
            if member.file_size > LIMITS.get(member.filename, ZIP_LIMIT):
                raise too_large(where, member.filename)
        for name in LIMITS:
            if name not in names:
                raise BundleError(f"{where} holds no {name}; a bundle's zip has its five files at the top.")
        if len(members) != len(LIMITS):
            odd = next(name for name in names if name not in LIMITS or names.count(name) > 1)
            raise ValueError(f"'{printable(odd, 50)}' is foreign or there twice")
        for member in members:
            check_member(member)
        return {member.filename: read_member(archive, member) for member in members}
