"""Zip archives: one guarded reader, and one writer that writes the same bytes every time.

A stranger's zip may be a bomb in three ways: a directory of millions of members, members that unpack to gigabytes, and
members that share their compressed bytes. So the end record is read from the file's tail and checked before `zipfile`
sees the directory; then every member must be stored or deflated, not encrypted, at most 100 times as large as its
compressed bytes, and all of them together no larger than the file allows. Members are read by name; a path inside an
archive never becomes a path of this machine.

Refused as well, since readers differ in what they make of it: a comment, a zip64 or divided archive, and bytes in front
of the archive. Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.3.
"""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flowleague.errors import printable

MIB = 2**20
_END = struct.Struct("<4s4H2LH")  # end of central directory: APPNOTE 4.3.16
_LOCATOR = 20  # bytes of the record that stands before it in a zip64 file
_HIGHEST_RATIO = 100  # of a member's size to its compressed size; deflate reaches 1,032 on zeros, logs about 10
_FREE = 2**16  # bytes that a member may have whatever its ratio
_CHUNK = 2**18
_FAULTS = (
    OSError,
    RuntimeError,  # NotImplementedError is one
    ValueError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)


@dataclass(frozen=True)
class ZipLimits:
    """What an archive may hold: number of members, bytes of its directory, bytes of all members unpacked."""

    members: int
    directory: int
    total: int


def read_zip(source: bytes | BinaryIO, sizes: Mapping[str, int], skip: Collection[str] = ()) -> dict[str, bytes]:
    """The members of a small archive by name; those named in `skip` may be there and are not read.

    `sizes` names every member that may be there, at most once, with the most bytes that it may have; anything else
    raises `ValueError` with a short reason. Takes the memory of the members that are read.

    >>> read_zip(write_zip({"a.txt": b"1"}), {"a.txt": 10, "b.txt": 10})
    {'a.txt': b'1'}
    """
    limits = ZipLimits(2 * len(sizes), 4096, sum(sizes.values()))
    with open_zip(io.BytesIO(source) if isinstance(source, bytes) else source, limits) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        for member in members:
            if member.filename not in sizes or names.count(member.filename) > 1:
                raise ValueError(f"'{printable(member.filename, 50)}' is foreign or there twice")
            check_member(member, sizes[member.filename])
        return {m.filename: b"".join(read_member(archive, m)) for m in members if m.filename not in skip}


@contextmanager
def open_zip(file: BinaryIO, limits: ZipLimits) -> Iterator[zipfile.ZipFile]:
    """An archive whose end record and directory keep the limits; raises `ValueError` with a short reason.

    Its members are not checked yet: call `check_member` before `read_member`.
    """
    with _told_shortly():
        length = _check_end(file, limits)
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
        if len(members) > limits.members:
            raise ValueError(f"it has {len(members):,} members, where at most {limits.members:,} are allowed")
        if sum(member.compress_size for member in members) > length:
            raise ValueError("its members overlap")
        if sum(member.file_size for member in members) > limits.total:
            raise ValueError(f"it unpacks to more than {limits.total / MIB:,.0f} MiB")
    with archive:
        yield archive


def check_member(member: zipfile.ZipInfo, largest: int) -> None:
    """Raise `ValueError` for a member larger than `largest` bytes, encrypted, packed in a rare way, or a bomb."""
    name = printable(member.filename, 50)
    if member.file_size > largest:
        allowed = f"{largest // MIB} MiB" if largest >= MIB else f"{largest:,} bytes"
        raise ValueError(f"{name} is larger than the {allowed} allowed")
    if member.flag_bits & 0x1:
        raise ValueError(f"{name} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is neither stored nor deflated")
    if member.file_size > _HIGHEST_RATIO * member.compress_size + _FREE:
        raise ValueError(f"{name} is packed more than {_HIGHEST_RATIO}-fold")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member in pieces; raises `ValueError` for more or fewer than the directory says, and damage."""
    left = member.file_size
    with _told_shortly(), archive.open(member) as file:
        while chunk := file.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise ValueError(f"{printable(member.filename, 50)} has another size than the archive says")


def write_zip(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The files as an archive, the same bytes every time: members in the given order, dated 1980, readable by all.

    >>> write_zip({"a.txt": b"1"}) == write_zip({"a.txt": b"1"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in files.items():
            info = zipfile.ZipInfo(name)  # with the fixed date of 1980
            info.compress_type, info.external_attr = method, 0o644 << 16
            archive.writestr(info, raw)
    return buffer.getvalue()


def zip_folder(folder: Path) -> bytes:
    """All files below a folder as an archive that unpacks to that folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return write_zip({path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in files})


def _check_end(file: BinaryIO, limits: ZipLimits) -> int:
    """Check that the end record is the plain one of an archive that fills the file; returns the file's length."""
    length = file.seek(0, os.SEEK_END)
    if length < _END.size:
        raise ValueError("it is too short for a zip")
    at = length - _END.size
    file.seek(max(0, at - _LOCATOR))
    tail = file.read()
    mark, disk, first_disk, here, entries, size, offset, comment = _END.unpack(tail[-_END.size :])
    if mark != b"PK\x05\x06" or comment:
        raise ValueError("it is no zip, is cut short, or has a comment")
    if tail.startswith(b"PK\x06\x07") or disk or first_disk or here != entries:
        raise ValueError("it is a zip64 or a part of a divided zip")
    if entries > limits.members:
        raise ValueError(f"it has {entries:,} members, where at most {limits.members:,} are allowed")
    if size > limits.directory:
        raise ValueError(f"its list of members has {size:,} bytes, where at most {limits.directory:,} are allowed")
    if offset + size != at:
        raise ValueError("it holds something beside the archive")
    return length


@contextmanager
def _told_shortly() -> Iterator[None]:
    """Turn whatever a damaged archive raises into a `ValueError`."""
    try:
        yield
    except _FAULTS as error:
        raise ValueError(str(error) or type(error).__name__) from error
