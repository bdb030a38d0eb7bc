"""Public names: what a file calls its team, read and never run, and no person's name."""

import json
from pathlib import PurePosixPath

import pytest
from tests.contest.canvas_download import code

from flowleague.contest.answers import ParcelAnswer
from flowleague.contest.canvas import Reading
from flowleague.contest.contents import Held
from flowleague.contest.download import Piece
from flowleague.contest.inventory import Lot
from flowleague.contest.naming import name_teams, named_team
from flowleague.contest.parcels import Sorted
from flowleague.contest.state import State


def test_the_team_in_a_notebook_is_read_and_never_run(tmp_path):
    path = tmp_path / "m.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["'team': 'no'"]},
        {"cell_type": "code", "source": ["info = {'team': 'Weé', 'names': 'Secret Person'}"]},
    ]
    path.write_text(json.dumps({"cells": cells}))
    assert named_team(path) == "Weé"
    path.write_text(json.dumps({"cells": 3}))
    assert named_team(path) == ""
    (tmp_path / "m.py").write_bytes(b"\xff'team': 'x'")
    assert named_team(tmp_path / "m.py") == ""


@pytest.fixture
def lot(tmp_path):
    """Makes what one student handed in, who calls the team so."""

    def make(team: str, person: str = "lovelaceada", user: str = "4011") -> Lot:
        path = tmp_path / f"{user}.py"
        path.write_bytes(code(team))
        held = Held("m.py", Piece(PurePosixPath("m.py"), path))
        return Lot(user, Sorted(entry=held), ParcelAnswer(), Reading(user, person, False, "1", "m.py"))

    return make


@pytest.mark.parametrize(
    ("team", "public"),
    [
        ("The Latents", "The Latents"),
        ("Ada Lovelace", ""),
        ("lovelace_ada!", ""),
        ("Team of Lovelace, Ada", ""),
        ("4011", ""),
        ("Team 4011", ""),
        ("Team 140112", "Team 140112"),
        ("Ada", "Ada"),  # a part is anybody's
        ("a\x1bb", ""),
        ("", ""),
    ],
)
def test_a_name_that_tells_the_person_is_not_made_public(team, public, lot):
    (named,) = name_teams([lot(team)], {}, State())
    assert (named.team, named.problem) == (public, "")
    assert (named.note != "") == (team != public)


def test_two_that_want_one_name_are_both_asked(lot):
    lots = [lot("We", "a", "1"), lot("WE", "b", "2"), lot("Us", "c", "3")]
    named = name_teams(lots, {}, State())
    assert [bool(each.problem) for each in named] == [True, True, False]
    assert [len(each.sorted.questions) for each in lots] == [1, 1, 0]
    named = name_teams([lot("We", "a", "1"), lot("We", "b", "2")], {(False, "1"): "We"}, State())
    assert [bool(each.problem) for each in named] == [False, True]
