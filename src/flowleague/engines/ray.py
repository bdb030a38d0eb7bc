"""Jobs on a cluster of Ray that exists: a job's files travel to a worker as bytes, and what it wrote comes back.

The workers have this version of flowleague, and share no folder with this machine. Ray's own retries are off: the
evaluator counts how often a job was lost.
"""

import importlib
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowleague.engines.job import Ended, Job
from flowleague.engines.local import fresh
from flowleague.engines.worker import hand_over, how_it_ended
from flowleague.errors import EngineError
from flowleague.files import temporary_folder, write_atomically

_MOST_BACK = 64 * 2**20  # bytes that a worker may send back: a card and a few pictures are below one MiB
_PYTHON = "<python>"  # stands for the interpreter of whoever runs a command
_PAUSE = 0.05  # seconds between looks at a job
_ANSWERS_WITHIN = 10  # seconds in which an address accepts a connection; Ray itself would try for minutes
_Files = dict[str, bytes]


class Ray:
    """A cluster of Ray at an address, by default that of the environment (`RAY_ADDRESS`) or of this machine."""

    def __init__(self, address: str | None = None) -> None:
        try:
            self._ray: Any = importlib.import_module("ray")
        except ModuleNotFoundError:
            raise EngineError("This needs Ray: pip install 'flowleague[ray]'.") from None
        try:
            if address and ":" in address:
                host, _, port = address.removeprefix("ray://").rpartition(":")
                socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_WITHIN).close()
            self._ray.init(address=address or "auto", log_to_driver=False, logging_level=logging.CRITICAL)
        except (OSError, ValueError, RuntimeError) as error:
            where = f"at {address}" if address else "here"
            raise EngineError(f"No cluster of Ray answers {where}; name one with --address ({error}).") from error
        self._measure = self._ray.remote(max_retries=0)(measure_there)
        self._tasks: dict[Path, Any] = {}

    def width(self, threads: int, memory_gib: float) -> int:
        """As many as the cluster has processors and memory for."""
        has = self._ray.cluster_resources()
        return max(1, min(int(has.get("CPU", 1) // threads), int(has.get("memory", 0) / 2**30 // memory_gib)))

    def start(self, job: Job) -> None:
        """Send a job to the cluster."""
        fresh(job.place)
        command, files = _parcel(job)
        task = self._measure.options(num_cpus=job.threads, memory=int(job.memory_gib * 2**30))
        self._tasks[job.place] = task.remote(command, files, job.threads, job.seconds)

    def poll(self, job: Job) -> Ended | None:
        """How a job ended; it is lost when its worker or its machine died."""
        task = self._tasks[job.place]
        if not self._ray.wait([task], timeout=0)[0]:
            return None
        del self._tasks[job.place]
        try:
            ended, files = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            return Ended(None, (str(error).strip().partition("\n")[0],))
        for name, raw in files.items():
            write_atomically(job.place / Path(name).name, raw)  # a name, never a path: a worker writes nowhere else
        return ended

    def cancel(self, job: Job) -> None:
        """End a job and everything that it started."""
        if task := self._tasks.pop(job.place, None):
            self._ray.cancel(task)  # an interrupt: by force, what the job started would live on


def measure_there(command: list[str | Path], files: _Files, threads: int, seconds: float) -> tuple[Ended, _Files]:
    """On a worker: run a command, whose paths are relative to a folder of its own, on files; what it wrote there.

    The job runs in a process of its own, since Ray's has threads, and ends with this one.
    """
    with temporary_folder() as name:
        root = name.resolve()
        for path, raw in files.items():
            write_atomically(root / path, raw, private=True)
        fresh(root / "out")
        words = [str(root / part) if isinstance(part, Path) else part for part in command]
        there = tuple(sys.executable if word == _PYTHON else word for word in words)
        job = Job(there, root / "out", threads, seconds, 0)
        _run([sys.executable, *hand_over(job)])
        ended = how_it_ended(job.place) or Ended(None)
        said = tuple(line.replace(f"{root}/", "") for line in ended.said)
        return replace(ended, said=said), dict(_written(job.place))


def _run(command: list[str]) -> None:
    """Run a command; an interrupt ends it in an orderly way."""
    process = subprocess.Popen(command)
    try:
        while process.poll() is None:  # in `wait` no interrupt of Ray's would be heard
            time.sleep(_PAUSE)
    finally:
        process.terminate()
        process.wait()


def _parcel(job: Job) -> tuple[list[str | Path], _Files]:
    """A job's command with paths relative to a worker's folder, and the files that it reads, by such paths."""
    command: list[str | Path] = []
    files: _Files = {}
    for number, part in enumerate(job.command):
        if not isinstance(part, Path):
            command.append(_PYTHON if part == sys.executable else part)
        elif part.is_relative_to(job.place):
            command.append(Path("out") / part.relative_to(job.place))
        else:
            there = Path("in", str(number), part.name)
            command.append(there)
            inside = [part] if part.is_file() else [path for path in part.rglob("*") if path.is_file()]
            files |= {(there / path.relative_to(part)).as_posix(): path.read_bytes() for path in inside}
    return command, files


def _written(place: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a folder, up to a limit."""
    rest = _MOST_BACK
    for path in sorted(place.iterdir()):
        if path.is_file() and not path.is_symlink():
            raw = path.read_bytes()
            if (rest := rest - len(raw)) < 0:
                return
            yield path.name, raw
