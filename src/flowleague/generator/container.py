"""The files of a bundle as bytes, out of a folder or a zip that a stranger sent.

A folder's files must be regular files, no links. A zip must be what `zip_bundle` writes and nothing cleverer: exactly
the five files, each once, stored or deflated, no comment, no encryption, no zip64, nothing before the archive. What
must hold is read from the end record before `zipfile` sees it, since a directory of millions of entries is a bomb
too; members are then read by name into memory, to a limit, and never unpacked.
"""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

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
HIGHEST_RATIO = 100  # of a member's size to its compressed size; deflate reaches 1,032 on zeros, logs about 10
END = struct.Struct("<4s4H2LH")  # end of central directory: APPNOTE 4.3.16
LOCATOR = 20  # bytes of the record that stands before it in a zip64 file
DIRECTORY_LIMIT = 4096  # bytes


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
        check_end(raw)
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
        return {member.filename: _member(archive, member) for member in members}


def check_end(raw: bytes) -> None:
    """Raise `ValueError` unless a zip ends in the plain end record of a small archive that fills the whole file."""
    if len(raw) < END.size:
        raise ValueError("it is too short for a zip")
    at = len(raw) - END.size
    mark, disk, first_disk, here, entries, size, offset, comment = END.unpack_from(raw, at)
    if mark != b"PK\x05\x06" or comment:
        raise ValueError("it is no zip, is cut short, or has a comment")
    if raw[max(0, at - LOCATOR) :].startswith(b"PK\x06\x07") or disk or first_disk or here != entries:
        raise ValueError("it is a zip64 or a part of a divided zip")
    if entries > 2 * len(LIMITS) or size > DIRECTORY_LIMIT:
        raise ValueError(f"it has {entries:,} members, where a bundle has {len(LIMITS)}")
    if offset + size != at:
        raise ValueError("it holds something beside the archive")


def check_member(member: zipfile.ZipInfo) -> None:
    """Raise `ValueError` for a member that is encrypted, packed in a rare way, or a bomb."""
    if member.flag_bits & 0x1:
        raise ValueError(f"{member.filename} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename} is neither stored nor deflated")
    if member.file_size > HIGHEST_RATIO * member.compress_size + MIB // 16:
        raise ValueError(f"{member.filename} is packed more than {HIGHEST_RATIO}-fold")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        raw = file.read(member.file_size + 1)
    if len(raw) != member.file_size:
        raise ValueError(f"{member.filename} has another size than the archive says")
    return raw
