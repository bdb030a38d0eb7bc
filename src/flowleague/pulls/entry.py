"""The entry in a pull request, read from git's objects and checked by the rules of the contest.

entry.toml    team = "The Latents"          the public name; the account that uses it first owns it
              file = "submission.py"        a .py, .ipynb or .zip (bundle, captured entry) beside it; a code's
                                            weights are all .safetensors beside it
              hours, gpu, memory, trained_on, from_scratch    what `flowleague contest submit` lets a team declare
"""

import re
from dataclasses import dataclass
from pathlib import Path

from flowleague.archive import MIB
from flowleague.contest.entry_files import ENDINGS, is_log
from flowleague.contest.folder import Contest
from flowleague.contest.state import State, Submission
from flowleague.contest.statement import STATEMENT, STATEMENT_LIMIT, Statement, read_statement
from flowleague.contest.submit import Parcel, Prepared, prepare
from flowleague.contest.teams import TeamError, clean_name, name_key
from flowleague.errors import docs_link, printable
from flowleague.pulls.change import entry_files
from flowleague.pulls.event import Pull, PullError
from flowleague.pulls.git import Blob, read_blob

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+ -]{0,99}")


@dataclass(frozen=True)
class Entry:
    """An entry that was checked: its statement, the team's name as the contest writes it, and what to record of it.

    `checked` is a `Submission` where the same file is an entry already.
    """

    statement: Statement
    team: str
    checked: Prepared | Submission

    @property
    def late(self) -> bool:
        """Whether it came after the closing."""
        return self.checked.late

    @property
    def weights(self) -> dict[str, str]:
        """The SHA-256 of its weight files."""
        return self.checked.weights


def _read_statement(raw: bytes) -> Statement:
    """Read an entry.toml; raises `PullError`."""
    try:
        statement = read_statement(raw)
        if not statement.team or not statement.file:
            raise ValueError("it names no team or no file")
    except ValueError as error:
        raise PullError(f"{STATEMENT} cannot be read: {printable(error)}. An example: {docs_link('pulls')}") from error
    if not NAME.fullmatch(statement.file) or not statement.file.lower().endswith(ENDINGS):
        raise PullError(
            f"{STATEMENT} names the file '{printable(statement.file, 60)}'; name a .zip, .py or .ipynb beside it."
        )
    return statement


def fetch_entry(repository: Path, pull: Pull, place: Path, largest_mib: int) -> None:
    """Write entry.toml, the entry's file and its weights into a folder, under names that are no paths."""
    files = entry_files(repository, pull)
    raw = read_blob(repository, files[STATEMENT]) if files[STATEMENT].size <= STATEMENT_LIMIT else b"x" * 10**5
    statement = _read_statement(raw)
    wanted = {name: files[name] for name in _wanted_names(statement, files)}
    if sum(blob.size for blob in wanted.values()) > largest_mib * MIB:
        raise PullError(f"The entry has more than the {largest_mib} MiB that the rules allow.")
    place.mkdir(parents=True, exist_ok=True)
    (place / STATEMENT).write_bytes(raw)
    for name, blob in wanted.items():
        (place / name).write_bytes(read_blob(repository, blob))


def _wanted_names(statement: Statement, files: dict[str, Blob]) -> list[str]:
    """The names of the entry's file and of its weights; raises `PullError` for one that is missing or no plain name."""
    if statement.file not in files:
        raise PullError(f"{STATEMENT} names the file {statement.file}, which is not beside it; add it.")
    if statement.file.lower().endswith(".zip"):
        return [statement.file]
    weights = [name for name in files if name.endswith(".safetensors") and "/" not in name]
    for name in weights:
        if not NAME.fullmatch(name):
            raise PullError(
                f"The weight file '{printable(name, 60)}' needs a name of letters, digits, '-', '_' and '.'."
            )
    return [statement.file, *weights, *(name for name in files if is_log(name) and NAME.fullmatch(name))]


def parcel_in(place: Path, pull: Pull) -> tuple[Statement, Parcel]:
    """The entry in a folder that `fetch_entry` wrote."""
    statement = _read_statement((place / STATEMENT).read_bytes())
    beside = [*sorted(place.glob("*.safetensors")), *(path for path in sorted(place.iterdir()) if is_log(path.name))]
    weights = () if statement.file.lower().endswith(".zip") else tuple(beside)
    return statement, Parcel(statement.team, place / statement.file, weights, statement.said, submitted=pull.sent)


def check_entry(contest: Contest, pull: Pull, place: Path) -> Entry:
    """Check an entry by the rules, as if it were sent in at the time of its push; records nothing.

    Raises what `flowleague.contest.submit.prepare` raises, and `TeamError` for a name that is another account's.
    """
    statement, parcel = parcel_in(place, pull)
    team = _team_of(contest.state, statement.team, pull.account)
    checked = prepare(parcel, team, contest.rules, contest.state, pull.sent)
    return Entry(statement, team, checked)


def _team_of(state: State, wanted: str, account: int) -> str:
    """The name of the team that an account sends for; one account has one team, and one team one account."""
    name = clean_name(wanted)
    team = state.team(name)
    if team is not None and team.account != account:
        raise TeamError(f"The name {team.name} belongs to another team; choose another name in {STATEMENT}.")
    owned = [each.name for each in state.teams.values() if each.account == account]
    if owned and name_key(owned[0]) != name_key(name):
        raise TeamError(f"This account sends for the team {owned[0]}; write that name in {STATEMENT}.")
    if team is None:
        state.check_look(name)
    return team.name if team else name
