"""`flowleague contest check` and `evaluate`: what stops everything is said once, and outcomes are counted apart."""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.cli.test_contest import contest  # noqa: F401 - a fixture
from tests.contest.conftest import SCORER

from flowleague.contest.chain import read_records
from flowleague.contest.verify import verify
from flowleague.contest.watching import STAGE, Present
from flowleague.data import DATA_SETS

EVALUATE = f"""
import functools, sys
from flowleague.contest import evaluate
evaluate.evaluate = functools.partial(evaluate.evaluate, scorer={SCORER})
from flowleague.__main__ import run
run()
"""


@pytest.fixture
def sent(contest, tmp_path):  # noqa: F811
    """Sends an entry of a text for a team."""

    def send(team: str, text: str) -> None:
        (tmp_path / "model.py").write_text(text)
        succeed("contest", "submit", tmp_path / "model.py", "--team", team, "-C", contest)

    return send


def test_check_says_what_it_saw(contest):  # noqa: F811
    said = succeed("contest", "check", "-C", contest)
    for name in ("dates", "seeds", "disk", "memory", "data", "judges", "sandbox"):
        assert re.search(rf"^ *(look +)?{name} ", said, re.MULTILINE), name
    assert "mnist, 10,000 test images" in said


def test_what_must_be_looked_at_is_said_by_new_and_by_take_in_too(contest, tmp_path):  # noqa: F811
    over = ("--opens", "2025-10-08", "--closes", "2025-10-12", "--dataset", "kmnist")
    said = succeed("contest", "new", tmp_path / "other", *over)
    assert "Look at dates: " in said
    assert "is the year right?" in said
    assert "Look at judges: none are shipped for kmnist" in said
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("baselines = []", 'baselines = ["Nobdy"]'))
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "a.py").write_text("class SubmissionInterface: ...\n")
    said = succeed("contest", "take-in", tmp_path / "sent", "-C", contest)
    assert "Look at baselines: no team so far is called Nobdy: is it spelled right?" in said


def test_what_fails_for_all_is_said_once_and_recorded_for_nobody(contest, sent):  # noqa: F811
    sent("One", "# fine")
    (contest / "judges").mkdir()
    before = len(read_records(contest))
    assert "judges" in refuse("contest", "evaluate", "-C", contest)
    assert len(read_records(contest)) == before
    done = flowleague("contest", "check", "-C", contest)
    assert done.status == 2
    assert "Nothing can be measured before this is mended." in done.out
    assert "judges" in refuse("contest", "rescore", "--reason", "new judges", "-C", contest)
    assert len(read_records(contest)) == before


def test_entries_and_evaluator_fail_with_different_words_and_statuses(contest, sent):  # noqa: F811
    sent("One", "# fine")
    sent("Two", "# refuse")
    done = flowleague("contest", "evaluate", "-C", contest)
    assert done.status == 1
    assert "2 entries to measure" in done.out
    assert "1 could not be measured: what the entry must mend stands above." in done.out
    sent("Three", "# crash")
    done = flowleague("contest", "evaluate", "-C", contest)
    assert done.status == 2
    assert "1 not measured because the evaluator or this machine failed: --retry tries again." in done.out


def test_entries_are_shown_by_team_and_by_failure_with_the_whole_reason(contest, sent):  # noqa: F811
    sent("One", "# fine")
    sent("Two", "# refuse")
    flowleague("contest", "evaluate", "-C", contest)
    failed = succeed("contest", "entries", "--failed", "-C", contest)
    assert " of Two: model.py has no SubmissionInterface; write one." in failed.replace("entry.py", "model.py")
    assert " of One:" not in failed
    one = succeed("contest", "entries", "--team", "one", "-C", contest)
    assert ("One" in one, "Two" in one) == (True, False)
    assert "There is no such entry." in succeed("contest", "entries", "--team", "Nobody", "-C", contest)
    assert "--retry-all tries again" in succeed("contest", "evaluate", "-C", contest)


def test_before_measuring_it_is_said_how_many_how_many_again_and_about_how_long(contest, sent):  # noqa: F811
    sent("One", "# fine")
    sent("Two", "# killed inside")
    said = flowleague("contest", "evaluate", "-C", contest, "--jobs", 2).out
    assert "2 entries to measure, 2 at a time. How long one takes is seen after the first; it may take 1 h" in said
    assert len(re.findall(r"^\w{10} of (?:One|Two): begun$", said, re.MULTILINE)) == 2
    assert re.search(r"^\w{10} of One: measured in .* s \([12] of 2", said, re.MULTILINE)
    assert "To be tried again: Two." in said
    sent("Three", "# refuse")
    done = flowleague("contest", "evaluate", "--retry", "-C", contest, "--jobs", 1)
    assert re.search(r"^2 entries to measure, 1 of them once more, 1 at a time, about .* s\.$", done.out, re.MULTILINE)
    assert "To be mended: Three.\nTo be tried again: Two.\n" in done.out
    assert done.status == 2


def test_the_stage_of_an_entry_is_read_where_it_is_measured(tmp_path):
    one = Present("One", "abc", 3.0, tmp_path)
    assert one.stage() == ("being opened", 0.0)
    (tmp_path / STAGE).write_text("0.31")  # half written
    assert one.stage() == ("being opened", 0.31)
    (tmp_path / STAGE).write_text("0.310 reading real digits")
    assert one.stage() == ("reading real digits", 0.31)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_ctrl_c_leaves_nothing_and_the_same_command_goes_on(contest, sent, monkeypatch):  # noqa: F811
    """On a terminal, where the bar says what each entry is at."""
    import pty

    for team in ("One", "[red]Two"):
        sent(team, f"# fine {team}")
    monkeypatch.setenv("SCORER_SECONDS", "60")
    monkeypatch.setenv("COLUMNS", "100")
    before, (seen, terminal) = len(read_records(contest)), pty.openpty()
    words = [sys.executable, "-c", EVALUATE, "contest", "evaluate", "--jobs", "2", "-C", str(contest)]
    heard = functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    evaluator = subprocess.Popen(
        words, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=heard, start_new_session=True
    )
    os.close(terminal)
    said, stopped = "", False
    while more := read(seen):
        said += more
        if not stopped and all(re.search(rf"samples 25\s%  .* {team}", said) for team in ("One", r"\[red\]Two")):
            evaluator.send_signal(signal.SIGINT)
            stopped = True
    assert (evaluator.wait(), "0 of 2 done, 2 under way, 0 wait" in said) == (130, True), said
    assert "Stopped after 0 of 2; the same command goes on with the rest." in said
    assert not [path for path in (contest / ".measuring").iterdir() if path.is_dir()]
    assert len(read_records(contest)) == before
    assert not running_in(contest)
    monkeypatch.setenv("SCORER_SECONDS", "0")
    assert "2 measured" in succeed("contest", "evaluate", "-C", contest)
    assert verify(contest).faults == []


def read(terminal: int) -> str:
    """What comes out of a terminal next; nothing once all of its programs have ended."""
    try:
        return os.read(terminal, 4096).decode()
    except OSError:
        return ""


def running_in(folder: Path) -> list[str]:
    """The command lines of processes that name a folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(folder) in line]


def test_one_team_is_measured_again(contest, sent):  # noqa: F811
    sent("One", "# fine")
    sent("Two", "# fine")
    flowleague("contest", "evaluate", "-C", contest)
    words = ("contest", "rescore", "One", "--reason", "the machine slept", "-C", contest)
    assert "1 entry to measure, 1 at a time" in succeed(*words)
    assert [record.kind for record in read_records(contest)][-2:] == ["again", "score"]
    assert "No entry of Nobody was measured" in refuse("contest", "rescore", "Nobody", "--reason", "x", "-C", contest)


def test_the_data_sets_named_in_help_are_those_that_there_are():
    said = " ".join(succeed("contest", "new", "--help").replace("│", " ").split())
    assert ", ".join(list(DATA_SETS)[:-1]) in said
