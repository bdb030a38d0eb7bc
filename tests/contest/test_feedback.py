"""One text for each team, complete: place and why, findings with what to do, every entry with its outcome."""

import pytest
from tests.contest.conftest import AFTER, NOW, SCORER

from flowleague.contest.evaluate import evaluate
from flowleague.contest.feedback import feedback, feedback_of, files_of
from flowleague.contest.folder import add_private, open_contest
from flowleague.contest.standing import board_of
from flowleague.contest.submit import withdraw
from flowleague.errors import FlowLeagueError


@pytest.fixture
def board(contest, send):
    """A team with an entry of every kind, one with a finding, one that is broken, one too late."""
    gone = send("Ours", "# fine\n1")
    send("Ours", "# fine\n2")
    withdraw(contest, gone.id, send.keys["Ours"], NOW)
    send("Odd", "# finding\n3")
    send("Bad", "# refuse")
    send("Late", "# fine\n4", now=AFTER)
    add_private(contest, "Ours", people=["Ada Lovelace"])
    evaluate(contest, scorer=SCORER)
    return board_of(open_contest(contest))


def test_a_text_says_place_entries_and_outcomes(board):
    text = feedback_of(board, "ours")
    assert text.startswith("# Ours in contest\n\nOurs is ")
    assert text.count("\n- ") == 2
    assert "entry.py; withdrawn" in text
    assert "entry.py; this one counts; measured" in text
    assert "Ada" not in "".join(feedback(board).values())


def test_a_finding_comes_with_what_it_costs_and_what_to_do(board):
    assert "- **odd** (note): It is odd. To do: Be even." in feedback_of(board, "Odd")


def test_failures_and_late_entries_say_why(board):
    assert "could not be measured: " in feedback_of(board, "Bad")
    assert "has no SubmissionInterface; write one" in feedback_of(board, "Bad")
    assert "No place yet: late: sent in after the closing." in feedback_of(board, "Late")


def test_a_file_for_each_team(board, tmp_path):
    files = files_of(board, tmp_path)
    assert len(files) == len(set(files)) == 4
    assert all(path.suffix == ".md" for path in files)
    assert set(files.values()) == set(feedback(board).values())


def test_an_unknown_team_is_a_sentence(board):
    with pytest.raises(FlowLeagueError, match="There is no team 'Nobody'"):
        feedback_of(board, "Nobody")
