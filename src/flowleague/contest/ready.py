"""Whether a contest can be held as its folder says, on this machine: rules against records, dates, disk and memory.

What is wrong for all entries is found here, once, and not by each of them. Data, judges and sandbox are looked at by
the command, which may import them.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flowleague.capacity import free_memory_gib
from flowleague.contest.folder import Contest, read_canvas_ids, read_marks
from flowleague.contest.held_out import said_of
from flowleague.contest.seeds import seeds_of
from flowleague.contest.teams import name_key
from flowleague.engines.local import Local
from flowleague.errors import FlowLeagueError
from flowleague.text import listed, number

_LEAST_DISK_GIB = 2.0  # for what entries write while they are measured


@dataclass(frozen=True)
class Look:
    """One thing that was looked at: its name, what was seen, and what that means.

    "fine"; "note": a person should look; "stops": nothing can be measured until it is mended.
    """

    name: str
    seen: str
    means: str = "fine"


def look(contest: Contest, now: datetime | None = None) -> Iterator[Look]:
    """Everything that needs neither data nor judges."""
    yield _dates(contest, now or datetime.now(UTC))
    yield from _names(contest)
    yield _seeds(contest)
    yield from _private(contest)
    yield from _held_out(contest)
    yield _disk(contest)
    yield _memory(contest)


def _dates(contest: Contest, now: datetime) -> Look:
    times = contest.rules.time
    opens, closes = (f"{times.local(moment):%Y-%m-%d %H:%M}" for moment in (times.opens, times.closes))
    span = f"open from {opens} to {closes} ({times.zone})"
    if now > times.closes and not contest.state.submissions:
        return Look("dates", f"{span}, which is over, and nothing was sent in: is the year right?", "note")
    when = "over" if now > times.closes else "open now" if now >= times.opens else "not open yet"
    return Look("dates", f"{span}: {when}")


def _names(contest: Contest) -> Iterator[Look]:
    """Names in the organiser's files that are no team's, as a typo makes them."""
    known = set(contest.state.teams)
    for where, names in _named(contest):
        unknown = [name for name in names if name_key(name) not in known]
        if unknown:
            yield Look(where, f"no team so far is called {listed(unknown, most=5)}: is it spelled right?", "note")
        elif names:
            yield Look(where, "all are teams")


def _named(contest: Contest) -> Iterator[tuple[str, list[str]]]:
    yield "baselines", list(contest.rules.entries.baselines)
    yield "marks", list(read_marks(contest.folder))
    yield "people", list(read_canvas_ids(contest.folder).values())


def _seeds(contest: Contest) -> Look:
    try:
        seeds_of(contest)
    except FlowLeagueError as error:
        return Look("seeds", str(error), "stops")
    return Look("seeds", "here" if contest.state.secret_sha256 else "the published ones")


def _private(contest: Contest) -> Iterator[Look]:
    """The file of names and secrets, where others on this machine can read it."""
    path = contest.folder / "private.toml"
    if os.name == "posix" and path.exists() and path.stat().st_mode & 0o077:
        yield Look("private.toml", "others on this machine can read it: chmod 600 private.toml", "note")


def _held_out(contest: Contest) -> Iterator[Look]:
    """The held-out judge, where there is one or is to be one."""
    try:
        seen, is_ready = said_of(contest)
    except FlowLeagueError as error:
        seen, is_ready = str(error), False
    if seen:
        yield Look("held-out judge", seen, "fine" if is_ready else "stops")


def _disk(contest: Contest) -> Look:
    free = shutil.disk_usage(contest.folder).free / 2**30
    seen = f"{number(free, 2)} GiB are free"
    if free < _LEAST_DISK_GIB:
        return Look("disk", f"{seen}, and measuring needs {number(_LEAST_DISK_GIB, 1)}: free some space", "stops")
    return Look("disk", seen)


def _memory(contest: Contest) -> Look:
    free, needed = free_memory_gib(), contest.rules.evaluation.memory_gib
    seen = f"{number(free, 2)} GiB are free, an entry may need {number(needed, 2)}"
    if free < needed:
        return Look("memory", f"{seen}: end other programs, or entries may fail", "note")
    at_a_time = Local().width(contest.rules.evaluation.threads, contest.rules.evaluation.memory_gib)
    return Look("memory", f"{seen}: {at_a_time} at a time")
