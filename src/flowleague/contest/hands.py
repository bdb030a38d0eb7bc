"""What the organiser does for a team that cannot do it itself: a new name, a new key, another entry, one taken back.

Each is a record with a reason, which everybody can read. Nothing here needs the team's key.
"""

from datetime import UTC, datetime
from pathlib import Path

from flowleague.contest.folder import ContestError
from flowleague.contest.records import Writer, writing
from flowleague.contest.state import State, Submission, Team
from flowleague.contest.submit import refuse_late
from flowleague.contest.teams import TeamError, claim, clean_name, name_key, new_key
from flowleague.errors import printable


def rename(folder: Path, team: str, name: str, reason: str, now: datetime | None = None) -> Team:
    """Give a team another public name; the old one stays taken. Returns the team as it was.

    Raises `TeamError` for a name that cannot be shown or is another team's, and `ContestError` without a reason.
    """
    reason, name = _reason(reason), clean_name(name)
    with writing(folder) as writer:
        state = writer.state
        known = state.known_team(team)
        if name_key(name) != name_key(known.name):
            if state.team(name):
                raise TeamError(f"There is a team {name} already; choose another name.")
            state.check_look(name, but=known.name)
        writer.append("rename", {"team": known.name, "name": name, "reason": reason}, now=now or datetime.now(UTC))
    return known


def renew_key(folder: Path, team: str, reason: str, now: datetime | None = None) -> str:
    """Draw a new key for a team; the old one is worth nothing from then on. The key is returned once and not kept."""
    reason, key = _reason(reason), new_key()
    with writing(folder) as writer:
        known = writer.state.known_team(team)
        body = {"team": known.name, **claim(key), "reason": reason}
        writer.append("new-key", body, now=now or datetime.now(UTC))
    return key


def choose_for(folder: Path, id: str, reason: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Make an entry the one that counts for its team, until the final round begins; late ones never count."""
    reason = _reason(reason)
    with writing(folder) as writer:
        state = writer.state
        entry = _there(state, id)
        refuse_late(entry)
        if state.final_round:
            raise ContestError("The final round has begun; the choice stands.")
        _append(writer, "final", entry, reason, now)
    return entry


def withdraw_for(folder: Path, id: str, reason: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Take an entry back for its team: it stays in the folder and no longer counts."""
    reason = _reason(reason)
    with writing(folder) as writer:
        entry = _there(writer.state, id)
        _append(writer, "withdraw", entry, reason, now)
    return entry


def _append(writer: Writer, kind: str, entry: Submission, reason: str, now: datetime | None) -> None:
    writer.append(kind, {"id": entry.id, "reason": reason}, now=now or datetime.now(UTC))


def _reason(reason: str) -> str:
    if not (said := printable(reason, 500).strip()):
        raise ContestError("Give a reason; everybody can read it in the records.")
    return said


def _there(state: State, id: str) -> Submission:  # noqa: A002 - the word of the command line
    entry = state.entry(id)
    if state.is_out(entry.id):
        raise ContestError(f"The entry {entry.id} was withdrawn or disqualified already.")
    return entry
