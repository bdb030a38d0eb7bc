"""Writing records: one process at a time, and a kill at any moment loses nothing.

Files are staged, then the record that names them is appended, then they are moved to their places: a kill before the
record leaves nothing behind, a kill after it leaves a move that the next writer finishes. A record that a kill cut
short was never acknowledged; its bytes are kept in a record of kind "torn". The lock dies with its process.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from flowleague.contest.chain import (
    HEAD_FILE,
    LOG_FILE,
    STAGING,
    START,
    Record,
    RecordsError,
    encode,
    head_text,
    parse_line,
    read_head,
    read_lines,
    read_records,
    sealed,
    staged_at,
)
from flowleague.contest.following import stray
from flowleague.contest.past import Past, read_past
from flowleague.contest.state import State
from flowleague.files import cannot_write, sync, write_atomically

LOCK_FILE = ".lock"
WAIT_SECONDS = 120.0
_CHUNK = 2**20
_STAGED = re.compile(r"([0-9]{1,18})-[0-9]+")


class Writer:
    """The one process that may append; its `past` holds all there is, what it appended included."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.past: Past = read_past(folder)
        _check_head(folder, self.past)  # before anything is cut off
        self._recover()

    @property
    def state(self) -> State:
        """What all records amount to."""
        return self.past.state

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
        number, time = self.past.number + 1, (now or datetime.now(UTC)).astimezone(UTC)
        record = sealed(Record(number=number, time=time, kind=kind, body=body, files=files, previous=self.past.hash))
        line = encode(record) + b"\n"
        past = self.past.after([(msgspec.json.decode(line, type=Record), line)])  # as it is read: nobody meets worse
        if len(past.events) > len(self.past.events) and (why := stray(self.state, past.events[-1])):
            raise RecordsError(f"A record was not written: it {why}.")
        log = self.folder / LOG_FILE
        with log.open("ab") as file:
            length = file.tell()
            try:
                file.write(line)
                sync(file)
            except OSError:
                os.truncate(log, length)
                raise
        self.past = past
        return record

    def _stage(self, place: int, content: bytes | Path) -> str:
        """Write a file of the next record into the staging folder; returns its SHA-256."""
        staging, digest = self.folder / STAGING, hashlib.sha256()
        staging.mkdir(exist_ok=True)
        with staged_at(self.folder, self.past.number + 1, place).open("wb") as target:
            for chunk in _chunks(content):
                digest.update(chunk)
                target.write(chunk)
            sync(target)
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
        tail = read_lines(self.folder, self.past.size)[1]
        if tail:
            whole = parse_line(tail, self.past.number + 1, self.past.hash)
            log = self.folder / LOG_FILE
            if whole is not None:  # only its end of line is missing
                with log.open("ab") as file:
                    file.write(b"\n")
                self.past = self.past.after([(whole, tail + b"\n")])
            else:
                os.truncate(log, log.stat().st_size - len(tail))
                self._append("torn", {"bytes": tail.hex()}, {}, None)
        staging = list((self.folder / STAGING).glob("*"))
        numbers = {int(match[1]) for path in staging if (match := _STAGED.fullmatch(path.name))}
        for number in sorted(number for number in numbers if 0 < number <= self.past.number):
            self._place(read_records(self.folder)[number - 1])
        for path in staging:  # of no record: it was never acknowledged
            path.unlink(missing_ok=True)


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """The one writer; waits while another process writes. Raises `RecordsError` for records that were altered."""
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
            last = writer.past.number, writer.past.hash
            if last != read_head(folder):
                write_atomically(folder / HEAD_FILE, head_text(*last).encode())


def _check_head(folder: Path, past: Past) -> None:
    number, digest = read_head(folder)
    if 0 < number < past.number:  # a killed writer left it behind
        fits = read_records(folder)[number - 1].hash == digest
    else:
        fits = number in (0, past.number) and digest == (past.hash if number else START)
    if not fits:
        raise RecordsError(
            f"{folder / LOG_FILE} does not go on as {HEAD_FILE} says: records are missing or were altered; "
            "`flowleague contest verify` says more, and git holds the file as it was."
        )


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _sync_folder(folder: Path) -> None:
    """Make a move inside a folder survive a power cut; Windows has no such call, and does without."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        sync(handle)
    finally:
        os.close(handle)
