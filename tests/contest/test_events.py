"""Typed views of records: every kind, what older versions left out, and a body that is none of its kind."""

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flowleague.contest.chain import (
    HEAD_FILE,
    LOG_FILE,
    START,
    Record,
    RecordsError,
    encode,
    head_text,
    read_records,
    sealed,
)
from flowleague.contest.evaluator import Evaluator
from flowleague.contest.events import (
    KINDS,
    Claim,
    Disqualify,
    Failure,
    Final,
    Reinstate,
    Rescore,
    Score,
    Submit,
    Withdraw,
    evaluator_of,
    events_of,
)
from flowleague.contest.records import writing
from flowleague.contest.rescore import _differences
from flowleague.contest.state import state_of
from flowleague.contest.verify import verify
from flowleague.ranking.field import Compute, Measured

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = {"evaluator": "flowleague-1", "plan": "full", "judges": {"a": "0" * 64}, "data": {"x": "1" * 64}}
COMPUTE = {"hours": 1.0, "gpu": "", "memory_gib": None, "datasets": ["mnist"], "from_scratch": True, "declared": True}
SUBMIT = {"id": "a1", "team": "A", "folder": "entries/a", "file": "entry.py", "weights": {"w": "2" * 64}}
SUBMIT |= {"submitted": "2026-03-01T11:00:00+00:00", "late": False, "compute": COMPUTE}
SCORE = {"id": "a1", "round": 1, "source": "elsewhere", "by": BY, "metrics": {"q.x": [1, 0.5], "q.y": [None, 0.0]}}
BODIES: dict[str, dict[str, Any]] = {
    "claim": {"team": "A", "salt": "00", "key": "11"},
    "submit": SUBMIT,
    "final": {"id": "a1"},
    "withdraw": {"id": "a1"},
    "disqualify": {"id": "a1", "reason": "copied"},
    "reinstate": {"id": "a1"},
    "rescore": {"reason": "new judges"},
    "score": SCORE | {"findings": ["One.", "Two."]},
    "failure": {"id": "a1", "round": 1, "reason": "It stopped."},
}


def record(kind: str, body: dict[str, Any], number: int = 1) -> Record:
    files = {"entries/a/entry.py": "3" * 64}
    return sealed(Record(number=number, time=TIME, kind=kind, body=body, files=files, previous=START))


def test_every_kind_has_its_view_with_number_time_and_files() -> None:
    events = events_of(record(kind, body, number) for number, (kind, body) in enumerate(BODIES.items(), 1))
    kinds = [Claim, Submit, Final, Withdraw, Disqualify, Reinstate, Rescore, Score, Failure]
    assert [type(event) for event in events] == kinds
    assert [event.number for event in events] == list(range(1, 10))
    assert {event.time for event in events} == {TIME}
    assert all("entries/a/entry.py" in event.files for event in events)


def test_what_is_read_has_its_type() -> None:
    submit, score, failure = events_of(record(kind, BODIES[kind]) for kind in ("submit", "score", "failure"))
    assert isinstance(submit, Submit)
    assert submit.submitted == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert submit.compute == Compute(1.0, "", None, ("mnist",), from_scratch=True, declared=True)
    assert isinstance(score, Score)
    assert score.measured == {"q.x": Measured(1.0, 0.5), "q.y": Measured(None, 0.0)}
    assert score.by == Evaluator(**BY)
    assert (score.source, score.problem) == ("elsewhere", "One. Two.")
    assert isinstance(failure, Failure)
    assert (failure.measured, failure.source, failure.problem) == ({}, "here", "It stopped.")


def test_a_round_is_compared_with_what_was_measured_here() -> None:
    here, there = events_of([record("score", SCORE | {"source": "here"}), record("score", SCORE)])
    assert isinstance(here, Score)
    assert isinstance(there, Score)
    assert evaluator_of({"a": there}) is None
    assert evaluator_of({"a": there, "b": here}) == here.by
    other = msgspec.structs.replace(here, by=Evaluator("flowleague-2", "full", {}, here.by.data))
    assert here.by.differences(other.by) == [
        "version flowleague-1 instead of flowleague-2",
        "judges a 00000000 instead of none",
    ]


def test_other_machines_may_measure_in_a_round_and_a_rescoring_tells_them() -> None:
    (score,) = events_of([record("score", SCORE | {"source": "here"})])
    assert isinstance(score, Score)

    def on(*machines: str) -> dict[str, Any]:
        by = (dataclasses.replace(score.by, machine=machine) for machine in machines)
        return {str(i): msgspec.structs.replace(score, by=each) for i, each in enumerate(by)}

    one, other = "Linux x86_64, AMD EPYC 7763, torch 2.13.0", "Linux aarch64, Neoverse-N1, torch 2.14.0"
    assert on(one)["0"].by.differences(on(other)["0"].by) == []
    assert list(_differences(on(one), on(one, other, one))) == [f"measured on {other}; {one} instead of {one}"]
    assert list(_differences(on(one, other), on(other, one))) == []
    assert list(_differences(on(""), on(other))) == []  # of before machines were recorded
    elsewhere = {"0": msgspec.structs.replace(on(other)["0"], source="elsewhere")}
    assert list(_differences(elsewhere, on(one))) == []


def test_fields_that_older_versions_did_not_write_have_defaults_and_new_ones_are_ignored() -> None:
    claim, score = events_of([record("claim", BODIES["claim"] | {"later": 1}), record("score", SCORE)])
    assert isinstance(claim, Claim)
    assert claim.account is None
    assert isinstance(score, Score)
    assert score.findings == ()


def test_records_of_other_kinds_are_ignored_and_none_is_changed_by_reading() -> None:
    records = [record("torn", {"bytes": "00"}), record("later", {"id": 3}), record("score", SCORE)]
    before = [encode(each) for each in records]
    assert [type(event) for event in events_of(records)] == [Score]
    assert [encode(each) for each in records] == before
    assert b'"q.x":[1,0.5]' in before[-1]  # a view says 1.0


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_another_kind_is_one_sentence(kind: str) -> None:
    body = {"id": 3, "reason": 3}
    with pytest.raises(RecordsError, match=rf"Record 7 \({kind}\) does not hold what its kind must: ") as caught:
        state_of([record(kind, body, 7)])
    assert "\n" not in str(caught.value)


def test_a_body_that_the_chain_alone_would_let_pass_is_not_written_and_found(tmp_path: Path) -> None:
    with writing(tmp_path) as writer, pytest.raises(RecordsError, match=r"Record 1 \(final\) does not hold what"):
        writer.append("final", {"id": 3})
    assert read_records(tmp_path) == []
    now = datetime(2026, 10, 9, tzinfo=UTC)
    forged = sealed(Record(number=1, time=now, kind="final", body={"id": 3}, files={}, previous=START))
    (tmp_path / LOG_FILE).write_bytes(encode(forged) + b"\n")
    (tmp_path / HEAD_FILE).write_text(head_text(1, forged.hash))
    assert len(read_records(tmp_path)) == 1
    (fault,) = verify(tmp_path).faults
    assert fault.startswith("Record 1 (final) does not hold what its kind must: Expected `str`, got `int`")


def test_the_reference_of_contests_names_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "contest.md").read_text()
    rows = re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \|", page.partition("## Records")[2], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == {*KINDS, "history", "torn"}
