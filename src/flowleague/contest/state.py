"""What the records amount to: teams, their entries, which entry counts, and what was measured in which round.

Rounds: the first measures every entry once; `rescore` begins another, in which all are measured again. Places come
from the last round in which everything that was there when it began has been measured, so that a rescoring shows
its result all at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flowleague.contest.chain import Record
from flowleague.contest.teams import name_key
from flowleague.errors import FlowLeagueError


class EntryIdError(FlowLeagueError):
    """There is no entry with the id that was given."""


@dataclass(frozen=True)
class Team:
    """A team: its public name, and the salted hash of its key (None: the organiser took its files in).

    `account` is the number of the account whose pull requests stand for a key.
    """

    name: str
    salt: str | None
    key: str | None
    account: int | None = None


@dataclass(frozen=True)
class Submission:
    """An entry as it was sent in; paths are relative to the contest's folder."""

    id: str
    team: str
    folder: str
    file: str
    sha256: str
    weights: dict[str, str] = field(hash=False)
    submitted: datetime
    late: bool
    compute: dict[str, Any] = field(hash=False)
    number: int


@dataclass
class State:
    """Everything that follows from the records; `measured[round][id]` is the record of a score or a failure."""

    teams: dict[str, Team] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    finals: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    disqualified: dict[str, str] = field(default_factory=dict)  # the organiser's reason, by entry
    measured: list[dict[str, Record]] = field(default_factory=lambda: [{}])
    rounds: list[int] = field(default_factory=lambda: [0])  # the numbers of the records that began them

    @property
    def round(self) -> int:
        """The round now, from 1."""
        return len(self.rounds)

    def team(self, name: str) -> Team | None:
        """The team of a name, however it is written."""
        return self.teams.get(name_key(name))

    def entry(self, id: str) -> Submission:  # noqa: A002 - the word of the command line
        """The entry of an id or of its beginning; raises `EntryIdError`."""
        if id in self.submissions:
            return self.submissions[id]
        found = [submission for key, submission in self.submissions.items() if id and key.startswith(id)]
        if len(found) != 1:
            reason = "begins more than one entry's" if found else "is no entry's"
            raise EntryIdError(f"The id '{id}' {reason}; `flowleague contest entries` lists them.")
        return found[0]

    def is_out(self, id: str) -> bool:  # noqa: A002
        """Whether an entry was withdrawn or disqualified."""
        return id in self.withdrawn or id in self.disqualified

    def live(self) -> list[Submission]:
        """All entries that are not out, as they came."""
        return [submission for key, submission in self.submissions.items() if not self.is_out(key)]

    def counting(self) -> dict[str, Submission]:
        """The entry that counts, by team: the chosen one, or else the newest; late ones never count."""
        newest = {name_key(s.team): s for s in self.live() if not s.late}
        chosen = {team: self.submissions[key] for team, key in self.finals.items() if not self.is_out(key)}
        return {team: chosen.get(team, submission) for team, submission in newest.items()}

    def settled(self) -> int:
        """The last round that is finished, from 1; the first one counts as finished from the beginning."""
        for round_, began in reversed(list(enumerate(self.rounds))):
            if all(s.id in self.measured[round_] for s in self.live() if s.number < began):
                return round_ + 1
        return 1


def state_of(records: Iterable[Record]) -> State:
    """What the records amount to."""
    state = State()
    for record in records:
        body = record.body
        match record.kind:
            case "claim":
                state.teams[name_key(body["team"])] = Team(body["team"], body["salt"], body["key"], body.get("account"))
            case "submit":
                state.submissions[body["id"]] = _submission(record)
            case "final":
                state.finals[name_key(state.submissions[body["id"]].team)] = body["id"]
            case "withdraw":
                state.withdrawn.add(body["id"])
            case "disqualify":
                state.disqualified[body["id"]] = body["reason"]
            case "reinstate":
                state.disqualified.pop(body["id"], None)
            case "rescore":
                state.rounds.append(record.number)
                state.measured.append({})
            case "score" | "failure":
                state.measured[body["round"] - 1][body["id"]] = record
    return state


def _submission(record: Record) -> Submission:
    body = record.body
    return Submission(
        id=body["id"],
        team=body["team"],
        folder=body["folder"],
        file=body["file"],
        sha256=record.files[f"{body['folder']}/{body['file']}"],
        weights=body["weights"],
        submitted=datetime.fromisoformat(body["submitted"]),
        late=body["late"],
        compute=body["compute"],
        number=record.number,
    )
