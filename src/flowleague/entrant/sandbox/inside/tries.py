"""Which statements to run: attempts in forked children, each on a fresh working directory, and the decision.

    A    the slice             A'   the same under another seed
    B    all statements, the left-out ones each in a `try`             B'   the same under another seed

| A                               | B                                            | taken                       |
|---------------------------------|----------------------------------------------|-----------------------------|
| built                           | the same outputs and attributes              | A                           |
| built                           | differs, and no number depends on the seed   | B: it ran more of the file  |
| built                           | differs at random, fails, or takes too long  | A, with a remark            |
| fails, not on training or data  | built                                        | B                           |
| else                            |                                              | refused with A's reason     |

The process that forks never runs a line of the entry itself, so that it can load the entry afterwards.
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
from dataclasses import dataclass, field, replace
from typing import Any

import building
import checks
import devices
import effects
import sentences
import served_files
import slicing
import units
from building import Build, Plan

TURNS = 6
_MOST_SPENT = 0.35  # of the time, by A, for the others to be built
_SECONDS_OF_ALL = 15.0  # for B
_SECONDS_OF_CALLS = 10  # for what the built object returns
_PRINTED = 2**16  # bytes that are kept of what the first attempt prints
_FINAL = ("training", "data", "input")  # reasons of A that running more of the file does not mend


@dataclass
class Report:
    """What came of an attempt."""

    built: bool = False
    reason: str = ""  # one of: training, data, input, name, file, module, wrong, memory, ended, late, raises
    detail: str = ""  # the name, file or module in question
    said: str = ""
    wrong: str = ""  # the name of a `Wrong`
    position: int = -1
    numbers: dict[str, list[Any]] = field(default_factory=dict)
    attributes: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)
    stopped: bool = False
    missed: list[list[Any]] = field(default_factory=list)

    def same(self, other: "Report") -> bool:
        """Whether two built objects do the same."""
        return (self.attributes, self.outputs, self.numbers) == (other.attributes, other.outputs, other.numbers)


@dataclass
class Decision:
    """The plan to load, with remarks; or the name and sentence of a refusal."""

    plan: Plan | None = None
    remarks: list[str] = field(default_factory=list)
    refused: str = ""
    sentence: str = ""


def _differing(first: Report, second: Report) -> dict[str, int]:
    """Numbers of each part that differ between two builds."""
    found: dict[str, int] = {}
    for key, (digest, size) in first.numbers.items():
        if second.numbers.get(key, [None])[0] != digest:
            part = key.partition(".")[0]
            found[part] = found.get(part, 0) + size
    return found


def decide(sliced: slicing.Slice, attempt: Callable[[Plan, int, float | None], Report], seconds: float) -> Decision:
    """The decision of the table; `attempt(plan, seed, seconds)` builds once."""
    start = time.monotonic()
    first, plan = _grow(sliced, attempt, plan_of(sliced))
    if not first.built and first.reason in (*_FINAL, "late"):
        return refusal(sliced, first)
    taken, everything, remarks = (first, first, plan), Report(), []
    if time.monotonic() - start > _MOST_SPENT * seconds:
        remarks.append("It takes so long to build that nothing was checked by building it again.")
    else:
        if first.built and first.numbers:
            other = attempt(plan, 1, None)
            taken = (first, other if other.built else first, plan)
        if worth_trying(sliced) or (not first.built and len(sliced.kept) < sliced.end):
            limit = min(_SECONDS_OF_ALL, (seconds - (time.monotonic() - start)) / 3)
            everything, better, remark = _try_all(
                sliced, first, lambda all_of, seed: attempt(all_of, seed, limit), plan
            )
            taken = better or taken
            remarks += remark
    if not taken[0].built:
        return refusal(sliced, first)
    trains = first.stopped or everything.stopped or any(unit.trains for unit in sliced.units)
    return _checked(sliced, taken, everything.stale or first.stale, trains, remarks)


def _try_all(
    sliced: slicing.Slice, first: Report, attempt: Callable[[Plan, int], Report], plan: Plan
) -> tuple[Report, tuple[Report, Report, Plan] | None, list[str]]:
    """Attempts B and B': B's report, what to take instead of A if anything, and remarks."""
    plan = replace(plan, all=True)
    everything = attempt(plan, 0)
    if not everything.built:
        return everything, None, [sentences.untried(sliced)] if first.built else []
    if first.built and first.same(everything):
        return everything, None, []
    again = attempt(plan, 1)
    if again.built and (not first.built or everything.same(again)):
        remark = "All statements were run, because left-out ones change what is built."
        return everything, (everything, again, plan), [remark]
    return everything, None, [sentences.untried(sliced)] if first.built else []


def _checked(
    sliced: slicing.Slice, taken: tuple[Report, Report, Plan], stale: dict[str, int], trains: bool, remarks: list[str]
) -> Decision:
    """What was taken, unless its weights are those from before a training."""
    random = _differing(taken[0], taken[1])
    if stale:
        return Decision(refused="trains_at_load", sentence=sentences.trained(sliced, stale))
    if random and trains:
        return Decision(refused="untrained", sentence=sentences.untrained(sliced, random))
    return Decision(plan=taken[2], remarks=[*remarks, *([sentences.random_weights(random)] if random else [])])


def plan_of(sliced: slicing.Slice) -> Plan:
    """The plan of the slice."""
    lenient = set(sliced.kept) - sliced.strict - sliced.tried
    defined = {name for unit in sliced.cells.units for name in unit.binds}
    used = {name for position in sliced.kept for name in (*sliced.units[position].now, *sliced.units[position].late)}
    given = [name for name in building.GIVEN if name in used and name not in defined]
    kept, tried, free = (
        sum(1 << position for position in held) for held in (sliced.kept, sliced.tried - sliced.strict, lenient)
    )
    return Plan(kept, tried, free, given=given)


def worth_trying(sliced: slicing.Slice) -> bool:
    """Whether any left-out statement might change what was kept; imports, constants and definitions do not."""
    for position, unit in enumerate(sliced.units):
        called = unit.does.called - effects.HARMLESS
        if position not in sliced.kept and (unit.does.changes or called or unit.does.bound):
            return True
    return False


def _grow(sliced: slicing.Slice, attempt: Callable[..., Report], plan: Plan) -> tuple[Report, Plan]:
    """Attempt A, with what turns out to be missing added, as long as each turn adds something."""
    report = attempt(plan, 0, None)
    for _ in range(TURNS):
        grown, cpu = False, plan.cpu
        if report.reason == "name":
            grown = sliced.need(report.detail)
        elif report.reason == "file":
            grown = sliced.hold(os.path.basename(report.detail)) or sliced.hold(report.detail)
        elif not cpu and devices.ASKS.search(" ".join([report.said, *report.outputs.values()])):
            grown = cpu = True
        if not grown:
            break
        plan = replace(plan_of(sliced), cpu=cpu)
        report = attempt(plan, 0, None)
    return report, plan


def refusal(sliced: slicing.Slice, report: Report) -> Decision:
    """The refusal for A's reason."""
    name, sentence = sentences.refused(sliced, report)
    return Decision(refused=name, sentence=sentence)


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
                    report.outputs = checks.outputs(_in_time(Caller(submission).call))
            unbound = next(
                (m for m in (re.match(r"NameError: name '(\w+)'", o) for o in report.outputs.values()) if m), None
            )
            if unbound:
                report.reason, report.detail = "name", unbound[1]
        except BaseException as error:
            report = _failure(error)
            report.position = build.position
        report.stopped, report.missed = build.trap.stopped, [list(missed) for missed in build.missed][:100]
        return report


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
    """The missing file, where it is one that could be handed in; empty for files of the machine."""
    named = re.search(r"[\"']([^\"']+)[\"']", str(error)) or re.search(r": ([\w./-]+)$", str(error))
    wanted = str(error.filename or (named[1] if named else ""))
    return wanted if not os.path.isabs(wanted) or wanted.startswith("/content") else ""


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
