"""Is a contest as it was recorded? Every hash of the chain is recomputed, every file and every card is read again.

Verifying changes nothing. It cannot detect a log that was rewritten from its first record on: for that, keep the head
that every export carries, or push the folder to a place that keeps history.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from flowleague.contest import amending, held_out, seeds
from flowleague.contest.chain import (
    START,
    Record,
    RecordsError,
    file_sha256,
    parse_line,
    read_head,
    read_lines,
    staged_at,
)
from flowleague.contest.events import Score, Submit, events_of
from flowleague.contest.evidence import altered_reports
from flowleague.contest.rules import read_rules
from flowleague.contest.scores import disagreement
from flowleague.contest.state import strays
from flowleague.contest.toml import RulesError
from flowleague.errors import printable


@dataclass
class Report:
    """What does not fit (faults), what is worth knowing (notes), the number of records and files, and the head."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: int = 0
    files: int = 0
    head: str = START


def verify(folder: Path, against: str = "", now: datetime | None = None) -> Report:
    """Compare a contest's folder with its records; see the module for what cannot be seen.

    `against` is a head that was kept elsewhere, the hash of a record or its beginning: the records must hold it.
    """
    report = Report()
    records = _read_chain(folder, report)
    report.records = len(records)
    report.head = records[-1].hash if records else START
    if against and not any(record.hash.startswith(against) for record in records):
        report.faults.append(f"No record has the head {against[:64]}: records were cut off or written anew since then.")
    events = []
    for record in records:
        try:
            events += events_of([record])
        except RecordsError as error:
            report.faults.append(str(error))
    report.faults += strays(events)
    report.faults += seeds.faults_of(folder, events)
    report.faults += held_out.faults_of(folder, events)
    faults, notes = amending.faults_of(folder, events, now or datetime.now(UTC))
    report.faults += faults
    report.notes += notes
    report.faults += filter(None, (disagreement(folder, event) for event in events if isinstance(event, Score)))
    report.faults += altered_reports(folder, events)
    report.notes += [_told(event) for event in events if isinstance(event, Submit) and event.told == "organiser"]
    _check_files(folder, records, report)
    latest = accumulate((record.time for record in records), max)
    for before, record in zip(latest, records[1:], strict=False):
        if record.time < before:
            report.notes.append(
                f"Record {record.number} ({record.kind}) bears {record.time.isoformat()}, earlier than one before it: "
                "the clock went back."
            )
    return report


def _told(event: Submit) -> str:
    """An entry of which the organiser said when it came; the record itself has the clock's time."""
    late = "late" if event.late else "in time"
    return (
        f"Entry {event.id} of {event.team} counts as sent in at {event.submitted.isoformat()}, {late}, by the word of "
        f"the organiser; it was recorded at {event.time.isoformat()}."
    )


def _read_chain(folder: Path, report: Report) -> list[Record]:
    """The records whose lines stand; every break of the chain becomes a fault."""
    records, previous = [], START
    lines, tail = read_lines(folder)
    for number, line in enumerate(lines, 1):
        record = parse_line(line, number, previous)
        if record is None:
            report.faults.append(f"Line {number} of the records was altered, or lines before it were; see git for it.")
            return records
        records.append(record)
        previous = record.hash
    number, digest = read_head(folder)
    if number < 0:
        report.faults.append("The head of the records was altered.")
    elif number > len(records):
        report.faults.append(
            f"Of {number} records {number - len(records)} at the end are missing or were altered; git holds them."
        )
    elif digest != (records[number - 1].hash if number else START):
        report.faults.append(f"Record {number} is not the one that the head of the records names; see git for both.")
    elif number == 0 and records:
        report.notes.append("The head of the records is missing; compare with one that was kept elsewhere (--against).")
    elif number < len(records):
        report.notes.append(
            f"The head names record {number} of {len(records)}: a command was cut off, or the head was moved back."
        )
    elif tail:
        report.notes.append("The last record was cut short before it was acknowledged; the next command tidies up.")
    return records


def _kept_elsewhere(folder: Path) -> str:
    """What to do about missing files where the rules name a place for them; nobody asks there unless told to."""
    try:
        place = read_rules(folder).store
    except RulesError:
        return ""
    return f"; `flowleague contest store --fetch` brings it if {printable(place)} has it" if place else ""


def _check_files(folder: Path, records: list[Record], report: Report) -> None:
    kept = _kept_elsewhere(folder)
    expected = {path: digest for record in records for path, digest in record.files.items()}
    staged = {
        path: staged_at(folder, record.number, place) for record in records for place, path in enumerate(record.files)
    }
    for path, digest in expected.items():
        place = folder / path
        if not place.is_file() and staged[path].is_file():
            report.notes.append(f"{path} is still on its way; the next command moves it to its place.")
            place = staged[path]
        if not place.is_file():
            report.faults.append(f"{path} is missing{kept}.")
        elif file_sha256(place) != digest:
            report.faults.append(f"{path} was altered.")
    report.files = len(expected)
    for place in sorted((folder / "entries").rglob("*")):
        path = place.relative_to(folder).as_posix()
        if path not in expected and (place.is_symlink() or not place.is_dir()):
            report.faults.append(f"{path} was added: no record names it.")
