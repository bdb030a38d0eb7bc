"""What happened in a contest, read quickly: from what this process knows, or a snapshot, and the lines added since.

Events and state follow from the log alone. What a process has read it does not read again while the log only grows. A
snapshot (`flowleague.contest.snapshot`) serves the next process; without it, or where the log does not begin with the
bytes that it was made of, every line is read and checked. `flowleague contest verify` always reads everything.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flowleague.contest import snapshot
from flowleague.contest.chain import LOG_FILE, START, Record, RecordsError, altered, parse_line
from flowleague.contest.events import Event, events_of
from flowleague.contest.state import State, extended
from flowleague.files import without_cycles

_Stamp = tuple[int, int, int]


class Past:
    """All events up to a record, whose `number` and `hash` these are; `size` is how many bytes the lines have.

    It does not change: what is appended makes another one.
    """

    def __init__(
        self,
        number: int = 0,
        hash: str = START,  # noqa: A002
        size: int = 0,
        events: tuple[Event, ...] = (),
        digest: Any = None,
    ):
        self.number, self.hash, self.size, self.events = number, hash, size, events
        self.digest = digest or hashlib.sha256()  # of the bytes
        self._state, self._folded = State(), 0  # what the first so many events amount to

    @property
    def state(self) -> State:
        """What all of it amounts to; raises `RecordsError` for events that cannot follow one another."""
        if self._folded < len(self.events):
            self._state, self._folded = extended(self._state, self.events[self._folded :]), len(self.events)
        return self._state

    def after(self, lines: Iterable[tuple[Record, bytes]]) -> "Past":
        """With more records and their lines; raises `RecordsError` for a body that cannot be read."""
        number, hash_, size, digest, events = self.number, self.hash, self.size, self.digest.copy(), list(self.events)
        for record, line in lines:
            number, hash_, size = record.number, record.hash, size + len(line)
            digest.update(line)
            events += events_of([record])
        past = Past(number, hash_, size, tuple(events), digest)
        past._state, past._folded = self._state, self._folded
        return past


_MOST_KNOWN = 4  # logs
_known: dict[Path, tuple[Past, _Stamp | None]] = {}


def read_past(folder: Path) -> Past:
    """What happened in a contest; raises `RecordsError` that names the line that was altered.

    A line that is still being written, or that a kill cut short, does not count.
    """
    log = (folder / LOG_FILE).absolute()
    stamp = _stamp(log)
    before = _known_of(log, stamp) or _of_snapshot(log) or Past()
    with without_cycles():
        past = before.after(_lines_after(log, before))
    if past.size - before.size > snapshot.worthwhile(past.size):
        snapshot.keep(log, past.number, past.hash, past.size, past.digest.hexdigest(), past.events)
    _known.pop(log, None)
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)))
    _known[log] = past, stamp
    return past


def _of_snapshot(log: Path) -> Past | None:
    with without_cycles():
        held = snapshot.load(log)
    return held and Past(held.number, held.hash, held.size, held.events, held.digest)


def _lines_after(log: Path, past: Past) -> Iterator[tuple[Record, bytes]]:
    """The checked records, and their lines, that follow what is known of a log."""
    number, previous = past.number, past.hash
    try:
        with log.open("rb") as file:
            file.seek(past.size)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                record = parse_line(line[:-1], number + 1, previous)
                if record is None:
                    raise altered(log, number + 1)
                number, previous = record.number, record.hash
                yield record, line
    except FileNotFoundError:
        return
    except OSError as error:
        raise RecordsError(f"{log} cannot be read ({error.strerror}).") from error


def _known_of(log: Path, stamp: _Stamp | None) -> Past | None:
    """What this process knows of a log, if it still begins so: it is the same file, and unchanged or longer."""
    past, before = _known.get(log, (None, None))
    if past is None or not past.number or stamp is None or before is None:
        return None
    if stamp == before:
        return past
    if stamp[0] != before[0] or stamp[1] <= past.size:
        return None
    end = f'"{past.hash}"}}\n'.encode()  # a record ends with its hash
    with log.open("rb") as file:
        file.seek(past.size - len(end))
        return past if file.read(len(end)) == end else None


def _stamp(log: Path) -> _Stamp | None:
    """File, size and time of change of a log; None where there is none."""
    try:
        found = os.stat(log)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
