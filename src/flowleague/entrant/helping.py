"""Processes of ours that work on an entry, each by itself, under limits of time.

PyTorch takes longer to import than most programs to run. So where the system can, helpers are forked from one process
that has imported it and has read nothing: what they share is code, never an entry. Elsewhere each is started afresh.

    python -m flowleague.entrant.helping SOCKET
"""

import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from importlib import import_module
from typing import IO, TypeVar

_FORKS = sys.platform == "linux" and hasattr(os, "fork")  # elsewhere threads of system libraries do not survive a fork
_ORDER = 2**16  # bytes
T = TypeVar("T")


class Helpers:
    """Starts helpers, the first of which starts the process that they are forked from; `close` ends all of them."""

    def __init__(self) -> None:
        self._stem: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def start(self, module: str, *arguments: str) -> "Helper":
        """A process that calls ``_main(*arguments)`` of a module; what it is told stands on its standard streams."""
        if not _FORKS:
            command = [sys.executable, "-m", module, *arguments]
            started = subprocess.Popen(  # in a session of its own, so that Ctrl-C is ours alone to hear
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
            assert started.stdin
            assert started.stdout
            return Helper(started.stdin, started.stdout, lambda: (started.kill(), started.wait()))
        ours, theirs = socket.socketpair()
        with theirs:
            orders = self._orders or self._begin()
            socket.send_fds(orders, [json.dumps([module, *arguments]).encode()], [theirs.fileno()])
            pid = int.from_bytes(orders.recv(8), "little")
        if not pid:
            raise OSError("the process that helpers are forked from has ended")
        with ours:
            requests, replies = ours.makefile("wb"), ours.makefile("rb")
        return Helper(requests, replies, lambda: _kill(pid))  # its number stays its own until all are closed

    def _begin(self) -> socket.socket:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._stem = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self._orders

    def close(self) -> None:
        """End all helpers."""
        if self._orders and self._stem:
            self._orders.close()
            self._stem.wait()
        self._orders = self._stem = None


class Helper:
    """A process that is asked, one question after the other."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes], kill: Callable[[], object]) -> None:
        self._requests, self._replies, self._kill = requests, replies, kill
        self._pool = ThreadPoolExecutor(1)

    def ask(self, sent: bytes, read: Callable[[IO[bytes]], T], seconds: float) -> T:
        """What `read` finds in the reply; otherwise the process is ended.

        Raises `TimeoutError` where it takes longer, and `OSError` or `EOFError` where the process has ended.
        """

        def exchange() -> T:
            self._requests.write(sent)
            self._requests.flush()
            return read(self._replies)

        try:
            return self._pool.submit(exchange).result(seconds)
        except TooLate as error:
            self.close()
            raise TimeoutError from error
        except (OSError, EOFError):
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        self._kill()
        self._pool.shutdown()
        for stream in (self._requests, self._replies):
            with suppress(OSError):
                stream.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _main(number: str) -> None:
    import_module("flowleague.program.interpreter")
    import_module("flowleague.program.container")
    started: list[int] = []
    with socket.socket(fileno=int(number)) as orders:
        while (received := socket.recv_fds(orders, _ORDER, 1))[0]:
            (stream,) = received[1]
            pid = os.fork()
            if not pid:
                orders.close()
                _become(stream, *json.loads(received[0]))
            os.close(stream)
            started.append(pid)
            orders.sendall(pid.to_bytes(8, "little"))
    for pid in started:
        _kill(pid)
    for pid in started:  # not before: until then no other process can have its number
        os.waitpid(pid, 0)


def _become(stream: int, module: str, *arguments: str) -> None:
    """Work on the standard streams as a process that was started afresh would."""
    os.dup2(stream, 0)
    os.dup2(stream, 1)
    os.close(stream)
    status = 1
    try:
        import_module(module)._main(*arguments)
        sys.stdout.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _main(*sys.argv[1:])
