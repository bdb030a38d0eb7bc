"""A team's page is a verdict: place, how sure, what was won and lost, what to do next, and what each entry changed."""

import pytest
from tests.board.contests import NAMES, write_contest
from tests.board.pages import Page
from tests.browser import OpenPage, overflow

from flowleague.board.build import build
from flowleague.contest.folder import open_contest
from flowleague.contest.history import History
from flowleague.contest.standing import board_of
from flowleague.ranking.account import advice, parts
from flowleague.scorecard.metrics import METRICS
from flowleague.text import number, ordinal, short


@pytest.fixture(scope="module")
def board(contest):
    return board_of(open_contest(contest))


def text_of(site, row) -> str:
    return " ".join(Page(site / f"entries/{row.entry.id}.html").text.split())


def test_place_parts_and_advice_are_those_of_the_league(site, board):
    for row in board.standings.ranked[:6]:
        mine = parts(board.standings)[row.entry.id]
        text, said = text_of(site, row), advice(board.standings, row, mine)
        assert f"{ordinal(row.place)} {row.entry.team}" in text.replace("  ", " ")
        for part in mine:
            assert f"{'+' if part.won > 0 else ''}{short(part.won)}" in text
        if said.step:
            assert METRICS[said.step.metric].label.lower() in text.lower()
            assert f"is worth {number(said.step.points, 3)} point" in text


def test_every_entry_of_the_team_is_listed_with_its_effect(site, board, contest):
    history = History(open_contest(contest), 1)
    row = next(row for row in board.standings.rows if row.entry.team == NAMES[2])
    text = text_of(site, row)
    for effect in history.of_team(NAMES[2]):
        if effect.before and effect.after and effect.before != effect.after:
            assert f"{ordinal(effect.before)} → {ordinal(effect.after)}" in text
    assert text.count(" counts") == 1


def test_what_is_missing_is_last_on_every_page(open_page: OpenPage, site, board):
    row = next(row for row in board.standings.rows if row.entry.team == "Overfit Club")
    page = open_page(site / f"entries/{row.entry.id}.html")
    missing = page.locator("#scorecard ~ table tr:has(.missing) td:nth-child(3)").all_inner_texts()
    assert missing
    ranked = [text for text in missing if text]
    assert set(ranked) == {"last"}
    front = open_page(site / "index.html")
    front.click("#standings tr:has(a:text-is('Overfit Club')) td button")
    lines = front.locator(".behind tr:has(td:text-is('not reached')) td:last-child").all_inner_texts()
    assert len(lines) == len(ranked)
    assert set(lines) == {"last"}


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_the_verdict_fits_its_window(open_page: OpenPage, site, board, width):
    page = open_page(site / f"entries/{board.standings.rows[3].entry.id}.html")
    page.set_viewport_size({"width": width, "height": 900})
    assert overflow(page) == 0
    assert page.locator(".next").bounding_box()["y"] < 500  # pyright: ignore[reportOptionalSubscript]


def test_more_latents_are_advised_where_the_field_has_better_values_with_them(tmp_path):
    """Half of the teams have 3 numbers, and all of these are behind the others in everything."""
    changes = {name: {"latent_size": 16 if k < 6 else 3} for k, name in enumerate(NAMES)}
    folder = write_contest(tmp_path / "contest", NAMES, 1, baseline="", changes=changes)
    build(folder, tmp_path / "site")
    hinted = set()
    for row in board_of(open_contest(folder)).standings.ranked:
        text = text_of(tmp_path / "site", row)
        if "Try more latent numbers" in text:
            hinted.add(row.entry.team)
            assert "this entry has 3; the 6 teams with 16 or more have a median of" in text
    assert hinted
    assert hinted <= set(NAMES[6:])
