"""Zips that strangers made: small plain ones alone, read by name into memory, never unpacked.

What must hold is read from the end record before `zipfile` sees it, since a directory of millions of entries is a bomb
too: one archive that fills the whole file, no comment, no zip64; then members that are stored or deflated, not
encrypted, and of the size that they claim.
"""

import struct
import zipfile

END = struct.Struct("<4s4H2LH")  # end of central directory: APPNOTE 4.3.16
LOCATOR = 20  # bytes of the record that stands before it in a zip64 file
DIRECTORY_LIMIT = 4096  # bytes
HIGHEST_RATIO = 100  # of a member's size to its compressed size; deflate reaches 1,032 on zeros, logs about 10
FREE = 2**16  # bytes that a member may have whatever its ratio


def check_end(raw: bytes, usual: int) -> None:
    """Raise `ValueError` unless a zip ends in the plain end record of an archive of about `usual` members."""
    if len(raw) < END.size:
        raise ValueError("it is too short for a zip")
    at = len(raw) - END.size
    mark, disk, first_disk, here, entries, size, offset, comment = END.unpack_from(raw, at)
    if mark != b"PK\x05\x06" or comment:
        raise ValueError("it is no zip, is cut short, or has a comment")
    if raw[max(0, at - LOCATOR) :].startswith(b"PK\x06\x07") or disk or first_disk or here != entries:
        raise ValueError("it is a zip64 or a part of a divided zip")
    if entries > 2 * usual or size > DIRECTORY_LIMIT:
        raise ValueError(f"it has {entries:,} members, where {usual} are usual")
    if offset + size != at:
        raise ValueError("it holds something beside the archive")


def check_member(member: zipfile.ZipInfo) -> None:
    """Raise `ValueError` for a member that is encrypted, packed in a rare way, or a bomb."""
    if member.flag_bits & 0x1:
        raise ValueError(f"{member.filename} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename} is neither stored nor deflated")
    if member.file_size > HIGHEST_RATIO * member.compress_size + FREE:
        raise ValueError(f"{member.filename} is packed more than {HIGHEST_RATIO}-fold")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, as many as the directory says; raises `ValueError` where there are more or fewer."""
    with archive.open(member) as file:
        raw = file.read(member.file_size + 1)
    if len(raw) != member.file_size:
        raise ValueError(f"{member.filename} has another size than the archive says")
    return raw
