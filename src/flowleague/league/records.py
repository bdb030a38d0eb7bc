"""The records of a contest: an append-only log in which every record is bound to the one before.

records.jsonl   one record a line, h_n = SHA-256(record n with its place for h_n empty); record n holds h_{n-1}
records.head    number and hash of a record written before: without it, records cut off the end would not be missed
.staging/       files on their way, named by the number of their record and their place in it
.lock           held by the one process that writes; it dies with the process

A record names its files by path and SHA-256. They are staged, then the record is appended, then they are moved to
their places: a kill before the record leaves nothing behind, a kill after it leaves a move that the next writer
finishes. A record that a kill cut short was never acknowledged; its bytes are kept in a record of kind "torn".
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from flowleague.errors import FlowLeagueError
from flowleague.files import cannot_write, write_atomically

LOG_FILE, HEAD_FILE, STAGING, LOCK_FILE = "records.jsonl", "records.head", ".staging", ".lock"
START = "0" * 64  # what the first record holds as the hash of the one before
WAIT_SECONDS = 120.0
CHUNK = 2**20


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
    """The line of a record, without its end."""
    return msgspec.json.encode(record)


def sealed(record: Record) -> Record:
    """The record with its own hash."""
    digest = hashlib.sha256(encode(msgspec.structs.replace(record, hash=""))).hexdigest()
    return msgspec.structs.replace(record, hash=digest)


def parse_line(line: bytes, number: int, previous: str) -> Record | None:
    """The record of a line, or None when it is not exactly the one that can stand there."""
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    fits = record.number == number and record.previous == previous and sealed(record) == record
    return record if fits and encode(record) == line else None


def read_lines(folder: Path) -> tuple[list[bytes], bytes]:
    """The complete lines of a log, and what follows the last of them."""
    try:
        *lines, tail = (folder / LOG_FILE).read_bytes().split(b"\n")
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

    A line that is being written, or was cut short by a kill, is not there yet.
    """
    records, previous = [], START
    for number, line in enumerate(read_lines(folder)[0], 1):
        record = parse_line(line, number, previous)
        if record is None:
            raise RecordsError(
                f"{folder / LOG_FILE}, line {number}, was altered; `flowleague contest verify` says what, and git "
                "holds the line as it was."
            )
        records.append(record)
        previous = record.hash
    return records


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def staged_at(folder: Path, number: int, place: int) -> Path:
    """Where a file waits until its record is written."""
    return folder / STAGING / f"{number}-{place}"


class Writer:
    """The one process that may append; `records` are all there are, the appended ones included."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.records = read_records(folder)
        _check_head(folder, self.records)  # before anything is cut off
        self._recover()

    def append(
        self,
        kind: str,
        body: dict[str, Any],
        files: Mapping[str, bytes | Path] | None = None,
        now: datetime | None = None,
    ) -> Record:
        """Write one record and its files (by path in the contest, as bytes or as a file to copy); returns the record.

        When this returns, record and files are on the disk. When it is killed or the disk is full, neither is, or the
        next writer finishes what is missing.
        """
        try:
            contents = (files or {}).items()
            staged = {path: self._stage(place, content) for place, (path, content) in enumerate(contents)}
            record = self._append(kind, body, staged, now)
            self._place(record)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        return record

    def _append(self, kind: str, body: dict[str, Any], files: dict[str, str], now: datetime | None) -> Record:
        previous = self.records[-1].hash if self.records else START
        number, time = len(self.records) + 1, (now or datetime.now(UTC)).astimezone(UTC)
        record = sealed(Record(number=number, time=time, kind=kind, body=body, files=files, previous=previous))
        log = self.folder / LOG_FILE
        with log.open("ab") as file:
            length = file.tell()
            try:
                file.write(encode(record) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(log, length)
                raise
        self.records.append(record)
        return record

    def _stage(self, place: int, content: bytes | Path) -> str:
        """Write a file of the next record into the staging folder; returns its SHA-256."""
        staging, digest = self.folder / STAGING, hashlib.sha256()
        staging.mkdir(exist_ok=True)
        with staged_at(self.folder, len(self.records) + 1, place).open("wb") as target:
            for chunk in _chunks(content):
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        _sync_folder(staging)
        return digest.hexdigest()

    def _place(self, record: Record) -> None:
        """Move a record's files from the staging folder to their places; those that are there already stay."""
        for place, path in enumerate(record.files):
            staged, target = staged_at(self.folder, record.number, place), self.folder / path
            if staged.exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(staged, target)
                for parent in target.relative_to(self.folder).parents:
                    _sync_folder(self.folder / parent)

    def _recover(self) -> None:
        """Finish what a killed writer began."""
        _, tail = read_lines(self.folder)
        if tail:
            previous = self.records[-1].hash if self.records else START
            whole = parse_line(tail, len(self.records) + 1, previous)
            log = self.folder / LOG_FILE
            if whole is not None:  # only its end of line is missing
                with log.open("ab") as file:
                    file.write(b"\n")
                self.records.append(whole)
            else:
                os.truncate(log, log.stat().st_size - len(tail))
                self._append("torn", {"bytes": tail.hex()}, {}, None)
        staging = self.folder / STAGING
        for number in {path.name.partition("-")[0] for path in staging.glob("*-*")}:
            if int(number) <= len(self.records):
                self._place(self.records[int(number) - 1])
        for path in staging.glob("*"):  # of no record: it was never acknowledged
            path.unlink()


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """Be the one who writes; waits for another. Raises `RecordsError` when the records do not hold together."""
    try:
        lock = FileLock(folder / LOCK_FILE).acquire(timeout=WAIT_SECONDS)
    except Timeout as error:
        raise RecordsError(
            f"Another process has been writing to {folder} for {WAIT_SECONDS:.0f} seconds; try again when it has ended."
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    with lock:
        writer = Writer(folder)
        try:
            yield writer
        finally:
            if writer.records:
                last = writer.records[-1]
                write_atomically(folder / HEAD_FILE, head_text(last.number, last.hash).encode())


def _check_head(folder: Path, records: list[Record]) -> None:
    number, digest = read_head(folder)
    if not 0 <= number <= len(records) or digest != (records[number - 1].hash if number else START):
        raise RecordsError(
            f"{folder / LOG_FILE} does not go on as {HEAD_FILE} says: records are missing or were altered; "
            "`flowleague contest verify` says more, and git holds the file as it was."
        )


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _sync_folder(folder: Path) -> None:
    """Make a move inside a folder survive a power cut; Windows has no such call, and does without."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
