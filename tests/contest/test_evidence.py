"""Reports about training: recorded by their hash, private, and without any effect on what counts."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from tests.contest.conftest import NOW

from flowleague.contest.chain import read_records
from flowleague.contest.events import Evidence, events_of
from flowleague.contest.evidence import keep_evidence
from flowleague.contest.folder import open_contest
from flowleague.contest.state import EntryIdError, state_of
from flowleague.contest.verify import verify


def test_a_report_is_recorded_by_its_hash_alone(contest: Path, send) -> None:
    id_ = send("The Latents", "a = 1").id
    before = state_of(read_records(contest))
    path = keep_evidence(contest, id_, {"z": -1.5}, NOW)
    report, (event,) = json.loads(path.read_text()), events_of(read_records(contest)[-1:])
    assert (report["team"], report["entry"], report["z"]) == ("The Latents", id_, -1.5)
    assert isinstance(event, Evidence)
    assert event.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    last = (contest / "records.jsonl").read_text().splitlines()[-1]
    assert id_ not in last and "Latents" not in last and "1.5" not in last  # noqa: PT018
    assert state_of(read_records(contest)) == before  # no rank, no verdict
    assert not verify(contest).faults


def test_a_report_that_was_altered_or_added_is_found_and_one_that_is_away_is_not(contest: Path, send) -> None:
    path = keep_evidence(contest, send("The Latents", "a = 1").id, {"z": -1.5}, NOW)
    assert not verify(contest).faults
    path.write_text(path.read_text().replace("-1.5", "-9.5"))
    assert verify(contest).faults == [
        f"private/{path.name} is not a report that was recorded: it was altered or added."
    ]
    path.unlink()
    assert not verify(contest).faults


def test_two_equal_reports_have_two_hashes(contest: Path, send) -> None:
    id_ = send("The Latents", "a = 1").id
    assert len({keep_evidence(contest, id_, {"z": 0}, NOW) for _ in range(2)}) == 2
    hashes = [record.body["sha256"] for record in read_records(contest) if record.kind == "evidence"]
    assert len(set(hashes)) == 2


def test_git_does_not_see_reports(contest: Path, send) -> None:
    path = keep_evidence(contest, send("The Latents", "a = 1").id, {"z": 0})
    subprocess.run(["git", "init", "-q", contest], check=True)
    seen = subprocess.run(["git", "add", "-An", "."], cwd=contest, capture_output=True, text=True, check=True).stdout
    assert "records.jsonl" in seen
    assert path.name not in seen
    assert path.stat().st_mode & 0o077 == 0


def test_of_an_unknown_entry_nothing_is_kept(contest: Path) -> None:
    with pytest.raises(EntryIdError):
        keep_evidence(contest, "ffff", {})
    assert not open_contest(contest).state.submissions
    assert not (contest / "private").exists()
