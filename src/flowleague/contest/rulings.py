"""What the organiser rules about an entry: that it is out, with a public reason, or in again."""

from datetime import datetime
from pathlib import Path

from flowleague.contest.folder import ContestError
from flowleague.contest.records import writing
from flowleague.contest.state import Submission, state_of
from flowleague.errors import printable


def disqualify(folder: Path, id: str, reason: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Rule an entry out, as the organiser: it stays in the folder, with the reason in the records and on the board.

    An older entry of the team counts in its place. Raises `EntryIdError`, and `ContestError` without a reason.
    """
    if not (reason := printable(reason, 500).strip()):
        raise ContestError("Say why the entry is ruled out; the team and everyone who reads the board will ask.")
    with writing(folder) as writer:
        entry = state_of(writer.records).entry(id)
        writer.append("disqualify", {"id": entry.id, "reason": reason}, now=now)
    return entry


def reinstate(folder: Path, id: str, now: datetime | None = None) -> Submission:  # noqa: A002
    """Take a disqualification back; raises `EntryIdError`, and `ContestError` where there is none."""
    with writing(folder) as writer:
        state = state_of(writer.records)
        entry = state.entry(id)
        if entry.id not in state.disqualified:
            raise ContestError(f"The entry {entry.id} was not disqualified; there is nothing to take back.")
        writer.append("reinstate", {"id": entry.id}, now=now)
    return entry
