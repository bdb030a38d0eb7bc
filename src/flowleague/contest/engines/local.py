"""Measuring on this machine: one process for each entry, which dies with the evaluator on Linux.

start    run a scorer in a folder            stop     end it and everything that it started
poll     whether it has ended, or must end   result   how it ended, and what it printed
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OUTPUT = "output.txt"
_SHOWN = 20_000  # bytes of the end of its output


@dataclass(frozen=True)
class Run:
    """A running scorer: its process, the folder in which it writes, and when it must have ended."""

    process: subprocess.Popen[bytes]
    place: Path
    deadline: float


@dataclass(frozen=True)
class Result:
    """How a scorer ended: its exit status (None: it took too long), and the last lines that it printed."""

    status: int | None
    said: list[str]


def start(command: Sequence[str], place: Path, threads: int, seconds: float) -> Run:
    """Start a scorer on some threads; it has to end within the seconds."""
    with (place / OUTPUT).open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": str(threads), "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"},
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # this program has no other threads
        )
    return Run(process, place, time.monotonic() + seconds)


def poll(run: Run) -> bool:
    """Whether a scorer has ended, or has used up its time."""
    return run.process.poll() is not None or time.monotonic() > run.deadline


def stop(run: Run) -> None:
    """End a scorer and everything that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(run.process.pid, signal.SIGKILL)
    else:
        run.process.kill()
    run.process.wait()


def result(run: Run) -> Result:
    """How a scorer ended; one that still runs is stopped."""
    late = run.process.poll() is None
    if late:
        stop(run)
    said = (run.place / OUTPUT).read_bytes()[-_SHOWN:].decode(errors="replace").splitlines()
    return Result(None if late else run.process.returncode, said)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the evaluator is killed, so that no measurement outlives it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
