"""Both jobs from end to end: a real remote, a stand-in for GitHub, and every comment to the letter (see golden/)."""

import json
import os
import re
from pathlib import Path

import pytest
from tests.pulls.conftest import MEASURE, STATEMENT, git

from flowleague.build import evaluator
from flowleague.contest.chain import read_records
from flowleague.contest.folder import open_contest
from flowleague.contest.teams import name_key
from flowleague.contest.verify import verify
from flowleague.pulls import trial

GOLDEN = Path(__file__).with_name("golden")
GOOD = {
    "pulls/ada/entry.toml": STATEMENT,
    "pulls/ada/submission.py": "# fine\n",
    "pulls/ada/vae.safetensors": "weights",
}
FAILING = {"pulls/ada/entry.toml": STATEMENT, "pulls/ada/submission.py": "# fail\nIt has no SubmissionInterface.\n"}
HOSTILE_TEAM = "</td><img src=x onerror=alert(1)> @everyone #1 [here](http://evil) ```` ::add-mask::a ##[error]"
HOSTILE = f"""
import os, sys
print("::set-output name=measured::true")
print("::add-mask::flowleague")
print("##[set-env name=PATH]/tmp")
sys.stdout.flush()
for folder in (os.getcwd(), "/tmp", "OUT", os.path.dirname("OUT"), "/var/tmp"):
    for name in ("scorecard.json", "outcome.json"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                file.write('{{"end": "measured"}}')
        except OSError:
            pass
class SubmissionInterface:
    def __init__(self):
        self.info = {{"team": {HOSTILE_TEAM!r}, "names": "Ada Private"}}
        raise RuntimeError({HOSTILE_TEAM!r} + "\\n::set-output name=measured::true")
"""


def golden(name: str, text: str) -> None:
    """Compare with the file; FLOWLEAGUE_GOLDEN=write writes it, to be read before it is committed."""
    path, text = GOLDEN / f"{name}.md", text.replace(evaluator(), "flowleague-VERSION")
    if os.environ.get("FLOWLEAGUE_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def test_a_good_entry_is_measured_approved_and_recorded(stage):
    stage.push(1, GOOD)
    golden("measured", stage.both(1))
    assert stage.measured() == "measured=true"
    assert read_records(stage.contest()) == []  # nothing without approval
    done = stage.decide("record", 1)
    assert done.status == 0, done.err
    golden("recorded", stage.said(1))
    contest = stage.contest()
    assert verify(contest).faults == []
    state = open_contest(contest).state
    (entry,) = state.counting().values()
    assert (entry.team, entry.late, entry.submitted.isoformat()) == ("The Latents", False, "2026-10-09T12:00:00+00:00")
    assert state.teams["the latents"].account == 11
    assert (contest / entry.folder / "weights" / "vae.safetensors").read_text() == "weights"
    assert stage.hub.pulls[1]["state"] == "closed"
    assert stage.hub.started == ["pages.yml on main"]
    assert (
        git(contest, "log", "-1", "--format=%an %s")
        == f"github-actions[bot] Take in entry {entry.id} (pull request #1)"
    )


def test_private_names_stay_in_the_fork(stage):
    stage.push(1, GOOD)
    stage.both(1)
    stage.decide("record", 1)
    contest = stage.contest()
    assert "rivate" not in git(contest, "log", "-1", "--format=%an %ae %cn %ce %B")
    held = [path.read_bytes() for path in [*contest.glob("entries/**/*"), contest / "records.jsonl"] if path.is_file()]
    told = re.compile(rb"Ada|(?<![0-9a-f])ada(?![0-9a-f])")  # name or login, and no part of a hash
    assert not any(told.search(raw) for raw in held)
    assert "Ada" not in stage.said(1)


def test_a_failing_entry_gets_its_sentence_and_is_not_recorded(stage):
    stage.push(1, FAILING)
    golden("failing", stage.both(1))
    assert stage.measured() == "measured=false"
    assert stage.decide("record", 1).status == 2
    assert read_records(stage.contest()) == []


@pytest.mark.long
def test_a_hostile_entry_behind_the_real_wall_reaches_neither_result_nor_log_nor_comment(stage, monkeypatch):
    monkeypatch.setattr(trial, "measure", MEASURE)
    statement = f'team = {json.dumps(HOSTILE_TEAM)}\nfile = "submission.py"\n'
    code = HOSTILE.replace("OUT", str(stage.out))
    stage.push(1, {"pulls/mallory/entry.toml": statement, "pulls/mallory/submission.py": code}, "Mallory", 66)
    log = stage.evaluate(1)
    for line in (log.out + log.err).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
    assert {path.name for path in stage.out.iterdir()} == {"outcome.json", "scorecard.said.txt"}  # it was not built
    assert json.loads((stage.out / "outcome.json").read_text())["end"] == "failed"
    assert "::add-mask" in (stage.out / "scorecard.said.txt").read_text()  # it did print, into a file
    assert stage.decide("comment", 1).status == 0
    golden("hostile", stage.said(1))
    assert stage.measured() == "measured=false"


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("outside", {"README.md": "mine", ".github/workflows/evaluate.yml": "on: push", "contest.toml": "", **GOOD}),
        ("records", {"records.jsonl": "{}", "records.head": "0", **GOOD}),
        ("other_team", {"entries/the-others/x/scorecard-1.json": "{}", **GOOD}),
        ("other_account", {"pulls/bob/submission.py": "# mine now"}),
        ("two_entries", {**GOOD, "pulls/bob/entry.toml": STATEMENT, "pulls/bob/submission.py": "#"}),
        ("link", {**GOOD, "pulls/ada/flow.safetensors": Path("/etc/passwd")}),
        ("no_file", {"pulls/ada/entry.toml": STATEMENT}),
        ("path", {**GOOD, "pulls/ada/entry.toml": 'team = "x"\nfile = "../../contest.py"\n'}),
        ("unknown_key", {**GOOD, "pulls/ada/entry.toml": STATEMENT + 'score = "1st | `x` <b>"\n'}),
    ],
)
def test_what_is_refused_is_refused_by_both_jobs(name, files, stage):
    stage.push(1, files)
    done = stage.evaluate(1)
    assert done.status == 2
    assert json.loads((stage.out / "outcome.json").read_text())["end"] == "refused"
    stage.hub.artifact = None  # the second job decides by itself
    stage.decide("comment", 1)
    golden(f"refused_{name}", stage.said(1))
    assert stage.measured() == "measured=false"


def test_an_organisers_own_pull_request_is_left_alone(stage):
    stage.push(1, {"contest.toml": "name = 1"})
    stage.hub.pulls[1]["author_association"] = "OWNER"
    done = stage.evaluate(1)
    assert done.status == 0
    assert "nothing to measure" in done.out
    assert stage.decide("comment", 1).status == 0
    assert stage.hub.comments == []


def test_the_comment_is_written_anew_and_only_the_bots(stage):
    stage.hub.comment("Mallory", 1, "<!-- flowleague -->\n### Measured")
    stage.push(1, FAILING)
    stage.both(1)
    stage.push(1, GOOD)
    assert "### Measured" in stage.both(1)
    assert stage.hub.comments[0]["body"].endswith("### Measured")


def test_a_head_that_has_moved_on_is_not_commented_on(stage):
    stage.push(1, GOOD)
    stage.evaluate(1)
    old = stage.hub.pulls[1]["head"]["sha"]
    stage.push(1, {"pulls/ada/submission.py": "# other"})
    done = stage.decide("comment", 1, head_sha=old)
    assert "no pull request to comment on" in done.out
    assert stage.hub.comments == []
    assert stage.measured() == "measured=false"


def test_runs_of_other_workflows_and_events_are_refused(stage):
    stage.push(1, GOOD)
    for change in ({"path": ".github/workflows/mine.yml"}, {"event": "push"}, {"head_sha": "--upload-pack=x"}):
        assert stage.decide("comment", 1, **change).status == 2


def test_without_reviewers_nothing_is_recorded(stage):
    stage.push(1, GOOD)
    stage.both(1)
    stage.hub.reviewers = []
    done = stage.decide("record", 1)
    assert done.status == 2
    assert "no required reviewers" in done.err
    assert read_records(stage.contest()) == []


def test_recording_again_changes_nothing(stage):
    stage.push(1, GOOD)
    stage.both(1)
    stage.decide("record", 1)
    before = git(stage.remote, "rev-parse", "main")
    stage.hub.pulls[1]["state"] = "open"  # as after a job that was cut off between push and comment
    assert stage.decide("record", 1).status == 0
    assert git(stage.remote, "rev-parse", "main") == before


@pytest.mark.long
def test_two_entries_at_once_are_both_recorded(stage, monkeypatch):
    """Another entry is pushed while the first is being recorded: the first is recorded anew on top of it."""
    stage.push(1, GOOD)
    bob = {"pulls/bob/entry.toml": STATEMENT.replace("Latents", "Bobs"), "pulls/bob/submission.py": "# bob"}
    stage.push(2, bob, "bob", 22)
    stage.both(2)
    second = {"artifact": stage.hub.artifact, "artifact_head": stage.hub.artifact_head}
    stage.both(1)
    first = {"artifact": stage.hub.artifact, "artifact_head": stage.hub.artifact_head}
    from flowleague.pulls import record as recording

    push = recording.push

    def slower(*words):
        monkeypatch.setattr(recording, "push", push)
        vars(stage.hub).update(second)
        assert stage.decide("record", 2).status == 0
        vars(stage.hub).update(first)
        return push(*words)

    monkeypatch.setattr(recording, "push", slower)
    done = stage.decide("record", 1)
    assert done.status == 0, done.err
    contest = stage.contest()
    assert verify(contest).faults == []
    assert sorted(open_contest(contest).state.counting()) == ["the bobs", "the latents"]
    assert "place **" in stage.said(1)


def test_the_time_of_sending_is_githubs_and_not_the_commits(stage):
    stage.environment.setenv("GIT_AUTHOR_DATE", "2026-10-09T12:00:00Z")
    stage.environment.setenv("GIT_COMMITTER_DATE", "2026-10-09T12:00:00Z")
    stage.push(1, GOOD)
    stage.evaluate(1)
    stage.decide("comment", 1, created="2026-10-12T17:30:01Z")
    golden("late", stage.said(1))
    stage.decide("record", 1, created="2026-10-12T17:30:01Z")
    contest = stage.contest()
    (entry,) = open_contest(contest).state.submissions.values()
    assert entry.late
    assert open_contest(contest).state.counting() == {}


def test_an_account_stands_for_the_key_of_its_team(stage):
    stage.push(1, GOOD)
    stage.both(1)
    stage.decide("record", 1)
    stage.push(2, {"pulls/bob/entry.toml": STATEMENT, "pulls/bob/submission.py": "# bob"}, "bob", 22)
    assert "The name The Latents belongs to another team" in " ".join(stage.both(2).split())
    stage.push(3, {**GOOD, "pulls/ada/entry.toml": STATEMENT.replace("Latents", "Second Team")})
    assert "This account sends for the team The Latents" in " ".join(stage.both(3).split())
    renamed = {path.replace("ada", "lovelace"): text for path, text in GOOD.items()}
    stage.push(4, {**renamed, "pulls/lovelace/submission.py": "# better"}, "Lovelace", 11)  # the same account, renamed
    assert "### Measured" in stage.both(4)


@pytest.mark.long
def test_an_earlier_entry_that_is_sent_again_counts_again(stage):
    ids = []
    for number, code in enumerate(("# first", "# second", "# first", "# third"), 1):
        stage.push(number, {**GOOD, "pulls/ada/submission.py": code})
        stage.both(number)
        assert stage.decide("record", number).status == 0
        ids.append(open_contest(stage.contest()).state.counting()[name_key("The Latents")].id)
    assert ids[0] == ids[2]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_answer_of_github_that_is_no_success_is_one_sentence(status, stage, monkeypatch):
    stage.push(1, GOOD)
    stage.evaluate(1)
    stage.hub.broken = status
    monkeypatch.setattr("time.sleep", lambda _: None)
    done = stage.decide("comment", 1)
    assert done.status == 2
    assert f"with {status}" in done.err
