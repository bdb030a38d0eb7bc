"""Jobs on this machine: one process for each, which on Linux dies with the one that gives them out."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from flowleague.capacity import free_memory_gib, usable_cores
from flowleague.engines.job import OUTPUT, Ended, Job

_SHOWN = 20_000  # bytes of the end of its output


class Local:
    """Processes of this machine."""

    def __init__(self) -> None:
        self._running: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}  # and when each must have ended

    def width(self, threads: int, memory_gib: float) -> int:
        """As many as the processors and the free memory of this process allow."""
        return max(1, min(usable_cores() // threads, int(free_memory_gib() // memory_gib)))

    def start(self, job: Job) -> None:
        """Begin a job in an empty folder."""
        fresh(job.place)
        self.launch(job)

    def launch(self, job: Job) -> None:
        """Begin a job in its folder as it is."""
        with (job.place / OUTPUT).open("wb") as output:
            process = subprocess.Popen(
                job.words(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ
                | {"OMP_NUM_THREADS": str(job.threads), "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"},
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # this program has no other threads
            )
        self._running[job.place] = process, time.monotonic() + job.seconds

    def poll(self, job: Job) -> Ended | None:
        """How a job ended; one that has used up its time is stopped."""
        process, deadline = self._running[job.place]
        late = process.poll() is None and time.monotonic() > deadline
        if process.returncode is None and not late:
            return None
        self.cancel(job)
        said = (job.place / OUTPUT).read_bytes()[-_SHOWN:].decode(errors="replace").splitlines()
        return Ended(None if late else process.returncode, tuple(said), late)

    def cancel(self, job: Job) -> None:
        """End a job and everything that it started."""
        if job.place not in self._running:
            return  # it was never begun
        process, _ = self._running.pop(job.place)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def fresh(place: Path) -> None:
    """Make a folder empty."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the evaluator is killed, so that no measurement outlives it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
