"""Writing records: one process at a time, and a kill at any moment loses nothing.

Files are staged, then the record that names them is appended, then they are moved to their places: a kill before the
record leaves nothing behind, a kill after it leaves a move that the next writer finishes. A record that a kill cut
short was never acknowledged; its bytes are kept in a record of kind "torn". The lock dies with its process.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    read_records,
    sealed,
    staged_at,
    unfinished,
)
from flowleague.files import cannot_write, sync, write_atomically

LOCK_FILE = ".lock"
WAIT_SECONDS = 120.0
_CHUNK = 2**20


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
                sync(file)
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
        tail = unfinished(self.folder)
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
