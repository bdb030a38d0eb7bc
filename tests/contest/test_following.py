"""A log with the right hashes can hold what no command writes: it counts for nothing, and verify names it."""

from datetime import UTC, datetime

import msgspec
import pytest
from tests.contest.cards import make_card
from tests.contest.test_attacks import write_all

from flowleague.contest.chain import START, Record, RecordsError, read_records
from flowleague.contest.folder import open_contest
from flowleague.contest.following import replaces
from flowleague.contest.records import writing
from flowleague.contest.scores import record_score
from flowleague.contest.standing import board_of
from flowleague.contest.verify import verify


@pytest.fixture
def measured(contest, send):
    """A contest of two teams, each measured."""
    for team in "AB":
        sent = send(team, f"# {team}")
        with writing(contest) as writer:
            record_score(writer, writer.state.entry(sent.id), make_card(team), 1, "here")
    return contest


def body_of(folder, kind: str) -> dict:
    return next(record.body for record in read_records(folder) if record.kind == kind)


def append(folder, kind: str, body: dict) -> None:
    """Write a record as somebody with an editor does, with the right hashes."""
    record = Record(number=0, time=datetime.now(UTC), kind=kind, body=body, files={}, previous=START)
    write_all(folder, [*read_records(folder), record])


SEAL = {"salt": "00" * 16, "key": "00" * 32}
STRAYS = {
    "final": ({"id": "ffff"}, "about the entry ffff, which is none"),
    "withdraw": ({"id": "ffff"}, "about the entry ffff"),
    "disqualify": ({"id": "ffff", "reason": "r"}, "about the entry ffff"),
    "reinstate": ({"id": "ffff"}, "was not disqualified"),
    "again": ({"ids": ["ffff"], "reason": "r"}, "about the entry ffff"),
    "failure": ({"id": "ffff", "round": 1, "reason": "r"}, "about the entry ffff"),
    "rename": ({"team": "Z", "name": "Y", "reason": "r"}, "about the team Z, which is none"),
    "new-key": ({"team": "Z", "reason": "r", **SEAL}, "about the team Z"),
    "claim": ({"team": "a", **SEAL}, "claims the name A, which is a team's already"),
}


@pytest.mark.parametrize("kind", STRAYS)
def test_a_record_about_nothing_counts_for_nothing_and_is_named(kind, measured):
    before, (body, word) = open_contest(measured).state, STRAYS[kind]
    append(measured, kind, body)
    assert open_contest(measured).state == before
    assert [fault for fault in verify(measured).faults if word in fault]
    assert {row.entry.team for row in board_of(open_contest(measured)).standings.rows} == {"A", "B"}


@pytest.mark.parametrize("round_", [1, 0, -1, 2, 10**9])
def test_a_second_score_or_one_of_no_round_changes_no_place(round_, measured):
    before = open_contest(measured).state
    better = {name: [0.0, 0.0] for name in body_of(measured, "score")["metrics"]}
    append(measured, "score", body_of(measured, "score") | {"round": round_, "metrics": better})
    assert open_contest(measured).state == before
    assert [fault for fault in verify(measured).faults if f"in round {round_}" in fault]


def test_an_entry_does_not_become_another_teams(measured):
    before = open_contest(measured).state
    append(measured, "submit", body_of(measured, "submit") | {"team": "B", "claim": None})
    assert open_contest(measured).state == before
    assert [fault for fault in verify(measured).faults if "is there already" in fault]


def test_no_command_writes_such_a_record(measured):
    size = (measured / "records.jsonl").stat().st_size
    with writing(measured) as writer, pytest.raises(RecordsError, match="not written: it measures"):
        writer.append("score", body_of(measured, "score"))
    assert (measured / "records.jsonl").stat().st_size == size


def test_a_failure_and_a_card_from_elsewhere_give_way(measured):
    (score, _), now = open_contest(measured).state.measured[0].values(), "here"
    assert replaces(None, "elsewhere")
    assert not replaces(score, now)
    assert replaces(msgspec.structs.replace(score, source="elsewhere"), now)
    assert not replaces(msgspec.structs.replace(score, source="elsewhere"), "elsewhere")
