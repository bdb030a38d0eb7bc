"""Jobs in a queue of Slurm, by its own commands; the folders of jobs are shared with the machines of the cluster.

A job of the queue is known by its name, which derives from its place. So an evaluator finds what another one, which
died, had submitted, and no accounting is needed: a job that is not in the queue and wrote no end was lost. So was one
that Slurm believes to run while its worker gives no sign of life: its machine died, and Slurm has not noticed.
"""

import contextlib
import hashlib
import shlex
import subprocess
import sys
import time
from pathlib import Path

from flowleague.engines.job import Ended, Job
from flowleague.engines.local import fresh
from flowleague.engines.worker import hand_over, how_it_ended, last_beat
from flowleague.errors import EngineError

_LOOK = 2.0  # seconds between questions to the queue, which is other users' too
_GRACE = 15.0  # seconds in which a file that was written elsewhere must be seen here
_SILENT = 120.0  # seconds without a beat; a network's file system may show one a minute late
_QUESTION = 60.0  # seconds until a command of Slurm must have answered
_SPARE = 5  # minutes until Slurm itself ends a job: its worker ends it before


class Slurm:
    """A queue of Slurm: `partition` as for sbatch, by default the cluster's."""

    def __init__(self, partition: str | None = None) -> None:
        self._partition = [f"--partition={partition}"] if partition else []
        self._queue: dict[str, str] = {}  # by name, the state of this user's jobs
        self._looked = float("-inf")
        self._gone: dict[Path, float] = {}  # since when a job is not in the queue
        self._heard: dict[Path, tuple[int | None, float]] = {}  # a running job's last beat, and when it was new here

    def width(self, threads: int, memory_gib: float) -> int:
        """As many as the machines of the partition have processors and memory for."""
        nodes = _ask("sinfo", "--noheader", "--Node", "--format=%c %m", *self._partition).splitlines()
        sizes = [(int(cores), float(mib) / 1024) for cores, mib in map(str.split, nodes)]
        return max(1, sum(min(cores // threads, int(gib // memory_gib)) for cores, gib in sizes))

    def start(self, job: Job) -> None:
        """Submit a job, unless it is in the queue or has ended there."""
        name = _name(job)
        if how_it_ended(job.place) or name in self._states(now=True):
            return
        fresh(job.place)
        run = shlex.join([sys.executable, *hand_over(job)])
        limits = [f"--cpus-per-task={job.threads}", f"--mem={round(job.memory_gib * 1024)}M"]
        limits += [f"--time={int(job.seconds // 60) + _SPARE}"]
        log = f"--output={job.place / 'slurm.txt'}"
        _ask(
            "sbatch",
            "--no-requeue",
            f"--job-name={name}",
            log,
            *limits,
            *self._partition,
            text=f"#!/bin/sh\nexec {run}\n",
        )
        self._queue[name] = "PENDING"
        self._gone.pop(job.place, None)
        self._heard.pop(job.place, None)

    def poll(self, job: Job) -> Ended | None:
        """How a job ended; it is lost when it left the queue without an end for some seconds, or is silent."""
        if ended := how_it_ended(job.place):
            return ended
        try:
            state = self._states().get(_name(job))
        except EngineError:
            return None  # the queue cannot be asked now; what runs in it runs on
        if state:
            if not self._is_silent(job, state):
                return None
            self.cancel(job)  # should it live after all, it works for nobody
            return Ended(None)
        since = self._gone.setdefault(job.place, time.monotonic())
        return Ended(None) if time.monotonic() - since > _GRACE else None

    def cancel(self, job: Job) -> None:
        """Take a job out of the queue, or end it."""
        with contextlib.suppress(EngineError):  # where Slurm does not answer, its time limit ends it
            _ask("scancel", f"--name={_name(job)}")

    def _is_silent(self, job: Job, state: str) -> bool:
        """Whether a job that should run has not beaten for too long, by the clock of this machine alone."""
        now, beat = time.monotonic(), last_beat(job.place)
        before, since = self._heard.get(job.place, (None, now))
        self._heard[job.place] = beat, since if beat == before and state == "RUNNING" else now
        return now - self._heard[job.place][1] > _SILENT

    def _states(self, now: bool = False) -> dict[str, str]:
        """The states of this user's jobs in the queue by name, asked again after some seconds."""
        if now or time.monotonic() - self._looked > _LOOK:
            lines = _ask("squeue", "--me", "--noheader", "--format=%T %j").splitlines()
            self._queue = {name.strip(): state for state, _, name in (line.strip().partition(" ") for line in lines)}
            self._looked = time.monotonic()
        return self._queue


def _name(job: Job) -> str:
    return f"flowleague-{hashlib.sha256(str(job.place.absolute()).encode()).hexdigest()[:16]}"


def _ask(*command: str, text: str = "") -> str:
    """What a command of Slurm prints; raises `EngineError` with what it complains about."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=_QUESTION)
    except FileNotFoundError:
        raise EngineError(
            f"Slurm's command {command[0]} is not on this machine; run this where jobs of the cluster are submitted."
        ) from None
    except subprocess.TimeoutExpired:
        raise EngineError(f"Slurm did not answer {command[0]} within {_QUESTION:.0f} seconds; try again.") from None
    if done.returncode:
        raise EngineError(f"Slurm refused {command[0]}: {done.stderr.strip()[:500] or 'it does not say why'}")
    return done.stdout
