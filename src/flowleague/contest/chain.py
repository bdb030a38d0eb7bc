"""The records of a contest: an append-only log in which every record is bound to the one before.

records.jsonl   one record a line, h_n = SHA-256(record n with its place for h_n empty); record n holds h_{n-1}
records.head    number and hash of a record written before: it shows when records were cut off at the end
.staging/       files that are being written, named by the number of their record and their place in it

A record names its files by path and SHA-256. `flowleague.contest.records` writes them.
"""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from flowleague.errors import FlowLeagueError

LOG_FILE, HEAD_FILE, STAGING = "records.jsonl", "records.head", ".staging"
START = "0" * 64  # what the first record holds as the hash of the one before
KEPT = ("entries", "history")  # the folders in which files of records lie; nothing is written elsewhere


class RecordsError(FlowLeagueError):
    """The records of a contest were altered, or cannot be written now."""


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened: when (UTC), of what kind, its facts, and the files that came with it."""

    number: int
    time: datetime
    kind: str
    body: dict[str, Any]
    files: dict[str, str]
    previous: str
    hash: str = ""


def encode(record: Record) -> bytes:
    """The line of a record, without its line end."""
    return msgspec.json.encode(record)


def sealed(record: Record) -> Record:
    """The record with its own hash."""
    digest = hashlib.sha256(encode(msgspec.structs.replace(record, hash=""))).hexdigest()
    return msgspec.structs.replace(record, hash=digest)


def parse_line(line: bytes, number: int, previous: str) -> Record | None:
    """The record of a line; None when it does not follow the record before, byte for byte, or names files elsewhere."""
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    fits = record.number == number and record.previous == previous and sealed(record) == record
    return record if fits and all(map(_is_kept, record.files)) and encode(record) == line else None


def _is_kept(path: str) -> bool:
    """Whether a path lies in one of the folders for files, on any system."""
    parts = re.split(r"[/\\]", path)
    return parts[0] in KEPT and ".." not in parts


def read_lines(folder: Path, start: int = 0) -> tuple[list[bytes], bytes]:
    """The complete lines of a log from a byte on, and what follows the last of them."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(start)
            *lines, tail = file.read().split(b"\n")
    except FileNotFoundError:
        return [], b""
    except OSError as error:
        raise RecordsError(f"{folder / LOG_FILE} cannot be read ({error.strerror}).") from error
    return lines, tail


def read_head(folder: Path) -> tuple[int, str]:
    """Number and hash of the record that the head file names; (0, START) when there is none yet."""
    try:
        words = (folder / HEAD_FILE).read_bytes().decode("ascii")
        number, digest = words.removesuffix("\n").split(" ")
        if words == head_text(int(number), digest):
            return int(number), digest
    except FileNotFoundError:
        return 0, START
    except (OSError, ValueError):
        pass
    return -1, ""  # altered: no record has this number


def head_text(number: int, digest: str) -> str:
    """The content of the head file."""
    return f"{number} {digest}\n"


def read_records(folder: Path) -> list[Record]:
    """All records of a contest, every line read and checked; raises `RecordsError` that names the line.

    A line that is still being written, or that a kill cut short, does not count. `flowleague.contest.past` reads what
    they amount to, and faster.
    """
    records: list[Record] = []
    for number, line in enumerate(read_lines(folder)[0], 1):
        record = parse_line(line, number, records[-1].hash if records else START)
        if record is None:
            raise altered(folder / LOG_FILE, number)
        records.append(record)
    return records


def altered(log: Path, number: int) -> RecordsError:
    """The error for a line that does not follow the one before."""
    return RecordsError(
        f"{log.absolute()}, line {number}, was altered; `flowleague contest verify` says what, and git holds the line "
        "as it was."
    )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def staged_at(folder: Path, number: int, place: int) -> Path:
    """Where a file waits until its record is written."""
    return folder / STAGING / f"{number}-{place}"
