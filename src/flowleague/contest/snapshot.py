"""Snapshots of records, so that a process need not check every line again: in the user's cache, one for each log.

A snapshot is believed only where the log begins with the very bytes from which it was made (their SHA-256 is in it),
its own bytes are whole, this build of the reader made it, and the file is this user's. Any other is ignored, and the
log is read instead. So nothing depends on it: after a merge, an edit, a kill or a deletion every line is checked as if
there had never been one. It lies outside the contest's folder, where no pull request and no other user can put one; the
folder of temporary files, where a user without a home has his cache, is why the owner is looked at.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from flowleague.contest import events
from flowleague.contest.events import KINDS, Event
from flowleague.errors import FlowLeagueError
from flowleague.files import cache_folder, open_regular, write_atomically

_LEAST = 2**20  # bytes of new lines for which a snapshot is written
_SHARE = 16  # and this part of the log: what is written in all stays in proportion to the log
_CHUNK = 2**20
_HEAD = 64  # bytes before the content: its SHA-256


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    """The last record and the bytes of the log to its end, by length and SHA-256; its events by kind."""

    reader: str
    number: int
    hash: str
    size: int
    sha256: str
    events: msgspec.Raw


@dataclass(frozen=True)
class Held:
    """A snapshot that was believed; `digest` has read the log's bytes up to its end."""

    number: int
    hash: str
    size: int
    digest: Any
    events: tuple[Event, ...]


# Events say no kind themselves, so they are kept in a list for each; their numbers tell the order
_Events: Any = msgspec.defstruct("_Events", [(kind.__name__, list[kind], []) for kind in KINDS.values()])


def worthwhile(size: int) -> int:
    """How many bytes a process must have read of a log of so many for a new snapshot."""
    return max(_LEAST, size // _SHARE)


def keep(log: Path, number: int, hash: str, size: int, sha256: str, events: Iterable[Event]) -> None:  # noqa: A002
    """Write a snapshot of a log, or none where the cache cannot be written."""
    by_kind: dict[str, list[Event]] = {}
    for event in events:
        by_kind.setdefault(type(event).__name__, []).append(event)
    raw = msgspec.Raw(msgspec.json.encode(_Events(**by_kind)))  # JSON: times keep their zone
    content = msgspec.json.encode(_Content(_reader(), number, hash, size, sha256, raw))
    with suppress(FlowLeagueError, OSError):
        write_atomically(_place(log), hashlib.sha256(content).hexdigest().encode() + content, private=True)


def load(log: Path) -> Held | None:
    """The snapshot of a log, if there is one that can be believed."""
    try:
        with open_regular(_place(log)) as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            raw = file.read()
        if hashlib.sha256(memoryview(raw)[_HEAD:]).hexdigest().encode() != raw[:_HEAD]:
            return None
        held = msgspec.json.decode(memoryview(raw)[_HEAD:], type=_Content)
        digest = _digest_of(log, held.size)
        if held.reader != _reader() or digest.hexdigest() != held.sha256:
            return None
        by_kind = msgspec.json.decode(held.events, type=_Events)
    except (OSError, msgspec.MsgspecError):
        return None
    found = [event for kind in KINDS.values() for event in getattr(by_kind, kind.__name__)]
    found.sort(key=lambda event: event.number)
    return Held(held.number, held.hash, held.size, digest, tuple(found))


def _digest_of(log: Path, size: int) -> Any:
    """The hash of a log's first bytes; raises `OSError` where it has fewer."""
    digest, rest = hashlib.sha256(), size
    with log.open("rb") as file:
        while rest and (chunk := file.read(min(rest, _CHUNK))):
            digest.update(chunk)
            rest -= len(chunk)
    if rest:
        raise OSError("the log is shorter")
    return digest


@cache
def _reader() -> str:
    """What made a snapshot: the version, and the views by which it read the records."""
    return f"{version('flowleague')} {hashlib.sha256(Path(events.__file__).read_bytes()).hexdigest()}"


def _place(log: Path) -> Path:
    return cache_folder("records", f"{hashlib.sha256(os.fsencode(log)).hexdigest()[:32]}.json")
