"""A place for a contest's large files outside its folder, each under the SHA-256 that the records hold of it.

    <place>/ab/abcdef...     the bytes whose SHA-256 begins with ab

The place is a folder, or whatever fsspec opens: s3://bucket/contest, sftp://host/contest. Records, rules and marks stay
in the folder, so git need not hold entries, cards and pictures. Nothing in the place is believed: what is fetched must
have the hash that the records say. Storing and fetching again does only what is missing, so both may be cut off.
"""

import hashlib
import importlib
import os
import shutil
import tempfile
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flowleague.archive import MIB
from flowleague.contest.chain import file_sha256, read_records
from flowleague.contest.folder import ContestError
from flowleague.contest.rules import Rules, read_rules
from flowleague.files import at_home, cannot_write, sync

_LEAST_MIB = 64  # that a fetched file may have, whatever the rules allow an entry
_CHUNK = 2**20


class StoreError(ContestError):
    """The place of large files cannot be reached or written, or holds something else than it should."""


@dataclass
class Stored:
    """Files that were moved to or from the place, and those that are in neither, or not as recorded."""

    moved: int = 0
    bytes: int = 0
    missing: tuple[str, ...] = ()


class _Folder:
    """A place on a file system of this machine."""

    def __init__(self, place: Path):
        self.place = place

    def has(self, name: str) -> bool:
        return (self.place / name).is_file()

    def open(self, name: str) -> IO[bytes]:
        return (self.place / name).open("rb")

    def put(self, source: Path, name: str) -> None:
        target = self.place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with source.open("rb") as file, os.fdopen(handle, "wb") as copy:
                shutil.copyfileobj(file, copy, _CHUNK)
                sync(copy)
            os.replace(partial, target)
        finally:
            Path(partial).unlink(missing_ok=True)


class _Elsewhere:
    """A place that fsspec opens; a file appears there once all of it has arrived, as object stores do it."""

    def __init__(self, address: str):
        try:
            opened = importlib.import_module("fsspec.core").url_to_fs(address)
        except ImportError as error:
            raise StoreError(
                f"{address} needs a package more ({error}): pip install 'flowleague[s3]' for S3."
            ) from None
        except ValueError as error:
            raise StoreError(f"{address} is no place for files: {error}.") from error
        self.files: Any = opened[0]
        self.root = str(opened[1]).rstrip("/")

    def check(self) -> None:
        """Raises what its file system raises for a bucket that is not there, which `put` would make, or not allowed."""
        bucket = "" if "://" in self.root else self.root.partition("/")[0]
        if bucket:
            try:
                self.files.info(bucket)
            except FileNotFoundError:
                raise FileNotFoundError(f"there is no bucket {bucket}") from None

    def has(self, name: str) -> bool:
        try:
            return self.files.info(f"{self.root}/{name}")["type"] == "file"  # `isfile` says no to whatever goes wrong
        except FileNotFoundError:
            return False

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        return self.files.open(f"{self.root}/{name}", "rb")

    def put(self, source: Path, name: str) -> None:
        with suppress(NotImplementedError):  # object stores have no folders
            self.files.makedirs(f"{self.root}/{name.rpartition('/')[0]}", exist_ok=True)
        self.files.put_file(str(source), f"{self.root}/{name}")


def store(folder: Path, place: str = "") -> Stored:
    """Put the files of all records that lie in the folder into the place of the rules, or another one.

    A file that is not as recorded is not stored. Raises `StoreError`, `RulesError`, `RecordsError`.
    """
    there, done, missing = _opened(folder, place, read_rules(folder)), Stored(), []
    for path, digest in _files(folder):
        if _tried(there, there.has, _name(digest)):
            continue
        if not (folder / path).is_file() or file_sha256(folder / path) != digest:
            missing.append(path)
            continue
        _tried(there, there.put, folder / path, _name(digest))
        done.moved += 1
        done.bytes += (folder / path).stat().st_size
    done.missing = tuple(missing)
    return done


def fetch(folder: Path, place: str = "") -> Stored:
    """Bring the files of records that are missing in the folder from the place; what is there already stays.

    Raises as `store` does. A file that has another hash than recorded is not kept.
    """
    rules = read_rules(folder)
    there, done, missing = _opened(folder, place, rules), Stored(), []
    most = max(rules.entries.largest_file_mib, _LEAST_MIB) * MIB
    for path, digest in _files(folder):
        if (folder / path).exists():
            continue
        size = _fetched(there, digest, folder / path, most) if _tried(there, there.has, _name(digest)) else -1
        if size < 0:
            missing.append(path)
            continue
        done.moved += 1
        done.bytes += size
    done.missing = tuple(missing)
    return done


def _files(folder: Path) -> list[tuple[str, str]]:
    """Path and hash of every file that a record names, each once; raises `StoreError` for a link that leads away."""
    found = {path: digest for record in read_records(folder) for path, digest in record.files.items()}
    for path in found:
        if not (folder / path).resolve().is_relative_to(folder.resolve()):
            raise StoreError(f"The file {path} lies outside of the contest's folder: a link leads there.")
    return sorted(found.items())


def _opened(folder: Path, place: str, rules: Rules) -> _Folder | _Elsewhere:
    place = place or rules.store
    if not place:
        raise StoreError(
            'Say where the files are kept: a line store = "../files" (a folder) or store = "s3://bucket/name" near the '
            "top of contest.toml, or the place itself."
        )
    if "://" not in place:
        return _Folder(folder / at_home(place))
    there = _Elsewhere(place)
    _tried(there, there.check)
    return there


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _tried(there: _Folder | _Elsewhere, call: Any, *words: Any) -> Any:
    """What a call answers; faults of networks and disks of whatever kind become a sentence."""
    try:
        return call(*words)
    except Exception as error:  # each of fsspec's file systems has its own
        where = there.place if isinstance(there, _Folder) else there.root
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StoreError(
            f"{where} cannot be read or written ({reason}); is it the right place, and allowed?"
        ) from error


def _fetched(there: _Folder | _Elsewhere, digest: str, target: Path, most: int) -> int:
    """Bring one file, by way of a temporary one beside it; its size, or -1 when it is not what was recorded."""
    found, size, partial = hashlib.sha256(), 0, ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".")
        with os.fdopen(handle, "wb") as copy, _tried(there, there.open, _name(digest)) as source:
            while size <= most and (chunk := _tried(there, source.read, _CHUNK)):
                size += len(chunk)
                found.update(chunk)
                copy.write(chunk)
            sync(copy)
        if found.hexdigest() != digest:
            return -1
        os.chmod(partial, 0o644)
        os.replace(partial, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        if partial:
            Path(partial).unlink(missing_ok=True)
    return size
