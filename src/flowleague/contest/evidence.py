"""Evidence about training, private to the organiser: reports in `private/`, of which the records hold the SHA-256.

What everybody can read is that there is a report, and when it was written: not about whom, nor what it says. At an
appeal the team gets its report, and can check that it is the one that was recorded.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flowleague.contest.chain import file_sha256
from flowleague.contest.events import Event, Evidence
from flowleague.contest.folder import PRIVATE_FOLDER, hide_private
from flowleague.contest.records import writing
from flowleague.files import write_atomically


def keep_evidence(folder: Path, id: str, report: Mapping[str, Any], now: datetime | None = None) -> Path:  # noqa: A002
    """Write a report about an entry where git ignores it, and record its SHA-256; returns its path.

    A random number in the report keeps the hash from telling anything. Raises `EntryIdError` for an unknown entry.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    with writing(folder) as writer:
        entry = writer.state.entry(id)
        head = {"entry": entry.id, "team": entry.team, "time": now.isoformat(), "nonce": secrets.token_hex(16)}
        content = (json.dumps(head | dict(report), indent=2) + "\n").encode()
        path = hide_private(folder) / f"evidence-{writer.past.number + 1:04}-{entry.id}.json"
        write_atomically(path, content, private=True)
        writer.append("evidence", {"sha256": hashlib.sha256(content).hexdigest()}, now=now)
    return path


def altered_reports(folder: Path, events: Iterable[Event]) -> list[str]:
    """What is wrong with the reports that lie here: those that no record has, altered or made since.

    A folder without them, such as a clone, has nothing wrong with it.
    """
    recorded = {event.sha256 for event in events if isinstance(event, Evidence)}
    return [
        f"{path.relative_to(folder).as_posix()} is not a report that was recorded: it was altered or added."
        for path in sorted((folder / PRIVATE_FOLDER).glob("evidence-*.json"))
        if file_sha256(path) not in recorded
    ]
