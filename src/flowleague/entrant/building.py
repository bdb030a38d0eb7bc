"""How an entry is built by its workers: read by all, tried by one, loaded by all alike; and captured by one.

The plan that the trial finds serves every later worker, so that what is captured and what is run is the same object.
"""

import json
from typing import Any

import msgspec

from flowleague.entrant.model import Array, Failure, failure, refusal
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.sandbox.worker import Worker
from flowleague.entrant.weights import Weights
from flowleague.errors import printable
from flowleague.limits import Limits
from flowleague.model.randomness import NOISE_BLOCK
from flowleague.program.container import MOST_CONSTANTS, MOST_STRUCTURE
from flowleague.program.values import ProgramError

_FAR = 3  # times the seconds of a call: less may be the clock's fault
_SLACK = 2**20  # bytes of a zip beside its members


class _Read(msgspec.Struct):
    """What a worker answers to READ."""

    note: str


class _Tried(msgspec.Struct):
    """What a worker answers to TRY: a plan, or the name and sentence of a refusal."""

    plan: dict[str, Any] | None = None
    notes: list[str] = []
    pace: float = 0.0
    refused: str = ""
    said: str = ""


class _Loaded(msgspec.Struct):
    """What a worker answers to LOAD: the name that the entry gives itself."""

    team: str = ""


class _NotCaptured(msgspec.Struct):
    """What a worker answers to CAPTURE instead of a file."""

    reason: str


class Building:
    """The building of one entry: `plan` once it is found, sentences about how it was read, and its `team`."""

    def __init__(self, files: Weights, limits: Limits):
        self.files, self._limits = files, limits
        self.plan: dict[str, Any] | None = None
        self.notes: list[str] = []
        self.team = ""

    def read(self, worker: Worker) -> None:
        """Let a worker read the entry, before any of its lines has run; a worker that cannot is given up."""
        try:
            read = _told(_Read, worker.call(wire.READ, seconds=self._limits.start_seconds))
            if read.note and not self.notes:
                self.notes.append(printable(read.note))
        except Failure as error:
            worker.give_up(error)

    def find(self, worker: Worker) -> None:
        """Find the plan, unless it is known; raises the `Failure` to tell where there is none."""
        if self.plan is not None:
            return
        seconds = self._limits.start_seconds
        try:
            wanted = json.dumps({"seconds": seconds}).encode()
            found = _told(_Tried, worker.call(wire.TRY, wanted, seconds=seconds, fetch=self.files.answer))
            if found.plan is None:
                raise refusal(found.refused, found.said)
            self._check_pace(found.pace)
            self.notes += [printable(note) for note in found.notes[:10]]
            self.plan = found.plan
        except Failure as error:
            raise self._blame(error) from error

    def _check_pace(self, pace: float) -> None:
        """Raise `Failure` where generating would take far longer than a call may: nobody shall wait for that."""
        needed, allowed = pace * NOISE_BLOCK, self._limits.call_seconds
        if needed > _FAR * allowed:
            what = f"{NOISE_BLOCK:,} images would take about {needed:,.0f} s, and a call may take {allowed:g} s"
            raise failure("too_slow", "generate", what)

    def load(self, worker: Worker) -> None:
        """Let a worker build the entry by the plan; one that cannot is given up."""
        if worker.lost:
            return
        try:
            plan = json.dumps(self.plan).encode()
            loaded = worker.call(wire.LOAD, plan, seconds=self._limits.start_seconds, fetch=self.files.answer)
            self.team = self.team or printable(_told(_Loaded, loaded).team)
        except Failure as error:
            worker.give_up(self._blame(error))

    def capture(self, worker: Worker, images: Array) -> bytes:
        """The file of the programs that a worker captured of what it built, not yet read.

        Raises `Failure` where the entry cannot be built, `ProgramError` with the reason where it cannot be captured.
        """
        self.read(worker)
        self.find(worker)
        self.load(worker)
        worker.require()
        most, raw = MOST_STRUCTURE + MOST_CONSTANTS + _SLACK, images.astype("<f4").tobytes()
        try:
            made = worker.call(wire.CAPTURE, raw, images.shape, most=most, seconds=self._limits.total_seconds)
            if isinstance(made, bytes):
                return made
            raise ProgramError(printable(_told(_NotCaptured, made).reason, 1000))
        except Failure as error:
            raise ProgramError(error.sentence) from error

    def _blame(self, error: Failure) -> Failure:
        """The failure to tell: where weights could not be had, that; raises `NetworkError` for the network's fault."""
        if error.name not in ("raises", "missing_file"):
            return error
        if self.files.outage:
            raise self.files.outage
        missing = self.files.refusal
        return Failure(missing.name, missing.sentence, missing.hint) if missing else error


def _told(kind: Any, value: object) -> Any:
    """A worker's answer as a struct; raises `Failure` where it is something else."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise failure("forged_reply", "load", f"the reply is not what it says it is: {error}") from error
