"""A job, how it ended, and what every engine offers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

OUTPUT = "output.txt"  # in the place of a job: what its command printed


@dataclass(frozen=True)
class Job:
    """A command, the folder in which it writes, and its limits.

    A `Path` in the command is a file or folder that it reads, or, below `place`, one that it writes: an engine whose
    workers see no folder of this machine takes the first there and the second back.
    """

    command: tuple[str | Path, ...]
    place: Path
    threads: int
    seconds: float
    memory_gib: float

    def words(self) -> list[str]:
        """The command for a machine that sees the same folders."""
        return [str(part) for part in self.command]


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, None where nobody saw it; its last lines; whether it took too long."""

    status: int | None
    said: tuple[str, ...] = ()
    late: bool = False

    @property
    def lost(self) -> bool:
        """Whether it was killed, or its worker died: nothing is known about what it measured."""
        return not self.late and self.status in (None, -9, 137)  # SIGKILL, as the system says it and as a shell does


class Engine(Protocol):
    """What runs jobs. A job is known by its place, which no other job has at the same time."""

    def width(self, threads: int, memory_gib: float) -> int:
        """How many jobs of so many threads and so much memory it runs at a time; at least one."""
        ...

    def start(self, job: Job) -> None:
        """Begin a job in an empty folder, or take up what an evaluator that died began in the same one."""
        ...

    def poll(self, job: Job) -> Ended | None:
        """How a job ended, and None while it runs or waits. What it wrote is in its place then."""
        ...

    def cancel(self, job: Job) -> None:
        """End a job and everything that it started."""
        ...
