"""Taking in many files at once: a download from Canvas, or a folder, or a zip of one.

The inventory (`flowleague.contest.inventory`) comes first; here a lot gets its team and its time, and becomes an entry.
Nothing of a person's name becomes public. The team of a Canvas user is the one to which private.toml gives the id; else
the one that the files name, if nobody has that name; else a made-up one. A folder or a file gives its own name.

The time is that of receipt: Canvas says what was late, `at` says when all came, and else it is now. A file's date says
nothing. One lot that cannot be taken stops no other.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from flowleague.archive import MIB
from flowleague.contest.answers import Question, ask, read_answers
from flowleague.contest.contents import Row
from flowleague.contest.download import opened
from flowleague.contest.folder import ContestError, add_private, read_owners
from flowleague.contest.inventory import Lot, take_stock
from flowleague.contest.naming import Named, name_teams
from flowleague.contest.past import read_past
from flowleague.contest.records import writing
from flowleague.contest.rules import Rules, read_rules
from flowleague.contest.state import State, Submission
from flowleague.contest.submit import Parcel, enter, prepare
from flowleague.contest.teams import TeamError, looks
from flowleague.errors import FlowLeagueError
from flowleague.files import open_regular, temporary_folder

_MADE_UP = "a made-up name"


@dataclass(frozen=True)
class Taken:
    """What became of a lot: its entry (`known`: it was one already), or the reason why there is none.

    `student` is the Canvas user, empty outside of Canvas's downloads; `received` is None where nothing was taken, and
    `by_canvas` says that it is Canvas that knows whether that is late.
    """

    key: str
    student: str
    team: str
    rows: Sequence[Row]
    received: datetime | None = None
    late: bool = False
    by_canvas: bool = False
    entry: Submission | None = None
    known: bool = False
    problem: str = ""
    note: str = ""

    @property
    def asks(self) -> bool:
        """Whether a person has to act."""
        return bool(self.problem) or any(row.asks for row in self.rows)


@dataclass(frozen=True)
class Inventory:
    """All that was handed over: the lots, the files that are in none, and what was asked in the file of answers."""

    lots: Sequence[Taken]
    others: Sequence[Row]
    questions: Sequence[Question] = field(default_factory=tuple)

    @property
    def asks(self) -> bool:
        """Whether a person has to act."""
        return any(each.asks for each in (*self.lots, *self.others))


def take_in(
    folder: Path,
    source: Path,
    at: datetime | None = None,
    now: datetime | None = None,
    *,
    answers: Path | None = None,
    dry_run: bool = False,
) -> Inventory:
    """Take in every entry in a folder or zip, or with `dry_run` only say what would become of every file.

    `at` is when all of it was sent in, in local time. Questions are added to the file `answers`, which is read first.
    Raises `ContestError` when there is nothing to take in.
    """
    rules, now = read_rules(folder), now or datetime.now(UTC)
    moment = at if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(rules.time.zone))
    answers = answers or answers_of(source)
    with opened(source, rules.entries.largest_file_mib * MIB) as (pieces, place):
        stock = take_stock(pieces, place, rules.entries.largest_file_mib * MIB, read_answers(answers))
        if not stock.lots and not stock.others:
            raise ContestError(f"{source} holds no entry; give a folder or zip with bundles, .py or .ipynb files.")
        state = read_past(folder).state
        named = name_teams(stock.lots, read_owners(folder), state)
        questions = [*stock.questions, *(question for lot in stock.lots for question in lot.sorted.questions)]
        if questions:
            ask(answers, source.name, questions)  # first: where it cannot be written, nothing has happened yet
        taking = _Taking(folder, rules, now, moment, dry_run)
        taken = [taking.take(lot, name) for lot, name in zip(stock.lots, named, strict=True)]
    return Inventory(taken, stock.others, questions)


def answers_of(source: Path) -> Path:
    """Where the answers about a folder or zip are: beside it."""
    source = source.resolve()
    return source.with_name(f"{source.stem if source.is_file() else source.name}.answers.toml")


@dataclass(frozen=True)
class _Taking:
    """One taking in: the contest, and the moments that decide about times."""

    folder: Path
    rules: Rules
    now: datetime
    at: datetime | None
    dry_run: bool

    def take(self, lot: Lot, named: Named) -> Taken:
        """Record a lot as an entry, or say why it is none."""
        student = lot.reading.user if lot.reading else ""
        result = Taken(lot.key, student, named.team, lot.sorted.rows, note=named.note)
        if lot.answer.leave:
            if lot.answer.team and not named.problem and not self.dry_run:
                self._note(lot, named.team)  # another member's file counts for the team
            return result
        if problem := lot.problem or _incomplete(lot) or named.problem:
            return replace(result, problem=problem)
        received = self._received(lot)
        with temporary_folder() as name:
            try:
                parcel = _staged(lot, named.team, name, received, self._told(lot))
                entry, known = self._tried(named, parcel) if self.dry_run else self._recorded(lot, named, parcel)
            except FlowLeagueError as error:
                return replace(result, problem=_without_paths(str(error), lot, name))
            except OSError as error:
                return replace(result, problem=f"It cannot be read or written: {error.strerror or error}.")
        late = entry.late if entry else _is_late(parcel, self.rules)
        team = entry.team if entry else named.team or _MADE_UP
        received = entry.submitted if entry else received
        return replace(
            result, team=team, received=received, late=late, by_canvas=lot.is_by_canvas, entry=entry, known=known
        )

    def _received(self, lot: Lot) -> datetime:
        if self.at:
            return self.at
        return min(self.now, self.rules.time.closes) if lot.late is False else self.now

    def _told(self, lot: Lot) -> str:
        """Who says when a lot came, or whether it is late, where the clock does not."""
        organiser = self.at is not None or lot.answer.late is not None
        return "organiser" if organiser else "canvas" if lot.late is not None else ""

    def _tried(self, named: Named, parcel: Parcel) -> tuple[Submission | None, bool]:
        state = read_past(self.folder).state
        if named.team and not state.team(named.team):
            state.check_look(named.team)
        prepared = prepare(parcel, named.team or _MADE_UP, self.rules, state, self.now)
        return (prepared, True) if isinstance(prepared, Submission) else (None, False)

    def _recorded(self, lot: Lot, named: Named, parcel: Parcel) -> tuple[Submission, bool]:
        with writing(self.folder) as writer:
            state = writer.state
            name = named.team or _made_up(state)
            team = state.team(name)
            if named.wish and team:
                raise TeamError(f"It calls itself {team.name}, which another team is called since; take it in again.")
            if team is None:
                state.check_look(name)
            name = team.name if team else name
            prepared = prepare(parcel, name, self.rules, state, self.now)
            self._note(lot, name)
            if isinstance(prepared, Submission):
                return prepared, True
            return enter(writer, prepared, self.now, {} if team is None else None), False

    def _note(self, lot: Lot, team: str) -> None:
        """Keep a Canvas user with the team, where nobody but the organiser reads it."""
        if lot.reading and (lot.reading.anonymous, lot.reading.user) not in read_owners(self.folder):
            people = [lot.reading.name] if lot.reading.name else []
            ids = {"anonymous" if lot.reading.anonymous else "canvas": [lot.reading.user]}
            add_private(self.folder, team, people, **ids)


def _incomplete(lot: Lot) -> str:
    if lot.sorted.is_ready:
        return ""
    if any(row.blocks for row in lot.sorted.rows):
        return "It is not taken until the files above are clear."
    return "None of its files can be an entry: a .py, .ipynb, bundle or captured entry."


def _staged(lot: Lot, team: str, place: Path, received: datetime, told: str) -> Parcel:
    """The entry and its weights in a folder of their own, under their own names."""
    entry = lot.sorted.entry
    assert entry is not None
    file = place / f"entry{PurePosixPath(entry.name).suffix.lower() or '.zip'}"
    (place / "weights").mkdir()
    files = {file: entry.file} | {place / "weights" / name: path for name, path in lot.sorted.weights.items()}
    for target, path in files.items():
        with open_regular(path) as inside, target.open("xb") as outside:
            shutil.copyfileobj(inside, outside)
    weights = [place / "weights" / name for name in lot.sorted.weights]
    said = lot.sorted.statement.said
    return Parcel(team, file, weights, said, submitted=received, late=lot.late, told=told)


def _is_late(parcel: Parcel, rules: Rules) -> bool:
    assert parcel.submitted is not None
    return parcel.submitted > rules.time.closes if parcel.late is None else parcel.late


def _made_up(state: State) -> str:
    """A name that nobody has and that says nothing."""
    taken = {look for team in state.teams.values() for look in looks(team.name)}
    while looks(name := f"Team {secrets.token_hex(2)}") & taken:
        pass
    return name


def _without_paths(sentence: str, lot: Lot, place: Path) -> str:
    """A sentence about staged files, with the names under which they were handed in."""
    assert lot.sorted.entry is not None
    entry = place / f"entry{PurePosixPath(lot.sorted.entry.name).suffix.lower() or '.zip'}"
    return sentence.replace(str(entry), lot.sorted.entry.name).replace(f"{place}{os.sep}weights{os.sep}", "")
