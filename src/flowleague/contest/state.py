"""What the records amount to: teams, their entries, which entry counts, and what was measured in which round.

Rounds: the first measures every entry once; `rescore` begins another, in which all are measured again. Places come
from the last round in which everything that was there when it began has been measured, so that a rescoring shows
its result all at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from flowleague.contest.chain import Record
from flowleague.contest.events import (
    Again,
    Claim,
    Clear,
    Disqualify,
    Event,
    Failure,
    Final,
    FinalRound,
    HeldOut,
    Measurement,
    NewKey,
    Reinstate,
    Rename,
    Rescore,
    Score,
    Secret,
    Submit,
    Withdraw,
    events_of,
)
from flowleague.contest.following import stray
from flowleague.contest.teams import TeamError, check_look, name_key
from flowleague.errors import FlowLeagueError, printable
from flowleague.ranking.field import Compute
from flowleague.text import did_you_mean


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
    compute: Compute
    number: int
    tensors: dict[str, int] = field(default_factory=dict, hash=False)
    sketches: dict[str, str] = field(default_factory=dict, hash=False)
    recipe: str = ""  # the shipped one whose settings it has unchanged
    told: str = ""  # who said when it came, where the clock did not


@dataclass
class State:
    """Everything that follows from the records; `measured[round][id]` is a score or a failure."""

    teams: dict[str, Team] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)  # by a name that a team had before, the one it got
    submissions: dict[str, Submission] = field(default_factory=dict)
    finals: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    disqualified: dict[str, str] = field(default_factory=dict)  # the organiser's reason, by entry
    cleared: dict[str, list[Clear]] = field(default_factory=dict)  # by entry
    measured: list[dict[str, Measurement]] = field(default_factory=lambda: [{}])
    again: dict[str, int] = field(default_factory=dict)  # how often an entry was measured anew in the last round
    rounds: list[int] = field(default_factory=lambda: [0])  # the numbers of the records that began them
    secret_sha256: str = ""  # of what the seeds derive from; empty: the published ones are used
    held_out: str = ""  # SHA-256 of the held-out judge, the last one that was recorded
    final_round: FinalRound | None = None

    @property
    def round(self) -> int:
        """The round now, from 1."""
        return len(self.rounds)

    def team(self, name: str) -> Team | None:
        """The team of a name, however it is written."""
        return self.teams.get(name_key(name))

    def known_team(self, name: str) -> Team:
        """The team of a name; raises `TeamError` where there is none."""
        known = self.team(name)
        if known is None:
            meant = did_you_mean(name, (team.name for team in self.teams.values()))
            raise TeamError(f"There is no team '{printable(name)}'; `flowleague contest entries` lists them.{meant}")
        return known

    def now_called(self, name: str) -> str:
        """The name of a team now, by one that it may have had before; what is nobody's stays as it is."""
        later = {name_key(before): after for before, after in self.former.items()}
        for _ in self.former:
            if self.team(name):
                break
            name = later.get(name_key(name), name)
        return name

    def former_names(self, team: str) -> list[str]:
        """The names that a team had before."""
        return [name for name in self.former if name_key(self.now_called(name)) == name_key(team)]

    def of_team(self, name: str) -> list[Submission]:
        """All entries of a team, however its name is written, as they came."""
        key = name_key(name)
        return [submission for submission in self.submissions.values() if name_key(submission.team) == key]

    def check_look(self, name: str, but: str = "") -> None:
        """Raise `TeamError` when a name that nobody has looks like a team's, now or before, `but` that of one team."""
        names = [*(team.name for team in self.teams.values()), *self.former]
        check_look(name, (other for other in names if other != but))

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

    def undisputed(self) -> list[Submission]:
        """All entries but the disqualified, as they came: what their teams sent, also where they took it back."""
        return [submission for key, submission in self.submissions.items() if key not in self.disqualified]

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
    """What the records amount to; raises `RecordsError` for a body that cannot be read."""
    return state_after(events_of(records))


def state_after(events: Iterable[Event]) -> State:
    """What events amount to."""
    return extended(State(), events)


def extended(before: State, events: Iterable[Event]) -> State:
    """What a state and later events amount to; the state itself stays as it is, and stray events count for nothing."""
    state = _copy(before)
    for event in events:
        if not stray(state, event):
            _apply(state, event)
    return state


def strays(events: Iterable[Event]) -> list[str]:
    """Each event that cannot follow those before it, in a sentence."""
    state, found = State(), []
    for event in events:
        if why := stray(state, event):
            found.append(f"Record {event.number} {why}; no command wrote it so, and it counts for nothing.")
        else:
            _apply(state, event)
    return found


def _apply(state: State, event: Event) -> None:
    match event:
        case Claim() | Rename() | NewKey():
            _name(state, event)
        case Submit():
            _submit(state, event)
        case Final():
            state.finals[name_key(state.submissions[event.id].team)] = event.id
        case Withdraw():
            state.withdrawn.add(event.id)
        case Disqualify() | Reinstate() | Clear():
            _rule(state, event)
        case Rescore() | FinalRound() | Again():
            _measure_anew(state, event)
        case Secret() | HeldOut():
            _hold(state, event)
        case Score() | Failure():
            state.measured[event.round - 1][event.id] = event


def _copy(state: State) -> State:
    """A state of which nothing that changes is shared."""
    return replace(
        state,
        teams=state.teams.copy(),
        former=state.former.copy(),
        submissions=state.submissions.copy(),
        finals=state.finals.copy(),
        withdrawn=state.withdrawn.copy(),
        disqualified=state.disqualified.copy(),
        cleared={id_: clears.copy() for id_, clears in state.cleared.items()},
        measured=[measured.copy() for measured in state.measured],
        again=state.again.copy(),
        rounds=state.rounds.copy(),
    )


def _submit(state: State, event: Submit) -> None:
    """Apply that an entry came in, with its team's name where it is the first."""
    if event.claim:
        _name(state, event.claimed())
    state.submissions[event.id] = submission_of(event)


def _name(state: State, event: Claim | Rename | NewKey) -> None:
    """Apply what becomes of a team's name and key."""
    key = name_key(event.team)
    match event:
        case Claim():
            state.teams[key] = Team(event.team, event.salt, event.key, event.account)
        case Rename():
            _rename(state, event)
        case NewKey():
            state.teams[key] = replace(state.teams[key], salt=event.salt, key=event.key)


def _rename(state: State, event: Rename) -> None:
    """Everything that was a team's is its under the new name."""
    old, new = name_key(event.team), name_key(event.name)
    # The place among the teams stays: it is the order in which they came
    state.teams = {new if key == old else key: team for key, team in state.teams.items()}
    state.teams[new] = replace(state.teams[new], name=event.name)
    for id_, entry in state.submissions.items():
        if name_key(entry.team) == old:
            state.submissions[id_] = replace(entry, team=event.name)
    if old in state.finals:
        state.finals[new] = state.finals.pop(old)
    if old != new:
        state.former[event.team] = event.name


def _hold(state: State, event: Secret | HeldOut) -> None:
    """Note what was promised by its hash: the first secret of the seeds, the last judge that is held out."""
    match event:
        case Secret():
            state.secret_sha256 = state.secret_sha256 or event.sha256
        case HeldOut():
            state.held_out = event.sha256


def _measure_anew(state: State, event: Rescore | FinalRound | Again) -> None:
    """All entries are measured in a new round, or some again in this one, of which nothing measured counts then."""
    if isinstance(event, Again):
        for id_ in event.ids:
            if state.measured[-1].pop(id_, None):
                state.again[id_] = state.again.get(id_, 0) + 1
        return
    state.rounds.append(event.number)
    state.measured.append({})
    state.again.clear()
    if isinstance(event, FinalRound):
        state.final_round = event


def _rule(state: State, event: Disqualify | Reinstate | Clear) -> None:
    """Apply a ruling of the organiser."""
    match event:
        case Disqualify():
            state.disqualified[event.id] = event.reason
        case Reinstate():
            state.disqualified.pop(event.id)
        case Clear():
            state.cleared.setdefault(event.id, []).append(event)


def submission_of(event: Submit) -> Submission:
    """The entry that came in."""
    return Submission(
        id=event.id,
        team=event.team,
        folder=event.folder,
        file=event.file,
        sha256=event.files[f"{event.folder}/{event.file}"],
        weights=event.weights,
        submitted=event.submitted,
        late=event.late,
        compute=event.compute,
        number=event.number,
        tensors=event.tensors,
        sketches=event.sketches,
        recipe=event.recipe,
        told=event.told,
    )
