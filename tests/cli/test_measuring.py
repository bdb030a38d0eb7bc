"""`flowleague contest check` and `evaluate`: what stops everything is said once, and outcomes are counted apart."""

import re

import pytest
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.cli.test_contest import contest  # noqa: F401 - a fixture

from flowleague.contest.chain import read_records
from flowleague.data import DATA_SETS


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
