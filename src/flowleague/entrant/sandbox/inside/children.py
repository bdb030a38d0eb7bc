"""Builds of an entry in forked children: each on a fresh working directory, heard until it reports or is too late.

The process that forks never runs a line of the entry itself, so that it can load the entry afterwards. A child asks it
for files that the entry downloads.
"""

import json
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import building
import checks
import landlock
import places
import served_files
import units
from building import Build, Plan

_SECONDS_OF_CALLS = 10  # for what the built object returns
_SLOW = 1.0  # processor seconds of the first few images, from which on the pace is measured
_MORE = 16  # images beside one
_PRINTED = 2**16  # bytes that are kept of what the first attempt prints


@dataclass
class Report:
    """What came of an attempt."""

    built: bool = False
    reason: str = ""  # one of: training, data, input, name, file, module, wrong, memory, ended, late, raises
    detail: str = ""  # the name, file or module in question
    place: str = ""  # where a missing file was looked for, when one of its name was handed in
    said: str = ""
    wrong: str = ""  # the name of a `Wrong`
    position: int = -1
    numbers: dict[str, list[Any]] = field(default_factory=dict)
    attributes: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)
    stopped: bool = False
    asked: list[str] = field(default_factory=list)  # see `places.asked`
    missed: list[list[Any]] = field(default_factory=list)
    pace: float = 0.0  # seconds for one more image, of an entry that is slow

    def same(self, other: "Report") -> bool:
        """Whether two built objects do the same."""
        return (self.attributes, self.outputs, self.numbers) == (other.attributes, other.outputs, other.numbers)


class Attempts:
    """Builds in forked children, which ask for files through this process."""

    def __init__(
        self,
        cells: units.Cells,
        folder: str,
        weights: str,
        seed_all: Callable[[int], None],
        ask: Callable[[str, str], dict[str, str]],
        close: tuple[int, ...] = (),  # descriptors that a child must not have
    ):
        self._cells, self._folder, self._weights = cells, folder, weights
        self._seed_all, self._ask, self._close = seed_all, ask, close
        self.said = b""  # what the first attempts printed

    def __call__(self, plan: Plan, seed: int, seconds: float | None) -> Report:
        """Build once in a child and report."""
        building.fresh_folder(self._folder, self._weights)
        (upwards, up), (down, downwards), (heard, said) = os.pipe(), os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setpgid(0, 0)
                landlock.restrict()
                for descriptor in (upwards, downwards, heard, *self._close):
                    os.close(descriptor)
                first = seed == 0 and not plan.all
                _redirect(said if first else os.open(os.devnull, os.O_WRONLY))
                report = self._build(plan, seed, up, down)
                _flush()
                _send(up, {"report": report.__dict__})
                status = 0
            finally:
                os._exit(status)
        for descriptor in (up, down, said):
            os.close(descriptor)
        os.set_blocking(heard, False)
        printed = bytearray()
        report = self._hear((upwards, downwards, heard), printed, seconds)
        _kill(child)
        _, status = os.waitpid(child, 0)
        _drain(heard, printed)
        for descriptor in (upwards, downwards, heard):
            os.close(descriptor)
        if report.reason == "ended":
            report.reason, report.said = _end(status)
        if seed == 0 and not plan.all:
            self.said = bytes(printed)
        return report

    def _hear(self, pipes: tuple[int, int, int], printed: bytearray, seconds: float | None) -> Report:
        """Answer a child's requests until it reports, ends or is too late."""
        upwards, downwards, said = pipes
        deadline = None if seconds is None else time.monotonic() + seconds
        heard, open_ones = bytearray(), [upwards, said]
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = select.select(open_ones, [], [], left)[0]
            if not ready:
                return Report(reason="late", said="it took too long")
            if said in ready and not _drain(said, printed):
                open_ones.remove(said)
            if upwards not in ready:
                continue
            part = os.read(upwards, 2**20)
            if not part:
                return Report(reason="ended")
            heard += part
            if not heard.endswith(b"\n"):
                continue
            message = json.loads(heard)
            heard.clear()
            if "report" in message:
                return Report(**message["report"])
            began = time.monotonic()
            answer = self._ask(message["url"], message["name"])
            deadline = None if deadline is None else deadline + time.monotonic() - began
            _send(downwards, answer)

    def _build(self, plan: Plan, seed: int, up: int, down: int) -> Report:
        served_files.fetch = _Relay(up, down).fetch
        build = Build(self._cells, plan, self._folder, self._weights, self._seed_all)
        try:
            submission = build.run(seed)
            from entry import Caller

            report = Report(built=True)
            if "torch" in sys.modules:
                report.numbers = {key: list(value) for key, value in checks.numbers(submission).items()}
                report.stale = build.trap.stale(submission)
                report.attributes = checks.plain_attributes(submission)
                if seed == 0 or plan.all:
                    call, start = _in_time(Caller(submission).call), time.process_time()
                    report.outputs = checks.outputs(call)
                    if not plan.all and time.process_time() - start > _SLOW:
                        report.pace = pace(call, sys.modules["torch"].get_num_threads())
            unbound = next(
                (m for m in (re.match(r"NameError: name '(\w+)'", o) for o in report.outputs.values()) if m), None
            )
            if unbound:
                report.reason, report.detail = "name", unbound[1]
        except BaseException as error:
            report = _failure(error)
            report.position = build.position
            if report.reason == "file" and self._of_the_machine(report.detail):
                report.reason = "raises"
            elif report.reason == "file":
                report.place = places.place_of(report.detail, self._folder, self._weights)
        report.asked = places.asked[:10]
        report.stopped, report.missed = build.trap.stopped, [list(missed) for missed in build.missed][:100]
        return report

    def _of_the_machine(self, wanted: str) -> bool:
        """Whether a missing file is none that could be handed in: elsewhere on the disk, under another name."""
        here = (os.path.realpath(self._folder), "/content")
        return os.path.isabs(wanted) and not wanted.startswith(here) and not places.is_handed_in(wanted, self._weights)


def _in_time(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that raises TimeoutError after a while."""

    def late(*rest: Any) -> None:
        raise TimeoutError("it takes long")

    def timed(*arguments: Any) -> Any:
        signal.signal(signal.SIGALRM, late)
        signal.alarm(_SECONDS_OF_CALLS)
        try:
            return call(*arguments)
        finally:
            signal.alarm(0)

    return timed


def pace(call: Callable[[str, Any], Any], threads: int) -> float:
    """Seconds for one more image of a generator, by the processor's time on all threads; 0 where that is not to be had.

    What a call costs whatever the number of images, such as hundreds of evaluations, is not counted.
    """
    spent = 0.0
    for n in (1, _MORE):
        start = time.process_time()
        try:
            call("generate_samples", n)
        except TimeoutError:  # of more than one: what was spent until then is the least
            if n == 1:
                return 0.0
        except Exception:
            return 0.0
        spent = time.process_time() - start - spent
    return max(0.0, spent) / (_MORE - 1) / threads


def _failure(error: BaseException) -> Report:
    """Why an attempt failed."""
    import traceback

    import entry

    if not isinstance(error, (checks.Training, building.Wrong)):
        with suppress(Exception):  # the disk may be full, the stream closed
            traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    report = Report(reason="raises", said=said[:2000])
    if isinstance(error, checks.Training):
        report.reason = "training"
    elif isinstance(error, served_files.NeedsData):
        report.reason = "data"
    elif isinstance(error, building.AsksInput):
        report.reason = "input"
    elif isinstance(error, building.Wrong):
        report.reason, report.wrong, report.said = "wrong", error.name, str(error)
    elif isinstance(error, ImportError):
        report.reason, report.detail = "module", str(getattr(error, "module", None) or error.name or "")
    elif isinstance(error, NameError):
        report.reason, report.detail = "name", error.name or ""
    elif isinstance(error, FileNotFoundError) and (wanted := _wanted(error)):
        report.reason, report.detail = "file", wanted
    elif entry.lacks_memory(error):
        report.reason = "memory"
    return report


def _wanted(error: FileNotFoundError) -> str:
    """The missing file, as far as the error tells it."""
    named = re.search(r"[\"']([^\"']+)[\"']", str(error)) or re.search(r"No such file or directory: (.+)$", str(error))
    return str(error.filename or (named[1] if named else ""))


class _Relay:
    """A child's way to ask for files: through its parent."""

    def __init__(self, up: int, down: int):
        self._up, self._down = up, down

    def fetch(self, url: str, name: str) -> str:
        """The path of a file; raises OSError with the reason."""
        _send(self._up, {"url": url, "name": name})
        answer = bytearray()
        while not answer.endswith(b"\n"):
            answer += os.read(self._down, 2**16)
        told = json.loads(answer)
        if told["error"]:
            raise OSError(told["error"])
        return str(told["path"])


def _send(descriptor: int, message: dict[str, Any]) -> None:
    raw = memoryview(json.dumps(message).encode() + b"\n")
    while raw:
        raw = raw[os.write(descriptor, raw) :]


def _redirect(descriptor: int) -> None:
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def _drain(descriptor: int, printed: bytearray) -> bool:
    """Keep the beginning of what can be read now; whether more may come."""
    try:
        part = os.read(descriptor, 2**16)
    except BlockingIOError:
        return True
    printed += part[: max(0, _PRINTED - len(printed))]
    return bool(part)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # the entry may have closed or replaced it
            continue


def _kill(child: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _end(status: int) -> tuple[str, str]:
    """Why a child ended that did not report."""
    number = -os.waitstatus_to_exitcode(status)
    if number == signal.SIGXCPU:
        return "cpu", "it used more processor time than it may"
    return (
        "ended",
        f"its process was ended by signal {number}" if number > 0 else f"its process ended with status {-number}",
    )
