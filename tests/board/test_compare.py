"""Two teams, or entries of one, side by side: every difference in units of its noise, and never a claim within it."""

import math

import pytest
from playwright.sync_api import Page
from tests.board.contests import NAMES
from tests.browser import OpenPage, overflow

from flowleague.contest.folder import open_contest
from flowleague.contest.history import History
from flowleague.contest.standing import board_of
from flowleague.contest.teams import name_key
from flowleague.scorecard.metrics import METRICS


@pytest.fixture(scope="module")
def board(contest):
    return board_of(open_contest(contest))


def rows_of(page: Page) -> dict[str, tuple[bool, bool, bool]]:
    """For every metric, whether the first value is bold, the second, and whether the dot is hollow."""
    lines = page.locator("#compared tbody tr:not(.group)").evaluate_all(
        """rows => rows.map((row) => [row.cells[0].firstChild.textContent, !!row.cells[1].querySelector("b"),
            !!row.cells[3].querySelector("b"), !!row.querySelector(".none")])"""
    )
    return {label: (one, two, hollow) for label, one, two, hollow in lines}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_only_differences_beyond_the_noise_are_claimed(open_page: OpenPage, site, board, size):
    entries = {row.entry.team: row.entry for row in board.standings.rows}
    one, two = entries[NAMES[0]], entries[NAMES[3]]
    page = open_page(f"{(site / 'compare.html').as_uri()}#{one.id},{two.id}", size)
    found = rows_of(page)
    assert overflow(page) == 0
    for name, direction in zip(board.standings.table.metrics, board.standings.table.directions, strict=True):
        x, y = one.metrics[name], two.metrics[name]
        noise = math.hypot(x.error, y.error)
        away = (x.value - y.value) * (-1 if direction == "lower" else 1)
        sure = abs(away) > 2 * noise
        assert found[METRICS[name].label] == (sure and away > 0, sure and away < 0, not sure), name


def test_the_choice_stands_in_the_address_and_can_be_swapped(open_page: OpenPage, site, board):
    ids = {row.entry.team: row.entry.id for row in board.standings.rows}
    page = open_page(site / "compare.html")
    page.select_option("#one", label=next(t for t in options(page) if t.endswith(NAMES[4])))
    assert ids[NAMES[4]] in page.url
    before = page.input_value("#two")
    page.click("#swap")
    assert page.input_value("#one") == before
    assert page.locator("#versus h2").all_inner_texts()[1] == NAMES[4]


def options(page: Page) -> list[str]:
    return page.locator("#one option").all_inner_texts()


def test_neighbours_are_compared_with_their_chance(open_page: OpenPage, site, board):
    first, second = board.standings.ranked[:2]
    page = open_page(f"{(site / 'compare.html').as_uri()}#{first.entry.id},{second.entry.id}")
    said = page.inner_text("#said")
    assert said.startswith(first.entry.team)
    assert "% certainty" in said
    page = open_page(f"{(site / 'compare.html').as_uri()}#{first.entry.id},{board.standings.ranked[-1].entry.id}")
    assert "do not overlap" in page.inner_text("#said")


def test_other_pages_lead_to_it(open_page: OpenPage, site, board):
    row = board.standings.ranked[2]
    page = open_page(site / f"entries/{row.entry.id}.html")
    page.click("text=Compare with")
    assert page.locator("#versus h2").first.inner_text() == row.entry.team
    page = open_page(site / "index.html")
    page.click(f"#e{row.entry.id} td button")
    page.click(".behind a:text('Compare with')")
    assert page.locator("#versus h2").first.inner_text() == row.entry.team


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_two_entries_of_one_team_stand_side_by_side_with_the_noise(open_page: OpenPage, site, contest, board, size):
    """The page of a team leads to each of its earlier entries beside the one that counts."""
    row = next(row for row in board.standings.rows if row.entry.team == NAMES[2])
    page = open_page(site / f"entries/{row.entry.id}.html", size)
    page.click(".latest a >> nth=-1")
    page.wait_for_selector("#compared tbody tr")
    one, two = page.url.partition("#")[2].split(",")
    assert one == row.entry.id
    history = History(open_contest(contest), 1)
    assert two == history.sent[name_key(NAMES[2])][0].id
    found, better, worse = rows_of(page), 0, 0
    for name, direction in zip(board.standings.table.metrics, board.standings.table.directions, strict=True):
        x, y = (history.measured[id_].measured[name] for id_ in (one, two))
        assert x.value is not None
        assert y.value is not None
        noise = math.hypot(x.error, y.error)
        away = (x.value - y.value) * (-1 if direction == "lower" else 1)
        sure = abs(away) > 2 * noise
        assert found[METRICS[name].label] == (sure and away > 0, sure and away < 0, not sure), name
        better, worse = better + (sure and away > 0), worse + (sure and away < 0)
    said = page.inner_text("#said")
    assert f"is better in {better} metrics" in said
    assert f" in {worse};" in said
    assert "another entry of the team counts" in page.inner_text("#versus")
    assert overflow(page) == 0
