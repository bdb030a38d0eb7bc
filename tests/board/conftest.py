"""A board that is built once: strange names, an entry without figures, one without a log, and a baseline."""

from pathlib import Path

import pytest
from tests.board.contests import NAMES, STRANGE, write_contest

from flowleague.board.build import build

CHANGES = {"Brody": {"failure": "Its <weights> are not there."}, "Overfit Club": {"missing": "training_performance"}}


@pytest.fixture(scope="session")
def contest(tmp_path_factory) -> Path:
    return write_contest(tmp_path_factory.mktemp("board") / "contest", (*NAMES, *STRANGE), changes=CHANGES)


@pytest.fixture(scope="session")
def site(contest) -> Path:
    out = contest.parent / "site"
    build(contest, out)
    return out
