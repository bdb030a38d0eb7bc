"""The records of a contest: an append-only log in which every record is bound to the one before.

records.jsonl   one record a line, h_n = SHA-256(record n with its place for h_n empty); record n holds h_{n-1}
records.head    number and hash of a record written before: it shows when records were cut off at the end
.staging/       files that are being written, named by the number of their record and their place in it

A record names its files by path and SHA-256. `flowleague.contest.records` writes them.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from flowleague.errors import FlowLeagueError

LOG_FILE, HEAD_FILE, STAGING = "records.jsonl", "records.head", ".staging"
START = "0" * 64  # what the first record holds as the hash of the one before


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


@dataclass(frozen=True)
class _Known:
    """What this process has checked of a log: its records, how many bytes they have, and the stamp of the file then."""

    records: tuple[Record, ...]
    size: int
    stamp: tuple[int, int, int] | None


_MOST_KNOWN = 4  # logs
_known: dict[Path, _Known] = {}


def encode(record: Record) -> bytes:
    """The line of a record, without its line end."""
    return msgspec.json.encode(record)


def sealed(record: Record) -> Record:
    """The record with its own hash."""
    digest = hashlib.sha256(encode(msgspec.structs.replace(record, hash=""))).hexdigest()
    return msgspec.structs.replace(record, hash=digest)


def parse_line(line: bytes, number: int, previous: str) -> Record | None:
    """The record of a line; None when it does not follow the record before, byte for byte."""
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    fits = record.number == number and record.previous == previous and sealed(record) == record
    return record if fits and encode(record) == line else None


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
    """All records of a contest, their chain checked; raises `RecordsError` that names the line.

    A line that is still being written, or that a kill cut short, does not count. Lines that this process has checked
    are not read again while the log only grows; `flowleague contest verify` reads everything.
    """
    log = (folder / LOG_FILE).absolute()
    known = _known_of(log)
    stamp, records, size = _stamp(log), list(known.records), known.size
    for line in read_lines(folder, size)[0]:
        record = parse_line(line, len(records) + 1, records[-1].hash if records else START)
        if record is None:
            raise RecordsError(
                f"{log}, line {len(records) + 1}, was altered; `flowleague contest verify` says what, and git holds "
                "the line as it was."
            )
        records.append(record)
        size += len(line) + 1
    _known.pop(log, None)
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)))
    _known[log] = _Known(tuple(records), size, stamp)
    return records


def unfinished(folder: Path) -> bytes:
    """What follows the last complete line."""
    return read_lines(folder, _known_of((folder / LOG_FILE).absolute()).size)[1]


def _known_of(log: Path) -> _Known:
    """What is known of a log, if it still begins so: it is the same file, and unchanged or longer."""
    nothing, stamp = _Known((), 0, None), _stamp(log)
    known = _known.get(log, nothing)
    if not known.records or stamp == known.stamp:
        return known
    last = encode(known.records[-1]) + b"\n"
    if stamp is None or known.stamp is None or stamp[0] != known.stamp[0] or stamp[1] <= known.size:
        return nothing
    with log.open("rb") as file:
        file.seek(known.size - len(last))
        return known if file.read(len(last)) == last else nothing


def _stamp(log: Path) -> tuple[int, int, int] | None:
    """File, size and time of change of a log; None where there is none."""
    try:
        found = log.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def staged_at(folder: Path, number: int, place: int) -> Path:
    """Where a file waits until its record is written."""
    return folder / STAGING / f"{number}-{place}"
