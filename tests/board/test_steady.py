"""Pages that stand still: nothing shifts while they load, and what is opened covers nothing."""

from itertools import pairwise

import pytest
from tests.board.conftest import BUNDLES
from tests.browser import OpenPage, overflow

from flowleague.contest.folder import open_contest
from flowleague.contest.standing import board_of

SHIFT = """() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 1500);
})"""


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_shifts_while_a_page_loads(open_page: OpenPage, site, contest, size):
    ids = {row.entry.team: row.entry.id for row in board_of(open_contest(contest)).standings.rows}
    for path in ("index.html", "compare.html", f"entries/{ids[BUNDLES[0]]}.html", f"live/{ids[BUNDLES[0]]}.html"):
        page = open_page(site / path, size)
        assert page.evaluate(SHIFT) < 0.05, path


def test_an_opened_row_covers_nothing_on_a_phone(open_page: OpenPage, site):
    page = open_page(site / "index.html", "phone")
    page.click("#standings > tbody > tr >> nth=1 >> td button")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("#standings > tbody > tr")].slice(0, 4).map((row) => {
            const box = row.getBoundingClientRect();
            return [box.top, box.bottom];
        })"""
    )
    assert all(below[0] >= above[1] - 0.5 for above, below in pairwise(boxes))
    figures = page.evaluate(
        """() => [...document.querySelectorAll(".behind td, .behind th")].map((cell) => {
            const box = cell.getBoundingClientRect();
            const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return box.bottom > innerHeight || cell.contains(top) || top.contains(cell);
        })"""
    )
    assert figures
    assert all(figures)
    assert overflow(page) == 0
