"""The held-out judge in a contest's folder: on record by its hash alone, and the same for all entries of a round."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from tests.contest.conftest import NOW, SCORER

from flowleague.board.build import build
from flowleague.bundle.runs import lock_of
from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.events import Score
from flowleague.contest.exports import to_json
from flowleague.contest.folder import ContestError, hide_private, open_contest
from flowleague.contest.held_out import (
    held_out,
    judge_folder,
    keep_progress,
    log_of,
    note_held_out,
    said_of,
    train_in_background,
)
from flowleague.contest.ready import look
from flowleague.contest.records import writing
from flowleague.contest.rescore import begin_round
from flowleague.contest.scorer import command
from flowleague.contest.standing import board_of
from flowleague.contest.verify import verify

ONE, OTHER = "a" * 64, "b" * 64


def place(contest: Path, sha256: str = ONE) -> None:
    """A finished judge, as far as the contest looks at it."""
    hide_private(contest)
    judge_folder(contest).mkdir(exist_ok=True)
    (judge_folder(contest) / "residual-cnn.json").write_text(json.dumps({"sha256": sha256}))


def said(contest: Path) -> str:
    """What is said of it, with plain spaces."""
    return said_of(open_contest(contest))[0].replace("\N{NO-BREAK SPACE}", " ")


def measured(contest: Path) -> list[str]:
    """Which judge each score of the round says that its entry met."""
    evaluate(contest, jobs=1, scorer=SCORER)
    return [one.held_out for one in open_contest(contest).state.measured[-1].values() if isinstance(one, Score)]


def test_its_hash_is_on_record_and_in_every_score(contest, send):
    place(contest)
    id_ = send("One", "# fine").id
    opened = open_contest(contest)
    words = command(opened, opened.state.entry(id_), contest / "place")
    assert words[words.index("--held-out") + 1] == judge_folder(contest.absolute())
    assert measured(contest) == [ONE]
    assert [record.body for record in read_records(contest) if record.kind == "held-out"] == [{"sha256": ONE}]
    assert open_contest(contest).state.held_out == ONE
    assert not verify(contest).faults


def test_export_and_page_say_which_one_looked(contest, send, tmp_path):
    place(contest)
    send("One", "# fine")
    measured(contest)
    build(contest, tmp_path / "site")
    assert json.loads(to_json(board_of(open_contest(contest))))["held_out"] == ONE
    assert [page.name for page in (tmp_path / "site").rglob("*.html") if f"<code>{ONE}</code>" in page.read_text()]


def test_without_one_nothing_speaks_of_it(contest, send):
    send("One", "# fine")
    assert measured(contest) == [""]
    assert "held" not in (contest / "records.jsonl").read_text()
    assert said_of(open_contest(contest)) == ("", True)
    assert "held-out judge" not in {one.name for one in look(open_contest(contest), NOW)}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (ONE, OTHER, "met another held-out judge than the one that is here"),
        ("", ONE, "met no held-out judge, and not the one that is here"),
        (ONE, "", "measure where its folder private/judge is"),
    ],
)
def test_entries_of_a_round_meet_the_same_one(contest, send, before, after, why):
    send("One", "# fine")
    if before:
        place(contest, before)
    measured(contest)
    (judge_folder(contest) / "residual-cnn.json").unlink(missing_ok=True)
    if after:
        place(contest, after)
    send("Two", "# fine too")
    with pytest.raises(ContestError, match=why):
        measured(contest)
    if after:
        begin_round(contest, "another judge")
        assert measured(contest) == [after, after]
    assert not verify(contest).faults


def test_the_check_says_how_far_its_training_is(contest):
    keep_progress(contest, 0.25, 100)
    judge_folder(contest).mkdir()
    with FileLock(lock_of(judge_folder(contest))):
        assert said(contest) == "it is being trained, 25 % done, about 5 min left; measure when it is there"
        (seen,) = [one for one in look(open_contest(contest), NOW) if one.name == "held-out judge"]
        assert seen.means == "stops"
    assert said(contest).startswith("its training stopped, 25 % done: `flowleague contest judges`")
    place(contest)
    assert said_of(open_contest(contest)) == (f"here; its SHA-256 is {ONE[:12]}…", True)


def test_where_it_is_on_record_and_not_here_nothing_is_measured(contest, send):
    place(contest)
    with writing(contest) as writer:
        note_held_out(writer)
        note_held_out(writer)  # once
    assert len(read_records(contest)) == 1
    (judge_folder(contest) / "residual-cnn.json").unlink()
    judge_folder(contest).rmdir()
    said, is_ready = said_of(open_contest(contest))
    assert not is_ready
    assert said.endswith("measure where it is, or train another with `flowleague contest judges`")


def test_a_damaged_one_is_told_in_a_sentence(contest):
    place(contest)
    (judge_folder(contest) / "residual-cnn.json").write_text("{")
    with pytest.raises(ContestError, match="is damaged; remove"):
        held_out(contest)
    (seen,) = [one for one in look(open_contest(contest), NOW) if one.name == "held-out judge"]
    assert seen.means == "stops"
    assert any("is damaged" in fault for fault in verify(contest).faults)


def test_verify_sees_another_judge_and_a_score_that_names_an_unknown_one(contest, send):
    place(contest)
    send("One", "# fine")
    measured(contest)
    place(contest, OTHER)
    assert verify(contest).faults == ["The judge in private/judge is not the one whose SHA-256 was recorded."]
    with writing(contest) as writer:
        body = next(record.body for record in read_records(contest) if record.kind == "score")
        writer.append("rescore", {"reason": "another judge"})
        writer.append("score", body | {"round": 2, "held_out": "c" * 64}, now=datetime.now(UTC))
    assert any("names a held-out judge that was not on record before" in fault for fault in verify(contest).faults)


def test_its_training_goes_on_when_the_command_has_ended(contest):
    trainer = "import os, sys; print('trained', sys.argv[1], os.getpgid(0), flush=True)"
    process = train_in_background(contest, (sys.executable, "-c", trainer))
    assert said(contest).startswith("its training stopped, 0 % done")  # it holds no lock
    assert process.wait(30) == 0
    assert log_of(contest).read_text().split() == ["trained", str(contest.absolute()), str(process.pid)]
    assert process.pid != os.getpgid(0)  # a group of its own: what ends the terminal's processes does not reach it


@pytest.mark.parametrize("copied", [False, True])
def test_git_sees_nothing_of_it(contest, copied):
    place(contest)
    keep_progress(contest, 0.5, 1)
    if copied:  # by hand, from where it was trained
        (contest / "private" / ".gitignore").unlink()
    subprocess.run(["git", "init", "-q", contest], check=True)
    seen = subprocess.run(["git", "add", "-An", "."], cwd=contest, capture_output=True, text=True, check=True).stdout
    assert "contest.toml" in seen
    assert "private" not in seen
