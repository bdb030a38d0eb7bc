"""Typed views of the records, one for each kind, read after the chain was checked.

Records stay plain on disk: the bytes of a body are hashed, and nothing here is written back. A view adds number, time
and files of its record. Fields that older versions did not write have defaults; unknown fields and kinds without a view
("torn", "history") are ignored.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from flowleague.contest.chain import Record, RecordsError
from flowleague.contest.evaluator import Evaluator
from flowleague.errors import legible, printable
from flowleague.ranking.field import Compute, Measured


class Event(Struct, frozen=True, kw_only=True):
    """What every record has: its number, when it was written (UTC), and the SHA-256 of its files by path."""

    number: int
    time: datetime
    files: dict[str, str]


class Claimed(Struct, frozen=True, kw_only=True):
    """How a team that claimed its name proves itself: by a key, whose salted hash is kept, or by a GitHub account."""

    salt: str | None
    key: str | None
    account: int | None = None


class Claim(Event, frozen=True, kw_only=True):
    """A team claimed its name, in older records; in newer ones its first entry does."""

    team: str
    salt: str | None
    key: str | None
    account: int | None = None


class Submit(Event, frozen=True, kw_only=True):
    """An entry came in. `folder` is relative to the contest's, `file` to it; `weights` are SHA-256 by name.

    `tensors` are the numbers in each tensor of its weights, by hash, and `sketches` tell tensors that lie close;
    `recipe` is the shipped recipe whose settings a bundle has unchanged. `told` is who said when it came or whether it
    is late, "canvas" or "organiser"; empty where the clock did. With a `claim` it is its team's first, and takes its
    name.
    """

    id: str
    team: str
    folder: str
    file: str
    weights: dict[str, str]
    submitted: datetime
    late: bool
    compute: Compute
    tensors: dict[str, int] = {}
    sketches: dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{16}(?![\s\S])")]] = {}
    recipe: str = ""
    told: str = ""
    claim: Claimed | None = None

    def claimed(self) -> Claim:
        """The claim of a team's first entry as older records have it, by itself."""
        proof = self.claim or Claimed(salt=None, key=None)
        said = {"salt": proof.salt, "key": proof.key, "account": proof.account}
        return Claim(number=self.number, time=self.time, files={}, team=self.team, **said)


class Rename(Event, frozen=True, kw_only=True):
    """The organiser gave a team another name."""

    team: str
    name: str
    reason: str


class NewKey(Event, frozen=True, kw_only=True):
    """The organiser gave a team another key, of which the salted hash is kept."""

    team: str
    salt: str
    key: str
    reason: str


class Final(Event, frozen=True, kw_only=True):
    """A team chose the entry that counts, or with a reason the organiser did."""

    id: str
    reason: str = ""


class Withdraw(Event, frozen=True, kw_only=True):
    """A team took an entry back, or with a reason the organiser did."""

    id: str
    reason: str = ""


class Disqualify(Event, frozen=True, kw_only=True):
    """The organiser disqualified an entry."""

    id: str
    reason: str


class Reinstate(Event, frozen=True, kw_only=True):
    """The organiser took a disqualification back."""

    id: str


class Clear(Event, frozen=True, kw_only=True):
    """A person cleared a finding of an entry: it holds for this sentence, with its numbers, and this evaluator."""

    id: str
    finding: str
    sentence: str
    evaluator: str
    reason: str
    by: str


class Evidence(Event, frozen=True, kw_only=True):
    """The organiser examined how an entry was trained; the SHA-256 of the report, which is private."""

    sha256: str


class Rescore(Event, frozen=True, kw_only=True):
    """A new round began."""

    reason: str = ""


class RulesKept(Event, frozen=True, kw_only=True):
    """Rules, judges and marks as they were: SHA-256 by path, and when the contest closes.

    `reason` is the organiser's, for a change after the closing.
    """

    hashes: dict[str, str]
    closes: datetime
    reason: str = ""


class Again(Event, frozen=True, kw_only=True):
    """Entries are measured again in the same round, for a fault that was theirs alone."""

    ids: tuple[str, ...]
    reason: str


class Secret(Event, frozen=True, kw_only=True):
    """The organiser drew a secret from which the seeds derive; its SHA-256."""

    sha256: str


class HeldOut(Event, frozen=True, kw_only=True):
    """The organiser has a held-out judge; the SHA-256 of its weights, which nobody else sees."""

    sha256: str


class FinalRound(Event, frozen=True, kw_only=True):
    """The final round began: the public value, the contest's name and the round, and the seed derived of them.

    `secret` reveals from what the seeds before derived; empty where there was none at hand.
    """

    value: str
    contest: str
    round: int
    seed: str
    secret: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?(?![\s\S])")] = ""


class Found(Struct, frozen=True):
    """A finding of a card: its name, the category it spoils, and what was found."""

    name: str
    category: str
    sentence: str


class Score(Event, frozen=True, kw_only=True):
    """An entry was measured in a round: value and standard error of each metric, and what was found.

    `source` is "here", "job" (a job of the contest's own repository), or "elsewhere": a card that was handed in.
    `findings` are the sentences alone, of older records. `references` are the figures of real images. `captured` is
    false where code was run because it could not be captured. `held_out` is the SHA-256 of the held-out judge that
    looked at it; empty where none did.
    """

    id: str
    round: int
    source: str
    by: Evaluator
    metrics: dict[str, tuple[float | None, float]]
    findings: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    references: dict[str, float] = {}
    captured: bool = True
    held_out: str = ""

    @property
    def measured(self) -> dict[str, Measured]:
        """The metrics as they rank."""
        return {name: Measured(value, error) for name, (value, error) in self.metrics.items()}

    @property
    def was_run(self) -> bool:
        """Whether its code was run while it was measured."""
        return not self.captured

    @property
    def problem(self) -> str:
        """The findings in one text; empty where there are none."""
        return " ".join(dict.fromkeys((*self.findings, *(found.sentence for found in self.found))))


class Failure(Event, frozen=True, kw_only=True):
    """An entry could not be measured in a round."""

    id: str
    round: int
    reason: str
    source: str = "here"

    @property
    def measured(self) -> dict[str, Measured]:
        """No metric: all are missing in the ranking."""
        return {}

    @property
    def was_run(self) -> bool:
        """Nothing was measured."""
        return False

    @property
    def problem(self) -> str:
        """Why the measurement failed."""
        return self.reason


Measurement = Score | Failure


def evaluator_of(measured: Mapping[str, Measurement]) -> Evaluator | None:
    """What measured the first card of a round here, if there is one."""
    return next((m.by for m in measured.values() if isinstance(m, Score) and m.source == "here"), None)


KINDS: dict[str, type[Event]] = {
    "claim": Claim,
    "rename": Rename,
    "new-key": NewKey,
    "submit": Submit,
    "final": Final,
    "withdraw": Withdraw,
    "disqualify": Disqualify,
    "reinstate": Reinstate,
    "clear": Clear,
    "evidence": Evidence,
    "rescore": Rescore,
    "rules": RulesKept,
    "again": Again,
    "secret": Secret,
    "held-out": HeldOut,
    "final-round": FinalRound,
    "score": Score,
    "failure": Failure,
}
E = TypeVar("E", bound=Event)
_PLAIN = re.compile(rb"[ -\[\]-~]*")  # JSON of printable ASCII without escapes


def view(record: Record, kind: type[E]) -> E:
    """A record as one kind of event, its texts legible; raises `RecordsError` when its body is not of that kind."""
    plain = _PLAIN.fullmatch(msgspec.json.encode(record.body))  # most are, and hold nothing to replace
    body = record.body if plain else _legible(record.body)
    said: dict[str, Any] = body | {"number": record.number, "time": record.time, "files": record.files}
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise RecordsError(
            f"Record {record.number} ({printable(record.kind, 40)}) does not hold what its kind must: "
            f"{printable(error)}; it was written by another version of flowleague."
        ) from error


def _legible(value: Any) -> Any:
    """A body without what would play with a terminal: nothing here wrote such text, but the file can be edited."""
    match value:
        case str():
            return legible(value)
        case dict():
            return {key: _legible(each) for key, each in value.items()}
        case list():
            return [_legible(each) for each in value]
    return value


def events_of(records: Iterable[Record]) -> list[Event]:
    """The records of known kinds as events; raises `RecordsError`."""
    return [view(record, KINDS[record.kind]) for record in records if record.kind in KINDS]
