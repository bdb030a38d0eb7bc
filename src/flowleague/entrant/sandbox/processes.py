"""A process and all that descend from it: found, stopped, continued, and weighed. Linux only; reads /proc."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_QUIET = 5  # looks in a row that find no new process; one alone may miss a process that just forked and ended


def family(root: int) -> list[int]:
    """The process and all its living descendants. A double fork does not leave it: init of the tree adopts.

    Numbers below 2 are passed over, whatever is read: a signal to 0 would go to our own process group.
    """
    found, ahead = [], [root]
    while ahead:
        process = ahead.pop()
        found.append(process)
        with suppress(OSError):  # it has ended meanwhile
            for thread in (PROC / str(process) / "task").iterdir():
                ahead += [child for child in map(int, (thread / "children").read_text().split()) if child > 1]
    return found


def pause(root: int) -> None:
    """Stop all of a family; again, until no process is new: one that is stopped cannot fork."""
    stopped, quiet = set[int](), 0
    while quiet < _QUIET:
        new = {*family(root)} - stopped
        _signal(new, signal.SIGSTOP)
        stopped |= new
        quiet = 0 if new else quiet + 1


def resume(root: int) -> None:
    """Let all of a family go on."""
    _signal(family(root), signal.SIGCONT)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def memory_of(root: int) -> int:
    """Bytes of resident memory of a family that no file backs: its own and shared."""
    kib = 0
    for process in family(root):
        with suppress(OSError):
            lines = (PROC / str(process) / "status").read_text().splitlines()
            kib += sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))
    return 1024 * kib


def files_of(root: int) -> int:
    """Files, folders and links in the places where what is behind a wall may write."""
    found = 0
    for place in ("tmp", "dev/shm"):
        with suppress(OSError):  # it has ended meanwhile
            inside, outside = PROC / str(root) / "root" / place, Path("/", place)
            if not outside.exists() or inside.stat().st_dev != outside.stat().st_dev:  # else the wall is not yet built
                held = os.statvfs(inside)
                found += held.f_files - held.f_ffree
    return found
