"""Scorecards side by side."""

import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

from flowleague.cli.compare import compare
from flowleague.scorecard.card import ScorecardError
from flowleague.shipped import scorecard

app = typer.Typer()
app.command()(compare)


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})


@pytest.fixture
def scored(tmp_path):
    """The folder of an entry that was scored."""
    (tmp_path / "scored").mkdir()
    shutil.copy(scorecard("tiny"), tmp_path / "scored" / "scorecard.json")
    return tmp_path / "scored"


def changed(scored, out, **fields):
    """The card of an entry with other fields."""
    tree = json.loads((scored / "scorecard.json").read_text())
    out.write_text(json.dumps(tree | fields))
    return out


def test_compare_puts_cards_side_by_side(scored, tmp_path):
    done = invoke(scored, changed(scored, tmp_path / "second.json", name="second"))
    assert done.exit_code == 0, done.output
    assert "tiny" in done.output
    assert "second" in done.output
    assert "≈" in done.output  # a model differs from itself within the noise


def test_cards_of_other_builds_compare_with_a_word_and_of_other_plans_do_not(scored, tmp_path):
    done = invoke(scored, changed(scored, tmp_path / "other.json", evaluator="flowleague-99"))
    assert done.exit_code == 0, done.output
    assert "flowleague-99: what differs may be the evaluator's" in " ".join(done.output.split())
    done = invoke(scored, changed(scored, tmp_path / "other.json", plan="other"))
    assert isinstance(done.exception, ScorecardError)
    assert "another plan" in str(done.exception)


def test_one_card_has_nothing_to_compare_with(scored):
    assert isinstance(invoke(scored).exception, ScorecardError)
