"""Measuring: every entry once, whoever dies; one bad entry stops nobody."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests.contest.conftest import NOW, ROOT, SCORER

from flowleague.contest import evaluate as evaluation
from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate, may_change
from flowleague.contest.events import Failure, Score, evaluator_of
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.rescore import begin_again
from flowleague.contest.scores import ForeignCardError
from flowleague.contest.standing import standing_of
from flowleague.contest.submit import withdraw
from flowleague.contest.verify import verify
from flowleague.scorecard.card import read_scorecard

EVALUATE = (
    "import sys; from pathlib import Path; from flowleague.contest.evaluate import evaluate; "
    "evaluate(Path(sys.argv[1]), jobs=int(sys.argv[2]), scorer=sys.argv[3:])"
)


def start_evaluator(folder, jobs=1):
    return subprocess.Popen([sys.executable, "-c", EVALUATE, str(folder), str(jobs), *SCORER], cwd=ROOT)


def measured(folder):
    return {(r.body["id"], r.kind) for r in read_records(folder) if r.kind in ("score", "failure")}


def test_every_entry_once_and_a_second_call_finds_nothing(contest, send, tmp_path, monkeypatch):
    monkeypatch.setenv("SCORER_COUNTS", str(tmp_path / "counts"))
    ids = {send(team, f"# fine\n{team}").id for team in "abc"}
    told = []
    written = evaluate(contest, jobs=2, scorer=SCORER, tell=lambda team, record: told.append(team))
    assert {measurement.id for measurement in written} == ids
    assert sorted(told) == ["a", "b", "c"]
    assert evaluate(contest, scorer=SCORER) == []
    assert len((tmp_path / "counts").read_text().splitlines()) == 3
    assert verify(contest).faults == []


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("refuse", "has no SubmissionInterface; write one."),
        ("killed", "was killed, most likely for its memory; measure fewer entries at a time (--jobs 1)."),
        ("killed inside", "was killed, most likely for its memory"),
        ("crash", "stopped with status 1; its last line was: RuntimeError: "),
        ("nothing", "cannot be read"),
        ("garbage", "scorecard.json is not a scorecard of version"),
        ("pictures forged", "no picture of nearest as the judge draws it"),
        ("fashion", "measured on fashion-mnist; this contest is about mnist"),
        ("wide", "64 latent dimensions; the rules allow 3 to 49"),
    ],
)
def test_a_bad_entry_is_recorded_and_stops_nobody(word, sentence, contest, send):
    bad = send("bad", f"# {word}").id
    good = send("good", "# fine").id
    evaluate(contest, scorer=SCORER)
    assert measured(contest) == {(bad, "failure"), (good, "score")}
    (reason,) = [r.body["reason"] for r in read_records(contest) if r.kind == "failure"]
    assert sentence in reason
    assert "\x1b" not in reason
    assert str(contest) not in reason  # the records are public
    assert evaluate(contest, scorer=SCORER) == []


def test_latents_of_the_size_that_the_rules_allow_are_measured(contest, send):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("latent_size = [3, 49]", "latent_size = [2, 64]"))
    send("a", "# allowed")  # what the scorer is told to allow
    (measurement,) = evaluate(contest, scorer=SCORER)
    assert isinstance(measurement, Score)
    assert read_scorecard(next(contest.rglob("scorecard-1.json"))).latent_size == 64


def test_entries_are_measured_on_the_data_of_the_contest(contest, send):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace('dataset = "mnist"', 'dataset = "kmnist"'))
    send("a", "# fine")
    (measurement,) = evaluate(contest, scorer=SCORER)
    assert isinstance(measurement, Score)


def test_pictures_are_recorded_with_their_hashes_and_verified(contest, send):
    send("a", "# pictures")
    (measurement,) = evaluate(contest, scorer=SCORER)
    names = {path.rpartition("/")[2] for path in measurement.files}
    assert names == {"scorecard-1.json", "samples-1.png", "nearest-1.png"}
    assert verify(contest).faults == []
    altered = next(contest.rglob("samples-1.png"))
    altered.write_bytes(altered.read_bytes()[::-1])
    assert verify(contest).faults == [f"{altered.relative_to(contest)} was altered."]


def test_an_entry_that_hangs_is_stopped(contest, send):
    rules = (contest / "contest.toml").read_text()
    (contest / "contest.toml").write_text(rules.replace("wall_seconds = 3600", "wall_seconds = 1"))
    send("slow", "# hang")
    (measurement,) = evaluate(contest, scorer=SCORER)
    assert measurement.problem == "It took longer than 1 seconds."


def test_a_failure_is_tried_again_only_when_asked(contest, send):
    send("bad", "# refuse")
    evaluate(contest, scorer=SCORER)
    assert evaluate(contest, scorer=SCORER) == []
    assert evaluate(contest, scorer=SCORER, retry="chance") == []  # it would go as before
    assert [type(each) for each in evaluate(contest, scorer=SCORER, retry="all")] == [Failure]


@pytest.mark.parametrize(
    ("reason", "may"),
    [
        ("It took longer than 3600 seconds.", True),
        ("decode took longer than the 60 s that this may take.", True),
        ("generate failed: it used more than 900 s of processor time.", True),
        ("generate failed: its processes held more than 4,096 MiB.", True),
        ("encode failed: the system killed its process, most likely for its memory.", True),
        ("The evaluator was killed by signal 11; its last line was: nothing", True),
        ("decode raised an error: ValueError: 3", False),
        ("It has no SubmissionInterface; write one.", False),
    ],
)
def test_what_another_try_may_change_is_told_by_the_reason(reason, may):
    assert may_change(Failure(number=1, time=NOW, files={}, id="a", round=1, reason=reason)) == may


def test_the_entries_of_one_team_are_measured_again_in_the_same_round_with_a_reason(contest, send, monkeypatch):
    one, other = send("a", "# fine\n1"), send("b", "# fine\n2")
    first = {each.id: each for each in evaluate(contest, scorer=SCORER)}
    assert begin_again(contest, "A", "the machine slept") == (one.id,)
    assert [record.kind for record in read_records(contest)][-1] == "again"  # before anything runs
    monkeypatch.setenv("SCORER_SEED", "other")
    (again,) = evaluate(contest, scorer=SCORER)
    state = open_contest(contest).state
    assert (again.id, again.round, state.round) == (one.id, 1, 1)
    assert state.measured[-1] == {one.id: again, other.id: first[other.id]}
    assert again.measured != first[one.id].measured
    assert any(path.endswith("scorecard-1.2.json") for path in again.files)
    assert verify(contest).faults == []  # the card and the pictures of before stay
    begin_again(contest, "a", "once more")
    (third,) = evaluate(contest, scorer=SCORER)
    assert any(path.endswith("scorecard-1.3.json") for path in third.files)
    assert verify(contest).faults == []
    with pytest.raises(ContestError, match="No entry of c was measured"):
        begin_again(contest, "c", "why")


def test_what_was_withdrawn_is_not_measured(contest, send):
    sent = send("a", "# fine")
    withdraw(contest, sent.id, send.keys["a"], NOW)
    assert evaluate(contest, scorer=SCORER) == []


def test_another_evaluator_than_the_others_stops_before_it_mixes(contest, send, monkeypatch):
    send("a", "# fine")
    evaluate(contest, scorer=SCORER)
    send("b", "# fine too")
    monkeypatch.setenv("SCORER_EVALUATOR", "flowleague-99")
    with pytest.raises(ForeignCardError, match=r"version flowleague-99 instead of flowleague-0"):
        evaluate(contest, scorer=SCORER)
    assert len(measured(contest)) == 1  # b is measured by the right one later
    monkeypatch.setattr(evaluation, "evaluator", lambda: "flowleague-99")
    with pytest.raises(ContestError, match="flowleague-99 is installed"):
        evaluate(contest)


@pytest.mark.long
def test_two_evaluators_at_once_share_the_work(contest, send, tmp_path, monkeypatch):
    monkeypatch.setenv("SCORER_COUNTS", str(tmp_path / "counts"))
    monkeypatch.setenv("SCORER_SECONDS", "0.1")
    ids = {send(team, f"# fine\n{team}").id for team in "abcdef"}
    alone = shutil.copytree(contest, tmp_path / "alone")
    evaluators = [start_evaluator(contest) for _ in range(2)]
    assert [evaluator.wait(600) for evaluator in evaluators] == [0, 0]
    assert measured(contest) == {(id_, "score") for id_ in ids}
    assert len(read_records(contest)) == 13  # rules, and submit and score of each: one each
    assert set(Counter((tmp_path / "counts").read_text().split()).values()) == {1}
    assert verify(contest).faults == []
    evaluate(alone, scorer=SCORER)
    assert standing_of(open_contest(contest)) == standing_of(open_contest(alone))


def test_what_a_killed_evaluator_began_another_one_ends(contest, send, monkeypatch):
    monkeypatch.setenv("SCORER_SECONDS", "0.3")
    ids = {send(team, f"# fine\n{team}").id for team in "abcd"}
    first = start_evaluator(contest, jobs=2)
    while not list((contest / ".measuring").glob("*/*/output.txt")):
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    evaluate(contest, jobs=2, scorer=SCORER)
    assert measured(contest) == {(id_, "score") for id_ in ids}
    assert verify(contest).faults == []


def test_a_round_begun_by_one_plan_and_judges_is_not_ended_by_others(contest, send):
    send("One", "# fine")
    evaluate(contest, scorer=SCORER)
    send("Two", "# fine\n2")
    rules = contest / "contest.toml"
    whole = rules.read_text()
    rules.write_text(whole.replace('plan = "full"', 'plan = "quick"'))
    with pytest.raises(ContestError, match=r"the plan is quick and was full. Undo that, or measure everything again"):
        evaluate(contest, scorer=SCORER)
    rules.write_text(whole)
    reference = evaluator_of(open_contest(contest).state.measured[-1])
    assert reference
    name = next(iter(reference.judges))
    (contest / "judges").mkdir()
    (contest / "judges" / f"{name}.safetensors").write_bytes(b"others")
    with pytest.raises(ContestError, match=f"the weights of the judge {name} are others"):
        evaluate(contest, scorer=SCORER)
    assert len(measured(contest)) == 1
