"""Taking part: send an entry in, choose which one counts, withdraw; and the organiser's rulings.

A name belongs to the team that used it first and holds its key. Late entries are kept and marked; they never count. The
same file of the same team is one entry, however often it is sent: a command that was cut off can be repeated.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from flowleague.contest.amending import note_rules
from flowleague.contest.counting import Counting
from flowleague.contest.entry_files import EntryFiles, completed, read_entry
from flowleague.contest.events import Score, Submit, view
from flowleague.contest.folder import Contest, ContestError, adding_private
from flowleague.contest.records import Writer, writing
from flowleague.contest.rules import Rules, Times, read_rules
from flowleague.contest.state import State, Submission, submission_of
from flowleague.contest.teams import TeamError, check_key, claim, clean_name, folder_name, name_key, new_key
from flowleague.errors import printable
from flowleague.ranking.field import Compute


@dataclass(frozen=True)
class Sent:
    """An entry that was sent in: `key` is the team's new key, `known` says that the same file was an entry already."""

    id: str
    team: str
    late: bool
    key: str | None = None
    known: bool = False


@dataclass(frozen=True)
class Parcel:
    """An entry on its way: the team's name, the entry's file and weights, what the team says, and when it came.

    `late` is None where the deadline decides, and else what Canvas or the organiser says; `told` is who does, or who
    says when it came.
    """

    team: str
    file: Path
    weights: Sequence[Path] = ()
    said: Compute | None = None
    submitted: datetime | None = None
    late: bool | None = None
    told: str = ""


def submit(
    folder: Path,
    parcel: Parcel,
    *,
    key: str | None = None,
    people: Sequence[str] = (),
    now: datetime | None = None,
) -> Sent:
    """Send an entry in. A new name is claimed, and its key is in what is returned, once; a known one needs its key.

    Raises `TeamError`, `ContestError` or `EntryFileError` when it cannot be taken; then nothing has changed.
    """
    rules, now = read_rules(folder), now or datetime.now(UTC)
    name = clean_name(parcel.team)
    _check_size(people, rules)
    with writing(folder) as writer:
        state = writer.state
        team, fresh = state.team(name), None
        if team is None:
            state.check_look(name)
            fresh = new_key()
        elif team.salt is None or team.key is None:
            raise TeamError(f"The name {team.name} belongs to a team whose files the organiser takes in; ask for it.")
        else:
            check_key(team.name, key, team.salt, team.key)
        prepared = prepare(parcel, team.name if team else name, rules, state, now)
        if isinstance(prepared, Submission):
            return Sent(prepared.id, prepared.team, prepared.late, known=True)
        with adding_private(folder, name, people):
            sent = enter(writer, prepared, now, claim(fresh) if fresh else None)
    return Sent(sent.id, sent.team, sent.late, key=fresh)


@dataclass(frozen=True)
class Prepared:
    """An entry that was checked and can be recorded: the record's body, and its files."""

    body: dict[str, Any]
    files: dict[str, bytes]

    @property
    def late(self) -> bool:
        """Whether it came after the closing."""
        return self.body["late"]

    @property
    def weights(self) -> dict[str, str]:
        """The SHA-256 of its weight files, by name."""
        return self.body["weights"]


def prepare(parcel: Parcel, team: str, rules: Rules, state: State, now: datetime) -> Prepared | Submission:
    """Check an entry against the rules; returns what to record, or the entry that the same file is already."""
    read = read_entry(parcel.file, parcel.weights, rules.entries.largest_file_mib)
    _check_latent(read.latent, rules)
    digest, *former = (_digest(name, read) for name in (team, *state.former_names(team)))
    mine = state.of_team(team)
    same = [s for s in mine if s.id.partition("-")[0] in (digest, *former)]
    if same and same[-1].id not in state.withdrawn:
        return same[-1]
    submitted = (parcel.submitted or now).astimezone(UTC)
    _check_time(submitted, mine, rules)
    return _to_record(
        team,
        read,
        id=_free(digest, len(same) + 1, state),  # sent again after it was withdrawn: another entry
        submitted=submitted,
        late=submitted > rules.time.closes if parcel.late is None else parcel.late,
        compute=completed(read.compute, parcel.said or Compute(), read.logged),
        told=parcel.told,
    )


def _digest(team: str, read: EntryFiles) -> str:
    """What tells an entry: its team and its files."""
    whole = b"".join(hashlib.sha256(part).digest() for part in (name_key(team).encode(), *read.held.values()))
    return hashlib.sha256(whole).hexdigest()[:10]


def _free(digest: str, number: int, state: State) -> str:
    """The first id from a digest that is nobody's: another team's entry may have been made to have the same one."""
    id_ = f"{digest}-{number}" if number > 1 else digest
    return _free(digest, number + 1, state) if id_ in state.submissions else id_


def _to_record(
    team: str,
    read: EntryFiles,
    *,
    id: str,  # noqa: A002 - the word of the command line
    submitted: datetime,
    late: bool,
    compute: Compute,
    told: str,
) -> Prepared:
    folder = f"entries/{folder_name(team)}/{submitted:%Y%m%dT%H%M%SZ}-{id}"
    body = {
        "id": id,
        "team": team,
        "folder": folder,
        "file": read.name,
        "weights": read.weights,
        "submitted": submitted.isoformat(),
        "late": late,
        "compute": asdict(compute),
    } | ({"told": told} if told else {})
    statement = msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"
    held = read.held | {"submission.json": statement}
    body |= {"tensors": read.tensors, "sketches": read.sketches} | ({"recipe": read.recipe} if read.recipe else {})
    return Prepared(body, {f"{folder}/{path}": raw for path, raw in held.items()})


def enter(writer: Writer, prepared: Prepared, now: datetime, claim: Mapping[str, Any] | None = None) -> Submission:
    """Record an entry and put its files into their places.

    With a `claim` the entry is its team's first and takes the name, by one record: by a key (what `teams.claim` makes
    of it), by an account ({"account": number}), or by neither ({}), where the organiser takes the files in.
    """
    note_rules(writer, now)
    said = {} if claim is None else {"claim": {"salt": None, "key": None, **claim}}
    return submission_of(view(writer.append("submit", prepared.body | said, prepared.files, now), Submit))


def _check_size(people: Sequence[str], rules: Rules) -> None:
    """Raises `ContestError` when the people named are fewer or more than the rules allow."""
    low, high = rules.entries.team_size
    if people and not low <= len(people) <= high:
        raise ContestError(f"The team has {len(people)} people; the rules allow {low} to {high}.")


def _check_latent(latent: int | None, rules: Rules) -> None:
    """Raises `ContestError` when a bundle's latents are smaller or larger than the rules allow."""
    low, high = rules.entries.latent_size
    if latent is not None and not low <= latent <= high:
        raise ContestError(f"The model has {latent} latent dimensions; the rules allow {low} to {high}.")


def _check_time(submitted: datetime, mine: Sequence[Submission], rules: Rules) -> None:
    """Raises `ContestError` before the contest opens, and when the team has had its entries of the day."""
    times = rules.time
    if submitted < times.opens:
        raise ContestError(f"The contest opens at {shown(times.opens, times)}; send the entry then.")
    day = times.local(submitted).date()
    today = [s for s in mine if times.local(s.submitted).date() == day]
    if len(today) >= rules.entries.per_day:
        raise ContestError(
            f"The team has sent {len(today)} entries on {day} ({times.zone}), as many as the rules allow; the next day "
            "is another."
        )


def choose(folder: Path, id: str, key: str | None, now: datetime | None = None) -> Submission:  # noqa: A002
    """Make an entry the one that counts for its team; raises `ContestError`, `TeamError` or `EntryIdError`."""
    rules, now = read_rules(folder), now or datetime.now(UTC)
    with writing(folder) as writer:
        entry = _own(writer.state, id, key)
        refuse_late(entry)
        if now > rules.time.closes:
            raise ContestError(f"The contest closed at {shown(rules.time.closes, rules.time)}; the choice stands.")
        writer.append("final", {"id": entry.id}, now=now)
    return entry


def refuse_late(entry: Submission) -> None:
    """Raise `ContestError` for an entry that cannot count because it came after the closing."""
    if entry.late:
        raise ContestError(f"The entry {entry.id} came after the closing and cannot count; choose one that did not.")


def withdraw(folder: Path, id: str, key: str | None, now: datetime | None = None) -> Submission:  # noqa: A002
    """Take an entry back: it stays in the folder and no longer counts; raises as `choose` does."""
    rules, now = read_rules(folder), now or datetime.now(UTC)
    with writing(folder) as writer:
        entry = _own(writer.state, id, key)
        if now > rules.time.closes:
            raise ContestError(
                f"The contest closed at {shown(rules.time.closes, rules.time)}; the field stands, so ask the organiser."
            )
        writer.append("withdraw", {"id": entry.id}, now=now)
    return entry


def disqualify(folder: Path, id: str, reason: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Disqualify an entry, as the organiser: it stays in the folder, with the reason in the records and on the board.

    An older entry of the team counts in its place. Raises `EntryIdError`, and `ContestError` without a reason.
    """
    if not (reason := printable(reason, 500).strip()):
        raise ContestError("Give the reason for the disqualification; the team and the readers of the board see it.")
    with writing(folder) as writer:
        entry = writer.state.entry(id)
        writer.append("disqualify", {"id": entry.id, "reason": reason}, now=now)
    return entry


def reinstate(folder: Path, id: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Take a disqualification back; raises `EntryIdError`, and `ContestError` where there is none."""
    with writing(folder) as writer:
        state = writer.state
        entry = state.entry(id)
        if entry.id not in state.disqualified:
            raise ContestError(f"The entry {entry.id} was not disqualified; there is nothing to take back.")
        writer.append("reinstate", {"id": entry.id}, now=now)
    return entry


def clear(folder: Path, id: str, finding: str, reason: str, by: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Clear a finding of an entry, as a person with a name and a public reason; it counts as a note from then on.

    It holds for the numbers that were found and the evaluator that found them. Raises `EntryIdError`, and
    `ContestError` without reason or name, or where there is no such finding.
    """
    reason, by = printable(reason, 500).strip(), printable(by, 100).strip()
    if not reason or not by:
        raise ContestError("Give the reason and the name of who clears the finding; everybody sees both.")
    with writing(folder) as writer:
        state = writer.state
        entry = state.entry(id)
        round_ = state.settled()
        measurement = state.measured[round_ - 1].get(entry.id)
        flags = Counting(Contest(folder, read_rules(folder), state), round_).flags(entry, measurement)
        names = finding.replace(" ", "_")
        chosen = [flag for flag in flags if flag.name == names and not flag.cleared]
        if not chosen or not isinstance(measurement, Score):
            known = ", ".join(flag.name for flag in flags if not flag.cleared) or "none"
            raise ContestError(f"The entry {entry.id} has no finding '{finding}' to clear; there are: {known}.")
        for flag in chosen:
            said = {"finding": flag.name, "sentence": flag.sentence, "evaluator": measurement.by.evaluator}
            writer.append("clear", {"id": entry.id, **said, "reason": reason, "by": by}, now=now)
    return entry


def _own(state: State, id: str, key: str | None) -> Submission:  # noqa: A002
    """The entry of an id, if it is there and the key is its team's."""
    entry = state.entry(id)
    team = state.team(entry.team)
    if team is None or team.salt is None or team.key is None:
        raise TeamError(f"Nobody holds a key of the team {entry.team}; the organiser decides for it, with --reason.")
    check_key(team.name, key, team.salt, team.key)
    if entry.id in state.withdrawn:
        raise ContestError(f"The entry {entry.id} was withdrawn; send it in again.")
    if entry.id in state.disqualified:
        raise ContestError(f"The entry {entry.id} was disqualified: {state.disqualified[entry.id]}")
    return entry


def shown(moment: datetime, times: Times) -> str:
    """A moment as people of the contest read it."""
    return f"{times.local(moment):%Y-%m-%d %H:%M} {times.zone}"
