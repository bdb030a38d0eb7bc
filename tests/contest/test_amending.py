"""Rules, judges and marks on record: what changes while a contest is open is noted, and afterwards needs a reason."""

import msgspec
import pytest
from tests.contest.conftest import AFTER, NOW, SCORER

from flowleague.contest import seeds
from flowleague.contest.amending import amend, amendments
from flowleague.contest.chain import HEAD_FILE, LOG_FILE, START, encode, head_text, read_records, sealed
from flowleague.contest.evaluate import evaluate
from flowleague.contest.events import RulesKept, events_of
from flowleague.contest.folder import ContestError
from flowleague.contest.submit import withdraw
from flowleague.contest.verify import verify

LATER = "closes = 2026-10-14T00:00:00"


def change_rules(contest, old="wall_seconds = 3600", new="wall_seconds = 3601"):
    path = contest / "contest.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def move_closing(contest):
    change_rules(contest, "closes = 2026-10-12T17:30:00", LATER)


def on_record(contest):
    return [event for event in events_of(read_records(contest)) if isinstance(event, RulesKept)]


def test_what_changes_while_the_contest_is_open_is_recorded_and_no_fault(contest, send):
    send("a", "# fine\n1")
    send("a", "# fine\n2")
    assert len(on_record(contest)) == 1  # nothing changed
    change_rules(contest)
    (contest / "judges").mkdir()
    (contest / "judges" / "one.safetensors").write_bytes(b"w")
    assert any("next entry" in note for note in verify(contest, now=NOW).notes)
    send("a", "# fine\n3")
    first, second = on_record(contest)
    assert "judges/one.safetensors" in second.hashes
    assert "judges/one.safetensors" not in first.hashes
    report = verify(contest, now=AFTER)
    assert (report.faults, report.notes) == ([], [])
    assert amendments(events_of(read_records(contest))) == []


def test_a_moved_closing_is_told_for_ever(contest, send):
    send("a", "# fine\n1")
    move_closing(contest)
    send("a", "# fine\n2")
    (told,) = amendments(events_of(read_records(contest)))
    assert "moved from 2026-10-12T22:30:00+00:00 to 2026-10-14T05:00:00+00:00" in told
    report = verify(contest, now=AFTER)
    assert report.faults == []
    assert told in report.notes


@pytest.mark.parametrize("change", [change_rules, move_closing])
def test_a_change_after_the_closing_is_a_fault_until_its_reason_is_on_record(change, contest, send):
    send("a", "# fine")
    change(contest)
    assert any("contest.toml was changed after the closing" in fault for fault in verify(contest, now=AFTER).faults)
    with pytest.raises(ContestError, match="Give the reason"):
        amend(contest, " \n", now=AFTER)
    assert amend(contest, "the building was closed", now=AFTER) == ["contest.toml"]
    report = verify(contest, now=AFTER)
    assert report.faults == []
    assert any("the building was closed" in note for note in report.notes)
    with pytest.raises(ContestError, match="nothing to record"):
        amend(contest, "again", now=AFTER)


def test_an_entry_that_a_moved_closing_lets_in_leaves_the_fault(contest, send):
    send("a", "# fine")
    move_closing(contest)
    send("friend", "# fine\n2", now=AFTER)
    assert len(on_record(contest)) == 1
    assert len(verify(contest, now=AFTER).faults) == 1


def test_marks_are_free_until_the_final_round_begins(contest, send):
    send("a", "# fine")
    marks = contest / "analysis.toml"
    marks.write_text('[marks."a"]\nmark = 7\nreviewer = "r"\n')
    assert verify(contest, now=AFTER).faults == []
    seeds.begin_final_round(contest, "17 4 9", now=AFTER)
    assert [record.kind for record in read_records(contest)][-2:] == ["rules", "final-round"]
    assert verify(contest, now=AFTER).faults == []
    marks.write_text(marks.read_text().replace("7", "9"))
    assert any("analysis.toml was changed" in fault for fault in verify(contest, now=AFTER).faults)
    amend(contest, "a page was overlooked", now=AFTER)
    assert verify(contest, now=AFTER).faults == []


def test_the_final_round_does_not_begin_with_rules_that_changed_after_the_closing(contest, send):
    send("a", "# fine")
    change_rules(contest)
    with pytest.raises(ContestError, match=r"contest\.toml changed after the closing"):
        seeds.begin_final_round(contest, "17 4 9", now=AFTER)
    assert [record.kind for record in read_records(contest)][-1] == "submit"


def test_after_the_closing_no_team_takes_an_entry_back(contest, send):
    sent = send("a", "# fine")
    with pytest.raises(ContestError, match="the field stands"):
        withdraw(contest, sent.id, send.keys["a"], AFTER)


def test_a_score_that_was_written_anew_disagrees_with_its_card(contest, send):
    send("a", "# fine")
    evaluate(contest, scorer=SCORER)
    assert verify(contest).faults == []
    records, previous = [], START
    for record in read_records(contest):
        body = record.body
        if record.kind == "score":
            body = body | {"metrics": body["metrics"] | {"reconstruction.mse": [0.0, 0.0]}}
        records.append(sealed(msgspec.structs.replace(record, body=body, previous=previous, hash="")))
        previous = records[-1].hash
    (contest / LOG_FILE).write_bytes(b"".join(encode(record) + b"\n" for record in records))
    (contest / HEAD_FILE).write_text(head_text(len(records), previous))
    (fault,) = verify(contest).faults
    assert "disagree in reconstruction.mse" in fault
