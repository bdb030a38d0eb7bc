"""Entries that run in a page of their own, and those that do not."""

import shutil

import pytest
from playwright.sync_api import expect
from tests.board.conftest import BUNDLES, DAMAGED
from tests.board.contests import write_contest
from tests.board.pages import Page
from tests.browser import OpenPage, faults, overflow
from tests.live.test_page import pixels
from tests.model.export.fresh import fresh_recipe, write_fresh

from flowleague.board import running as room
from flowleague.board.build import build
from flowleague.board.running import running
from flowleague.bundle.read import zip_bundle
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import board_of
from flowleague.model.latent_flow import LatentFlow

LINK = "Run it in a page"


@pytest.fixture(scope="module")
def ids(contest) -> dict[str, str]:
    return {row.entry.team: row.entry.id for row in board_of(open_contest(contest)).standings.rows}


def test_a_bundle_has_a_page_and_all_others_a_reason(site, ids):
    assert {path.stem for path in (site / "live").iterdir()} == {ids[team] for team in BUNDLES}
    text = {team: Page(site / f"entries/{id_}.html").text for team, id_ in ids.items()}
    assert {team for team in ids if LINK in text[team]} == set(BUNDLES)
    assert all("It does not run in a page." in text[team] for team in ids if team not in BUNDLES)
    assert "It is code, which runs only in" in text["Flow Rider"]
    assert "entry.zip cannot be read" in text[DAMAGED]
    assert "It does not run in a page. It could not be measured." in text["Brody"]


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_the_page_of_an_entry_leads_to_one_where_it_draws_digits(open_page: OpenPage, site, ids, zipped, size, dark):
    page = open_page(site / f"entries/{ids[BUNDLES[1]]}.html", size, dark=dark)
    page.click(f"text={LINK}")
    page.wait_for_url("**/live/*.html")
    expect(page.locator("[data-live=told]")).to_contain_text("24 digits in", timeout=60_000)
    assert page.locator("h1").inner_text() == BUNDLES[1]
    wanted = 255 * LatentFlow.load(zipped).generate(24).flatten(1)
    assert (pixels(page, ".live-sheet canvas") - wanted).abs().max() < 0.6  # rounded to whole numbers
    page.locator("[data-live=time]").fill("0")
    expect(page.locator("[data-live=t]")).to_have_text("0")
    assert overflow(page) == 0
    assert faults(page) == []


def test_an_expanded_row_leads_there_too(open_page: OpenPage, site, ids):
    page = open_page(site / "index.html")
    for team in (BUNDLES[0], "Flow Rider"):
        page.click(f"tr:has(a:text-is('{team}')) td > button")
    assert page.locator(".behind a", has_text=LINK).count() == 1
    page.click(f".behind a:text-is('{LINK}')")
    page.wait_for_url(f"**/live/{ids[BUNDLES[0]]}.html")


def reason(contest, team: str) -> str:
    """Why a team's entry does not run."""
    board = board_of(open_contest(contest))
    made = running(board, next(row for row in board.standings.rows if row.entry.team == team))
    assert made.piece is None
    return made.why


def test_what_is_not_the_recorded_file_does_not_run(contest, tmp_path, monkeypatch):
    copy = shutil.copytree(contest, tmp_path / "contest")
    board = board_of(open_contest(copy))
    (entry,) = [e for e in board.contest.state.counting().values() if e.team == BUNDLES[0]]
    path = copy / entry.folder / entry.file
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + b"x")
    assert reason(copy, BUNDLES[0]) == "Its file is not the one that was sent in."
    path.unlink()
    assert "No such file" in reason(copy, BUNDLES[0])
    path.symlink_to("/dev/zero")
    assert "it is a link" in reason(copy, BUNDLES[0])
    monkeypatch.setattr(room, "LARGEST", 2**20)
    path.unlink()
    path.write_bytes(bytes(2**20 + 1))
    assert "larger than 1 MiB" in reason(copy, BUNDLES[0])


def test_a_large_model_and_weights_of_another_do_not_run(tmp_path, monkeypatch):
    write_fresh(tmp_path / "odd", fresh_recipe("grid"))
    write_fresh(tmp_path / "other", fresh_recipe("vector"))
    shutil.copy(tmp_path / "other/config.json", tmp_path / "odd")
    zip_bundle(tmp_path / "odd", tmp_path / "odd.zip")
    zip_bundle(tmp_path / "other", tmp_path / "other.zip")
    changes = {team: {"bundle": (tmp_path / f"{team}.zip").read_bytes()} for team in ("odd", "other")}
    contest = write_contest(tmp_path / "contest", ("odd", "other"), entries=1, baseline="", changes=changes)
    assert reason(contest, "odd").startswith("The weights do not fit their recipe: 'vae.encoder.1.weight'")
    build(contest, tmp_path / "site")
    assert len(list((tmp_path / "site/live").iterdir())) == 1
    monkeypatch.setattr("flowleague.live.page.MOST_NUMBERS", 100)
    assert "a page runs at most 100" in reason(contest, "other")
    (tmp_path / "site/live/mine.html").write_text("<p>mine")
    build(contest, tmp_path / "site")
    assert [path.name for path in (tmp_path / "site/live").iterdir()] == ["mine.html"]
