"""A board that is built once: strange names, an entry without figures, one without a log, and a baseline."""

import json
from pathlib import Path

import pytest
from tests.board.contests import NAMES, STRANGE, write_contest

from flowleague.board.build import build
from flowleague.league.contest import open_contest

CHANGES = {
    "Brody": {"failure": "Its <weights> are not there."},
    "Overfit Club": {"missing": "training_performance"},
    "Team Sigma": {"plain": True},
}
PANEL = ("Sample Text", "KL Divergents")


@pytest.fixture(scope="session")
def contest(tmp_path_factory) -> Path:
    folder = write_contest(tmp_path_factory.mktemp("board") / "contest", (*NAMES, *STRANGE), changes=CHANGES)
    ids = json.dumps([entry.id for entry in open_contest(folder).state.live() if entry.team in PANEL])
    rules = folder / "contest.toml"
    rules.write_text(rules.read_text().replace("panel = []", f"panel = {ids}"))
    return folder


@pytest.fixture(scope="session")
def site(contest) -> Path:
    out = contest.parent / "site"
    build(contest, out)
    return out
