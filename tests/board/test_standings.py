"""The first window answers: rows that are whole in it, samples and cells at every width, state and time left."""

import re

import pytest
from playwright.sync_api import Page
from tests.board.contests import NAMES, write_contest
from tests.browser import OpenPage, overflow

from flowleague.board.build import build

ROWS = "#standings > tbody > tr:not(.detail)"
WHOLE = f"""[...document.querySelectorAll("{ROWS}")].filter((row) => {{
    const box = row.getBoundingClientRect();
    return box.height > 0 && box.bottom <= innerHeight;
}}).length"""


@pytest.mark.parametrize(
    ("size", "window", "least"),
    [("desktop", (1280, 900), 14), ("desktop", (768, 1024), 8), ("phone", (390, 844), 5), ("phone", (320, 640), 2)],
)
def test_so_many_teams_stand_in_the_first_window(open_page: OpenPage, site, size, window, least):
    page = open_page(site / "index.html", size)
    page.set_viewport_size({"width": window[0], "height": window[1]})
    assert page.evaluate(WHOLE) >= least
    assert overflow(page) == 0


def why_is_shown(page: Page) -> bool:
    """Whether the first row shows its samples and six labelled or headed cells."""
    row = page.locator(ROWS).first
    return row.locator("img").is_visible() and row.locator("td.c:visible").count() == 6


def test_samples_and_cells_stand_at_every_width_and_on_paper(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    for width in (1920, 1280, 1024, 768, 640, 390, 320):  # 640: 1280 at 200 %
        page.set_viewport_size({"width": width, "height": 900})
        assert why_is_shown(page), width
    page.emulate_media(media="print")
    assert why_is_shown(page)
    assert page.locator(".tools").first.is_hidden()
    assert page.locator("#standings thead").is_visible()
    assert page.locator("#standings thead button").first.is_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_lies_over_the_links_of_the_head_or_over_what_it_leads_to(open_page: OpenPage, site, size):
    """The switch stands beside the links, wherever they are scrolled; headings and headers stay clear of the bar."""
    page = open_page(site / "index.html", size)
    for end in (False, True):
        page.evaluate("end => { document.querySelector('.top nav > div').scrollLeft = end ? 1e4 : 0; }", end)
        links, button = page.locator(".top nav > div").bounding_box(), page.locator("#theme").bounding_box()
        assert links
        assert button
        assert links["x"] + links["width"] <= button["x"]
        assert button["x"] + button["width"] <= page.viewport_size["width"]  # pyright: ignore[reportOptionalSubscript]
    for target in ("#awards", "#rules", "#standings-title"):
        page.evaluate("target => { location.hash = target; }", target)
        covered = page.evaluate(
            """() => ["h2", "thead th"].flatMap((kind) => [...document.querySelectorAll(kind)]).filter((part) => {
                const box = part.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
                const top = document.elementFromPoint(x, y);
                return top && document.querySelector(".top").contains(top);
            }).length"""
        )
        assert covered == 0, target


def test_titles_stand_on_one_line_over_what_is_said_of_a_page(open_page: OpenPage, site):
    for path in (site / "samples.html", site / "history.html", *list((site / "live").glob("*.html"))[:1]):
        page = open_page(path)
        title, said = page.locator("h1").bounding_box(), page.locator("h1 + p").bounding_box()
        assert title
        assert said
        assert title["height"] < 40
        assert said["y"] >= title["y"] + title["height"]


def test_on_paper_no_column_is_cut_off(open_page: OpenPage, site):
    for name in ("history.html", "open.html", "index.html"):
        page = open_page(site / name)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 718, "height": 1000})  # A4 with margins of 1 cm
        assert overflow(page) == 0, name


def test_the_time_left_is_counted_by_the_readers_clock(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    for moment, said in (
        ("2026-10-01T00:00:00Z", "Opens in 2 d 0 h, open"),
        ("2026-10-11T20:32:00Z", "Open: 20 h 58 min left"),
        ("2026-10-12T17:00:00Z", "Open: 30 min left"),
        ("2026-10-12T17:30:00Z", "Closed"),
    ):
        page.clock.set_fixed_time(moment)
        page.reload()
        assert page.inner_text("#state") == said
    assert page.inner_text("#prizes").startswith("Awards")
    assert page.inner_text("#awards") == "Awards"
    page = open_page(site / "index.html", javascript=False)
    assert page.inner_text(".state >> nth=0").startswith("Open until Mon 12 Oct, 17:30 UTC.")
    assert page.inner_text("#prizes") == "If it closed now:"


def test_findings_and_code_are_marked_in_their_rows(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    marks = {
        team: page.locator(f"{ROWS}:has(a:text-is('{team}')) .mark").all_inner_texts()
        for team in ("Brody", "Reference", "Overfit Club", NAMES[0])
    }
    assert marks["Brody"] == ["not measured"]
    assert marks["Reference"] == ["baseline"]
    assert marks[NAMES[0]] == []


def test_code_that_was_run_is_marked_on_both_pages(open_page: OpenPage, tmp_path):
    folder = write_contest(tmp_path / "contest", NAMES[:3], 1, changes={NAMES[1]: {"captured": False}})
    build(folder, tmp_path / "site")
    page = open_page(tmp_path / "site/index.html")
    row = page.locator(f"{ROWS}:has(a:text-is('{NAMES[1]}'))")
    assert row.locator(".mark").all_inner_texts() == ["code run"]
    assert "running its code" in (row.locator(".mark").get_attribute("title") or "")
    row.locator("th a").click()
    assert "measured by running its code" in page.inner_text(".facts")


def test_headers_explain_themselves_on_focus(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    told = "getComputedStyle(document.querySelector('#standings th[data-key=low] button'), '::before').content"
    assert page.evaluate(told) == "none"
    page.focus("#filter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('th')?.dataset.key") == "low":
            break
    assert "given the noise of the measurement" in page.evaluate(told)
    assert overflow(page) == 0


def test_cells_show_values_or_ranks(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    first = page.locator(f"{ROWS} >> td.c >> nth=0")
    rank, metric = first.inner_text(), "data.metrics.find((m) => m.category === 0)"
    page.click("#values")
    assert first.inner_text() == page.evaluate(f"number({metric}.values[0], 3)")
    assert "MSE" in page.inner_text("#standings th[data-key='0']")
    assert "cells=values" in page.url
    page.reload()
    assert page.get_attribute("#values", "aria-pressed") == "true"
    page.click("#ranks")
    assert first.inner_text() == rank


def test_the_csv_is_the_view(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    page.fill("#filter", "latents")
    with page.expect_download() as waited:
        page.click("#csv")
    head, line = waited.value.path().read_text().splitlines()
    assert head.startswith('"Place","true place from","to","Team","recon."')
    assert '"The Latents"' in line
    page.fill("#filter", "=1+1")
    with page.expect_download() as waited:
        page.click("#csv")
    assert '"\'=1+1"' in waited.value.path().read_text()


def test_what_if_is_opened_by_its_link_and_named(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    assert page.locator("#scheme").is_hidden()
    page.click("#ask")
    assert page.locator("#scheme").is_visible()
    page.click(f"{ROWS} >> td button >> nth=0")
    before = page.inner_text(".behind")
    page.select_option("#scheme", "seven")
    assert "What if it were ranked by the seven columns of 2025" in page.inner_text("#outcome")
    assert page.inner_text(".behind") != before
    assert "The seven columns of 2025" in page.inner_text(".behind")
    assert page.locator(".behind td:text('undefined')").count() == 0
    again = open_page(page.input_value("#link"))
    assert again.input_value("#scheme") == "seven"
    assert again.locator("#scheme").is_visible()


def test_my_team_is_kept(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    page.click(f"{ROWS}:has(a:text-is('{NAMES[1]}')) td button")
    page.click("text=This is my team")
    page.reload()
    assert page.locator(".me a").inner_text() == NAMES[1]
    assert page.locator(".me .mine").inner_text() == "my team"
    page.select_option("#mine", "")
    assert page.locator(".me").count() == 0
    assert page.locator("#own").is_hidden()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_next_step_of_my_team_stands_in_the_first_window(open_page: OpenPage, site, size):
    page = open_page(site / "index.html", size)
    page.select_option("#mine", NAMES[1])
    said = page.inner_text("#own")
    where = r"(leads|has place \d+ of \d+, [\d.]+ points behind .*)"
    assert re.match(rf"{NAMES[1]} {where}\. Next: .* gains [\d.]+ points?", said)
    row = page.locator(f"{ROWS}:has(a:text-is('{NAMES[1]}'))")
    assert page.get_attribute("#own a", "href") == f"{row.locator('th a').get_attribute('href')}#next"
    box = page.locator("#own").bounding_box()
    assert box
    assert box["y"] + box["height"] < 400  # CSS pixels
    assert overflow(page) == 0
    other = page.locator(f"{ROWS}:has(a:text-is('{NAMES[5]}'))")
    other.locator("td button").click()
    assert page.locator(".behind").get_by_text(f"Compare with {NAMES[1]}").is_visible()


def test_the_colours_are_switched_and_kept(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    dark = page.evaluate(ground)
    assert dark != light
    page.goto((site / "samples.html").as_uri())
    assert page.evaluate(ground) == dark


def test_rows_stand_by_score_and_return_to_it(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    totals = f"[...document.querySelectorAll('{ROWS}')].map((row) => Number(row.cells[10].textContent))"
    names = page.locator(f"{ROWS} th a").all_inner_texts()
    assert page.evaluate(totals) == sorted(page.evaluate(totals))
    page.click("#standings th[data-key=team] button")
    page.click("#standings th[data-key=place] button")
    assert page.locator(f"{ROWS} th a").all_inner_texts() == names
