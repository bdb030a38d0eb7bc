"""One worker process seen from outside: requests with deadlines, limits on what comes back, a name for each failure.

A worker runs only while it is asked something. In between all its processes are stopped, so that nothing is made in
advance, remembered late, or burnt beside the judge's own timing. What a worker itself says went wrong leaves it
alive; any other failure is final: its processes are killed, and later calls raise the same.
"""

import json
import os
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np

from flowleague.entrant.model import Failure, failure
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.sandbox.processes import files_of, memory_of, pause, resume
from flowleague.limits import MIB, Limits

_TICK = 0.05  # seconds between looks at the memory
CHUNK = 2**20
_MOST_FILES = 20_000  # that are written inside: each is memory of the kernel, which counts for no process
# what a worker itself may say
_REFUSALS = ("raises", "out_of_memory", "no_interface", "wrong_type", "not_an_array", "wrong_shape")
_MEANT = {wire.ARRAY: "an array", wire.TEXT: "a text", wire.FILE: "a file"}
Fetch = Callable[["Wanted"], dict[str, str]]


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """A file that an entry asks for: its link, and the name that it shall have."""

    url: str
    name: str


class Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """What a worker says instead of an answer."""

    name: str
    said: str


class Worker:
    """A started process that answers about one entry; `init` is the first process behind its wall, if it has one.

    `seconds_left` is the time that all later calls together may take; `failure` is set once one was final.
    """

    def __init__(self, process: subprocess.Popen[bytes], init: int | None, requests: int, replies: int, limits: Limits):
        self._process, self._root, self._walled = process, init or process.pid, init is not None
        self._requests, self._replies, self._limits = requests, replies, limits
        self._outputs = {stream.fileno(): stream for stream in (process.stdout, process.stderr) if stream}
        self._head, self._tail = b"", b""
        self.seconds_left = limits.total_seconds
        self._next_look, self._allowed = 0.0, ""
        self.failure: Failure | None = None
        self._closed = False
        for fd in (requests, replies, *self._outputs):
            os.set_blocking(fd, False)
        import fcntl  # Windows has none, and no sandbox

        for fd in (requests, replies):
            with suppress(OSError, AttributeError):  # beyond what the user may have; macOS cannot
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, CHUNK)

    def call(
        self,
        kind: int,
        payload: bytes = b"",
        shape: tuple[int, ...] = (),
        *,
        most: int = wire.TEXT_LIMIT,
        seconds: float | None = None,
        fetch: Fetch | None = None,
    ) -> Any:
        """Ask one thing; raises `Failure`. An array comes back as float32 array, a text as its value, a file as bytes.

        `most` limits the bytes that come back, `seconds` the wall time; `fetch` answers when the entry asks for files,
        in time of its own.
        """
        self.require()
        name, nonce, start = wire.NAMES[kind], secrets.token_bytes(16), time.monotonic()
        seconds, left = seconds or self._limits.call_seconds, self.seconds_left
        self._allowed = f"{seconds:g} s that this may take"
        if left < seconds:
            seconds, self._allowed = left, f"{self._limits.total_seconds:g} s that all calls together may take"
        deadline = start + seconds
        try:
            if self._readable():
                raise failure("forged_reply", name, "it sent something before it was asked")
            if self._lives():
                resume(self._root)
            header, body = self._ask(wire.pack(kind, nonce, payload, shape), name, nonce, most, deadline)
            while header.kind == wire.FETCH and fetch:
                began = time.monotonic()
                answer = fetch(_parse(body, Wanted, name))
                deadline += time.monotonic() - began
                header, body = self._ask(wire.pack_text(wire.TEXT, nonce, answer), name, nonce, most, deadline)
            value = _value(header, body, kind)
        except Failure as error:
            self.give_up(error)
            raise
        finally:
            self.seconds_left -= time.monotonic() - start
            if not self._closed and self._lives():
                pause(self._root)
        if isinstance(value, Refusal):
            raise failure(value.name if value.name in _REFUSALS else "raises", name, value.said)
        return value

    def _ask(self, frame: bytes, name: str, nonce: bytes, most: int, deadline: float) -> tuple[wire.Header, bytes]:
        """Send a frame and read the next one, whichever the other side does first."""
        outgoing, incoming, header, size = memoryview(frame), bytearray(), None, wire.HEADER.size
        while header is None or len(incoming) < size:
            ready = self._wait(bool(outgoing), name, deadline)
            if self._requests in ready:
                try:
                    outgoing = outgoing[os.write(self._requests, outgoing[:CHUNK]) :]
                except BrokenPipeError as error:
                    raise self._ended(name) from error
            if self._replies in ready:
                part = os.read(self._replies, min(CHUNK, size - len(incoming)))
                if not part:
                    raise self._ended(name)
                incoming += part
                if header is None and len(incoming) == wire.HEADER.size:
                    header = _checked_header(bytes(incoming), name, nonce, most)
                    size += header.length
        return header, bytes(incoming[wire.HEADER.size :])

    def _wait(self, sending: bool, name: str, deadline: float) -> set[int]:
        """The pipes that can go on; meanwhile output is kept, and memory and time are watched."""
        poll = select.poll()
        for fd in (self._replies, *self._outputs):
            poll.register(fd, select.POLLIN)
        if sending:
            poll.register(self._requests, select.POLLOUT)
        ready = {fd for fd, _ in poll.poll(1000 * _TICK)}
        self._keep(ready)
        now = time.monotonic()
        if now > deadline:
            raise failure("too_slow", name, f"it took longer than the {self._allowed}")
        if now > self._next_look:
            self._next_look = now + _TICK
            if memory_of(self._root) > self._limits.memory_mib * MIB:
                raise failure("out_of_memory", name, f"its processes held more than {self._limits.memory_mib} MiB")
            if self._walled and files_of(self._root) > _MOST_FILES:
                raise failure("out_of_memory", name, f"it made more than {_MOST_FILES:,} files")
        return ready

    def _keep(self, ready: set[int]) -> None:
        """Read what was printed; the beginning and the end of it are kept."""
        half = self._limits.output_kib * 512
        for fd in ready & self._outputs.keys():
            with suppress(BlockingIOError):
                text = os.read(fd, CHUNK)
                if not text:  # closed: nothing more will come
                    self._outputs.pop(fd).close()
                room = half - len(self._head)
                self._head += text[:room]
                self._tail = (self._tail + text[room:])[-half:]

    def said(self) -> str:
        """What the entry printed; of much the beginning and the end."""
        kept = self._head + (b"\n[...]\n" if len(self._tail) >= self._limits.output_kib * 512 else b"") + self._tail
        return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in kept.decode(errors="replace"))

    def require(self) -> None:
        """Raise the final failure, if there was one."""
        if self.failure:
            raise self.failure.with_traceback(None)

    @property
    def lost(self) -> bool:
        """Whether a failure was final."""
        return self.failure is not None

    def _readable(self) -> bool:
        return self._lives() and bool(select.select([self._replies], [], [], 0)[0])

    def _lives(self) -> bool:
        """Whether the process ids are still ours; those of the dead are given to others."""
        return self._process.poll() is None

    def _ended(self, name: str) -> Failure:
        """The failure of a worker whose pipe is closed."""
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return failure("ended", name, "it closed the pipe")
        number = -status if status < 0 else status - 128  # bubblewrap tells of a signal as a shell does
        if number == signal.SIGXCPU:
            return failure("cpu_limit", name, f"it used more than {self._limits.cpu_seconds} s of processor time")
        if number == signal.SIGKILL:  # not by us: what we kill is given up before
            return failure("out_of_memory", name, "the system killed its process, most likely for its memory")
        if number > 0:
            return failure("ended", name, f"its process was ended by signal {number}")
        return failure("ended", name, f"its process ended with status {status}")

    def give_up(self, failure: Failure) -> None:
        """Kill the worker; every later call raises the failure."""
        self.failure = failure
        self.close()

    def close(self) -> None:
        """Kill all processes of the worker and wait for their end."""
        if self._closed:
            return
        self._closed = True
        if self._lives():
            with suppress(ProcessLookupError):
                os.kill(self._root, signal.SIGKILL)  # behind the wall the kernel then ends all others
        self._process.wait()
        self._keep(set(self._outputs))
        for stream in self._outputs.values():
            stream.close()
        os.close(self._requests)
        os.close(self._replies)


def _checked_header(raw: bytes, name: str, nonce: bytes, most: int) -> wire.Header:
    try:
        header = wire.unpack_header(raw)
    except ValueError as error:
        raise failure("forged_reply", name, f"the reply is none: {error}") from error
    if header.nonce != nonce:
        raise failure("stale_reply", name, "the reply belongs to another question")
    if header.kind not in (wire.ARRAY, wire.TEXT, wire.RAISED, wire.FETCH, wire.FILE):
        raise failure("forged_reply", name, f"the reply is of the unknown kind {header.kind}")
    if header.length > most:
        raise failure("too_much_output", name, f"the reply has {header.length:,} bytes where {most:,} would do")
    return header


def _value(header: wire.Header, body: bytes, request: int) -> Any:
    """What a reply holds, of one of the kinds that answer a request."""
    name = wire.NAMES[request]
    if header.kind in _MEANT and header.kind not in wire.ANSWERS[request]:
        due = " or ".join(_MEANT[kind] for kind in wire.ANSWERS[request])
        raise failure("forged_reply", name, f"the reply is {_MEANT[header.kind]} where {due} is due")
    if header.kind == wire.ARRAY:
        return np.frombuffer(body, "<f4").reshape(header.shape)
    if header.kind == wire.FILE:
        return body
    if header.kind == wire.RAISED:
        return _parse(body, Refusal, name)
    if header.kind == wire.FETCH:
        raise failure("late_fetch", name, "it asked for a file after it was loaded")
    return _parse(body, dict, name)


def _parse(body: bytes, kind: Any, name: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise failure("forged_reply", name, f"the reply is not what it says it is: {error}") from error


def request(n: int, seed: int) -> bytes:
    """What GENERATE carries."""
    return json.dumps({"n": n, "seed": seed}).encode()
