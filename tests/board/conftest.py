"""A board that is built once: strange names, bundles, an entry without figures, one without a log, a baseline."""

import json
from pathlib import Path

import pytest
from tests.board.contests import NAMES, STRANGE, write_contest
from tests.model.export.fresh import fresh_recipe, write_fresh

from flowleague.board.build import build
from flowleague.bundle.read import zip_bundle
from flowleague.contest.folder import open_contest

CHANGES = {
    "Brody": {"failure": "Its <weights> are not there."},
    "Overfit Club": {"missing": "training_performance"},
    "Team Sigma": {"plain": True},
}
BUNDLES, DAMAGED = ("The Latents", STRANGE[0]), "Neanderthals"  # the other teams sent code
PANEL = ("Sample Text", "KL Divergents")


@pytest.fixture(scope="session")
def zipped(tmp_path_factory) -> Path:
    """A bundle as it is sent in."""
    folder = tmp_path_factory.mktemp("fresh")
    write_fresh(folder / "fresh", fresh_recipe("grid"))
    zip_bundle(folder / "fresh", folder / "fresh.zip")
    return folder / "fresh.zip"


@pytest.fixture(scope="session")
def contest(tmp_path_factory, zipped) -> Path:
    whole = zipped.read_bytes()
    bundles = {BUNDLES[0]: whole, BUNDLES[1]: whole, DAMAGED: whole[:-9]}
    changes = CHANGES | {team: {"bundle": raw} for team, raw in bundles.items()}
    folder = write_contest(tmp_path_factory.mktemp("board") / "contest", (*NAMES, *STRANGE), changes=changes)
    ids = json.dumps([entry.id for entry in open_contest(folder).state.live() if entry.team in PANEL])
    rules = folder / "contest.toml"
    rules.write_text(rules.read_text().replace("panel = []", f"panel = {ids}"))
    return folder


@pytest.fixture(scope="session")
def site(contest) -> Path:
    out = contest.parent / "site"
    build(contest, out)
    return out
