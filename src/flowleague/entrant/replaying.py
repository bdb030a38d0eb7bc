"""One program of a captured entry, replayed by a process of ours under limits of memory and time.

The process reads the entry's file with the strict reader, keeps the one program it is for, and answers requests on its
standard streams:

    request    rows, seed, threads, portions at once (four unsigned 64-bit integers), then the rows' float32 numbers
    reply      a status byte, a length (64-bit), then float32 numbers, or the sentence of what went wrong

Portions of rows are computed beside each other, each by a thread of its own: that takes three quarters of the time that
several threads in each operation take (benchmarks/replay.py), and what comes out does not depend on how many there are.

Nothing that it sends is ever unpickled, so that a fault of a kernel that hostile numbers reach stays in the process.

    python -m flowleague.entrant.replaying FILE PROGRAM MEMORY_MIB CPU_SECONDS
"""

import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from flowleague.entrant.helping import Helper, Helpers
from flowleague.entrant.model import Array, failure
from flowleague.limits import MIB, Limits
from flowleague.text import number

_REQUEST, _REPLY = struct.Struct("<QQQQ"), struct.Struct("<BQ")
_FINE, _WRONG, _MEMORY = 0, 1, 2
_MOST_SAID = 4096  # bytes of a sentence


class Replayer:
    """Calls the program `name` of the entry in `file`; its process, one of `helpers`, starts with the first call.

    Each row of the result has the shape `row`. A process that takes longer than the limits allow, or more memory, is
    ended; what then went wrong, in it or in the program, is raised as `Failure`.
    """

    def __init__(self, helpers: Helpers, file: Path, name: str, row: tuple[int, ...], limits: Limits) -> None:
        self._helpers, self._name, self._row, self._limits = helpers, name, row, limits
        self._arguments = (str(file), name, str(limits.memory_mib), str(limits.cpu_seconds))
        self._left = limits.total_seconds
        self._helper: Helper | None = None

    def __call__(self, rows: int, seed: int, inputs: Array | None = None, *, threads: int, at_once: int) -> Array:
        """The result (rows, *row) for inputs (rows, ...), or for draws alone; raises `Failure`.

        `at_once` portions are computed beside each other, where memory allows, each with so many `threads`.
        """
        sent = _REQUEST.pack(rows, seed, threads, at_once) + (
            b"" if inputs is None else np.ascontiguousarray(inputs, "<f4").tobytes()
        )
        wanted = 4 * rows * prod(self._row)
        portions = max(1, rows // 1000)  # the limit is that of a call of at most 1,000 images
        allowed = min(self._left, portions * self._limits.call_seconds)
        try:
            if self._helper is None:
                self._helper = self._helpers.start(__name__, *self._arguments)
                allowed += self._limits.start_seconds
            status, held = self._helper.ask(sent, lambda replies: _reply(replies, wanted), allowed)
        except TimeoutError as error:
            self._helper = None
            raise failure("too_slow", self._name, f"it took longer than {number(round(allowed))} s") from error
        except (OSError, EOFError) as error:
            self._helper = None
            raise failure("out_of_memory", self._name, "its process was ended, most likely for its memory") from error
        if status == _MEMORY:
            raise failure("out_of_memory", self._name, held.decode(errors="replace"))
        if status != _FINE:
            raise failure("not_replayed", self._name, held.decode(errors="replace"))
        return np.frombuffer(held, "<f4").reshape(rows, *self._row).astype(np.float32)

    def close(self) -> None:
        """End the process."""
        if self._helper:
            self._helper.close()
            self._helper = None


def _reply(replies: IO[bytes], wanted: int) -> tuple[int, bytes]:
    status, size = _REPLY.unpack(_exactly(replies, _REPLY.size))
    if size != wanted if status == _FINE else size > _MOST_SAID:
        raise EOFError
    return status, _exactly(replies, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    held = stream.read(size)
    if len(held) != size:
        raise EOFError
    return held


def limit_process(memory_mib: int, cpu_seconds: int) -> None:
    """Bound this process where the system can; elsewhere the parent's clock and the format's limits remain."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(file: Path, name: str, memory_mib: int, requests: IO[bytes], replies: IO[bytes]) -> None:
    import torch

    from flowleague.program.container import read
    from flowleague.program.interpreter import Runner, loaded, replay
    from flowleague.program.values import ProgramError

    entry = read(file)
    program = entry.programs[name]
    most = max(1, memory_mib * MIB // 4 // max(1, program.inferred.live_bytes))  # portions at once
    runners: dict[int, Runner] = {}  # by threads: what is computed once is rounded otherwise, too
    row = [list(spec.shape[1:]) for spec in program.inputs]
    while head := requests.read(_REQUEST.size):
        rows, seed, threads, at_once = _REQUEST.unpack(head)
        raw = _exactly(requests, 4 * rows * prod(row[0])) if row else b""
        inputs = torch.frombuffer(bytearray(raw), dtype=torch.float32).reshape(rows, *row[0]) if row else None
        try:
            torch.set_num_threads(threads)
            if threads not in runners:
                runners[threads] = Runner(program, loaded(entry))
            with ThreadPoolExecutor(min(at_once, most), initializer=torch.set_num_threads, initargs=(threads,)) as pool:
                made = replay(runners[threads], rows, seed, inputs, pool.map)
            status, held = _FINE, made.numpy().astype("<f4").tobytes()
        except ProgramError as error:
            status, held = _WRONG, str(error).encode()[:_MOST_SAID]
        except (MemoryError, RuntimeError) as error:  # torch raises RuntimeError where there is no memory
            status, held = _MEMORY, str(error).encode()[:_MOST_SAID]
        replies.write(_REPLY.pack(status, len(held)) + held)
        replies.flush()


def _main(file: str, name: str, memory_mib: str, cpu_seconds: str) -> None:
    replies, sys.stdout = sys.stdout.buffer, sys.stderr  # what a library prints is no reply
    limit_process(int(memory_mib), int(cpu_seconds))
    _serve(Path(file), name, int(memory_mib), sys.stdin.buffer, replies)


if __name__ == "__main__":
    _main(*sys.argv[1:])
