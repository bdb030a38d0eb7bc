"""Rules, judges and marks on record: a change is seen, and after the closing it needs a reason.

A record of kind "rules" holds the hashes of contest.toml, of the judges' files and of analysis.toml, and the closing.
While the contest is open, one is written when an entry comes in or measuring begins and any of them changed since the
last. After the closing only `amend` writes one, with a reason that everybody can read. Marks are free until the final
round begins, and are recorded with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from flowleague.contest.chain import file_sha256
from flowleague.contest.events import Event, FinalRound, RulesKept
from flowleague.contest.folder import ANALYSIS_FILE, ContestError
from flowleague.contest.records import Writer, writing
from flowleague.contest.rules import RULES_FILE, read_rules
from flowleague.errors import printable
from flowleague.text import listed

_AMEND = "flowleague contest amend --reason"


def note_rules(writer: Writer, now: datetime) -> None:
    """Record rules, judges and marks if one changed since the last such record, unless that contest has closed."""
    last = _last(writer)
    if last is None or (now <= last.closes and last.hashes != _hashes(writer.folder)):
        _append(writer, now)


def settle(writer: Writer, now: datetime) -> None:
    """Record the marks as the final round begins; raises `ContestError` for rules or judges changed since the closing.

    Marks that are given later need a reason.
    """
    last, hashes = _last(writer), _hashes(writer.folder)
    changed = _differing(last.hashes, hashes) if last else []
    if last and now > last.closes and (after := [path for path in changed if path != ANALYSIS_FILE]):
        raise ContestError(
            f"{listed(after)} changed after the closing. Undo that, or record the reason with `{_AMEND}`, and begin "
            "the final round then."
        )
    if changed or last is None:
        _append(writer, now)


def amend(folder: Path, reason: str, now: datetime | None = None) -> list[str]:
    """Record that rules, judges or marks changed, and why; returns the files that did.

    Raises `ContestError` without a reason, and where nothing changed.
    """
    now = now or datetime.now(UTC)
    if not (reason := printable(reason, 500).strip()):
        raise ContestError("Give the reason for the change; everybody can read it in the records and on the board.")
    with writing(folder) as writer:
        last = _last(writer)
        changed = _differing(last.hashes, _hashes(folder)) if last else [RULES_FILE]
        if not changed:
            raise ContestError("Rules, judges and marks are as they were recorded; there is nothing to record.")
        _append(writer, now, reason)
    return changed


def amendments(events: Iterable[Event]) -> list[str]:
    """What of rules, judges and marks was changed for all to know: a moved closing, and whatever came after one."""
    return [said for said, _ in _judged(events)]


def faults_of(folder: Path, events: Sequence[Event], now: datetime) -> tuple[list[str], list[str]]:
    """Faults and notes: changes after the closing without a reason, changes on record, and what is on none yet."""
    judged = list(_judged(events))
    faults = [said for said, is_fault in judged if is_fault]
    notes = [said for said, is_fault in judged if not is_fault]
    last = next((event for event in reversed(events) if isinstance(event, RulesKept)), None)
    if last is None:
        return faults, notes
    final = any(isinstance(event, FinalRound) for event in events)
    for path in _differing(last.hashes, _hashes(folder)):
        if now <= last.closes:
            notes.append(f"{path} changed since record {last.number}; the next entry or measurement records that.")
        elif path == ANALYSIS_FILE and not final:
            notes.append(f"{path} changed since record {last.number}; the final round records the marks.")
        else:
            faults.append(
                f"{path} was changed after the closing, since record {last.number}, without a reason on record; undo "
                f"that, or record it with `{_AMEND}`."
            )
    return faults, notes


def _judged(events: Iterable[Event]) -> Iterator[tuple[str, bool]]:
    """Each change on record that matters, in a sentence, and whether it is a fault."""
    last, final = None, False
    for event in events:
        final |= isinstance(event, FinalRound)
        if not isinstance(event, RulesKept):
            continue
        if last is not None:
            why = f", because: {event.reason}" if event.reason else ""
            changed = _differing(last.hashes, event.hashes)
            free = [] if final else [ANALYSIS_FILE]
            if event.closes != last.closes:
                moved = f"The closing was moved from {last.closes.isoformat()} to {event.closes.isoformat()}"
                yield f"{moved} (record {event.number}){why}.", event.time > last.closes and not why
            elif event.time > last.closes and (after := [path for path in changed if path not in free]):
                said = f"{listed(after)} changed after the closing (record {event.number})"
                yield f"{said}{why or ', without a reason'}.", not why
        last = event


def _last(writer: Writer) -> RulesKept | None:
    return next((event for event in reversed(writer.past.events) if isinstance(event, RulesKept)), None)


def _append(writer: Writer, now: datetime, reason: str = "") -> None:
    closes = read_rules(writer.folder).time.closes
    body = {"hashes": _hashes(writer.folder), "closes": closes.isoformat(), "reason": reason}
    writer.append("rules", body, now=now)


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of what decides a contest besides its entries, by path."""
    judges = [path for ending in ("json", "safetensors") for path in (folder / "judges").glob(f"*.{ending}")]
    paths = [folder / RULES_FILE, folder / ANALYSIS_FILE, *sorted(judges)]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths if path.is_file()}


def _differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The files that are not the same in both, in order."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))
