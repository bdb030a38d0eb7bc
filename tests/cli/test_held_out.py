"""`flowleague contest judges` and `contest new --judges` with a training of a second."""

from dataclasses import replace

import pytest
from tests.cli.test_commands import succeed
from tests.cli.test_judges import blots  # noqa: F401  (a fixture)

from flowleague.contest import held_out
from flowleague.contest.folder import open_contest
from flowleague.judge import make_judges


@pytest.fixture
def contest(blots, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("held") / "class"
    succeed("contest", "new", folder, "--dataset", blots)
    return folder


def test_a_judge_is_trained_here_and_is_on_record(contest, monkeypatch):
    function = make_judges.make_held_out
    tiny = replace(make_judges.HELD_OUT, epochs=0.5, batch=20)
    monkeypatch.setattr(make_judges, "_KEPT_EVERY", 0.0)
    monkeypatch.setattr(make_judges, "make_held_out", lambda *words, tell: function(*words, recipe=tiny, tell=tell))
    said = succeed("contest", "judges", "--foreground", "-C", contest)
    assert "of 20 validation images correctly" in said
    assert f"here; its SHA-256 is {held_out.held_out(contest)[:12]}" in said
    assert open_contest(contest).state.held_out == held_out.held_out(contest)
    assert "here; its SHA-256" in succeed("contest", "judges", "-C", contest)  # nothing is trained again
    assert "All as recorded" in succeed("contest", "verify", "-C", contest)


def test_in_the_background_the_command_returns_at_once(contest, monkeypatch):
    begun = []
    monkeypatch.setattr(held_out, "train_in_background", lambda folder: begun.append(folder))
    said = succeed("contest", "judges", "-C", contest)
    assert begun == [contest]
    assert "is being trained in the background" in said


def test_a_new_contest_may_begin_it(blots, tmp_path_factory, monkeypatch):  # noqa: F811
    begun, folder = [], tmp_path_factory.mktemp("new") / "class"
    monkeypatch.setattr(held_out, "train_in_background", lambda folder: begun.append(folder))
    assert "held-out judge" in succeed("contest", "new", folder, "--dataset", blots, "--judges")
    assert begun == [folder]
