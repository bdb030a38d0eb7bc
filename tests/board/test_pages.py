"""The pages in a real browser: what a class does with them all day, by pointer and by keyboard."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.board.contests import NAMES, STRANGE, write_contest
from tests.browser import OpenPage, faults, overflow

from flowleague.board.build import build
from flowleague.board.front import SHOWN
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import Board, board_of
from flowleague.edition2025.compare import seven_columns
from flowleague.ranking.rank import rank, rank_by
from flowleague.text import short

PAGES = ("index.html", "samples.html", "compare.html", "open.html", "history.html")
ROWS = "#standings > tbody > tr:not(.detail)"
TOTAL = 11  # the number of the column


@pytest.fixture(scope="module")
def board(contest) -> Board:
    return board_of(open_contest(contest))


def pages_of(site: Path, board: Board) -> list[Path]:
    """One page of every kind; of entries a measured one, one without figures, one without pictures, the baseline."""
    ids = {row.entry.team: row.entry.id for row in board.standings.rows}
    kinds = ("The Latents", "Brody", "Overfit Club", "Team Sigma", "Reference", STRANGE[4])
    return [*(site / name for name in PAGES), *(site / f"entries/{ids[team]}.html" for team in kinds)]


def column(page: Page, number: int) -> list[str]:
    """The texts of a column of the rows that are shown."""
    cells = page.locator(f"{ROWS}:not([hidden]) > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def teams(page: Page) -> list[str]:
    return page.locator(f"{ROWS}:not([hidden]) > th a").all_text_contents()


def shown_places(page: Page) -> dict[str, tuple[str, str]]:
    """Place and score of every team as the page shows them, without marks of change."""
    cells = page.locator(ROWS).evaluate_all(
        "rows => rows.map((r) => [r.querySelector('a').textContent, r.cells[0].innerText, r.cells[10].innerText])"
    )
    return {team: (place.split()[0].rstrip("="), score) for team, place, score in cells}


def test_headers_sort_both_ways(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    official = teams(page)
    page.click("#standings th[data-key=team] button")
    assert teams(page) == page.evaluate(
        "names => names.sort(new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' }).compare)", official
    )
    assert page.get_attribute("#standings th[data-key=team]", "aria-sort") == "ascending"
    page.click("#standings th[data-key=score] button")
    page.click("#standings th[data-key=score] button")
    scores = [float(text) for text in column(page, TOTAL)]
    assert scores == sorted(scores, reverse=True)
    assert page.get_attribute("#standings th[data-key=score]", "aria-sort") == "descending"
    assert page.get_attribute("#standings th[data-key=team]", "aria-sort") is None
    page.reload()  # the view stands in the address
    assert [float(text) for text in column(page, TOTAL)] == scores


def test_the_page_comes_as_the_script_would_draw_it(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    table = "[...document.querySelector('#standings').rows].map((row) => row.outerHTML)"
    as_written = page.evaluate(table)
    page.evaluate("update()")
    assert page.evaluate(table) == as_written


def test_the_filter_finds_teams_by_any_part_of_their_names(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    page.fill("#filter", "LATENT the")
    assert teams(page) == ["The Latents"]
    assert page.inner_text("#found") == f"1 of {len(NAMES) + len(STRANGE) + 1}"
    assert page.locator("#none").is_hidden()
    page.fill("#filter", "עולם")
    assert teams(page) == [STRANGE[4]]
    page.fill("#filter", "nobody is called this")
    assert teams(page) == []
    assert page.inner_text("#none") == "No team matches “nobody is called this”."


def expected(board: Board, scheme: str, without: int | None, gone: str) -> dict[str, tuple[str, str]]:
    """What the league says of a change: place (a baseline's in brackets) and score by team."""
    rules = board.contest.rules
    entries = [entry for entry in board.standing.entries if entry.team != gone]
    categories = [rule for number, rule in enumerate(rules.categories) if number != without]
    if scheme == "seven":
        rows = rank_by(entries, seven_columns()).rows
    else:
        chosen: Any = rules.ranking.scheme if scheme == "rules" else scheme
        rows = rank(entries, categories, chosen, rules.ranking.ties).rows
    return {r.entry.team: (f"({r.place})" if r.entry.baseline else str(r.place), short(r.score)) for r in rows}


@pytest.mark.parametrize(
    ("scheme", "without", "gone"),
    [
        ("rules", None, ""),
        ("rules", 2, ""),
        pytest.param("columns", None, "The Latents", marks=pytest.mark.long),
        ("mean ranks", 4, "🏆 café 😀"),
        pytest.param("seven", None, "", marks=pytest.mark.long),
    ],
)
def test_what_if_shows_the_leagues_numbers(open_page: OpenPage, site, board, scheme, without, gone):
    page = open_page(site / "index.html")
    page.click(".whatif > summary")
    page.select_option("#scheme", scheme)
    if without is not None:
        page.uncheck(f"input[name=category][value='{without}']")
    if gone:
        page.select_option("#drop", label=gone)
    wanted = expected(board, scheme, without, gone) | ({gone: ("–", "–")} if gone else {})
    assert shown_places(page) == wanted
    if (scheme, without, gone) != ("rules", None, ""):
        assert "first would be" in page.inner_text("#outcome")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('#standings tbody td:nth-child(2)')).fontStyle")
            == "italic"
        )
        assert faults(page) == []
        page.click("#reset")
        assert shown_places(page) == expected(board, "rules", None, "")


def test_names_of_teams_are_text_and_nothing_runs(open_page: OpenPage, site, board):
    for path in pages_of(site, board):
        page = open_page(path)
        page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
        assert page.evaluate("document.querySelectorAll('b b, iframe, [onerror], [style]').length") == 0
    page = open_page(site / "index.html")
    assert set(teams(page)) >= set(STRANGE)
    page.click(f"tr:has(a:text-is('{STRANGE[0]}')) td button")
    page.click(".behind button:text('What if')")
    assert STRANGE[0] in (page.text_content("#dropped") or "")
    row = page.locator("#standings th a", has_text=STRANGE[5])
    assert row.evaluate("a => [a.dir, getComputedStyle(a).direction]") == ["auto", "rtl"]


def test_the_policy_stops_what_a_page_could_be_made_to_do(chromium: Browser, site, board):
    """Not through `open_page`: here complaints are what is wanted."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    for path in pages_of(site, board)[:5]:
        page.goto(path.as_uri())
        blocked.clear()
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                document.body.append(script);
                document.body.insertAdjacentHTML("beforeend", "<img src='http://example.org/x.png'><p onclick=1>");
            }"""
        )
        page.wait_for_timeout(50)
        assert page.evaluate("window.ran") is None
        assert len([text for text in blocked if "Content Security Policy" in text]) >= 2
    context.close()


@pytest.mark.parametrize(
    ("size", "dark", "pages"),
    [
        ("phone", True, ("index.html", "compare.html")),
        pytest.param("phone", True, (), marks=pytest.mark.long),
        pytest.param("desktop", False, (), marks=pytest.mark.long),
    ],
)
def test_no_page_has_a_fault_or_is_wider_than_its_window(open_page: OpenPage, site, board, size, dark, pages):
    for path in [site / name for name in pages] or pages_of(site, board):
        page = open_page(path, size, dark=dark)
        if path.name == "index.html":
            come_to_the_chart(page)
            page.click("#standings td button >> nth=0")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert overflow(page) == 0, path.name
        assert faults(page, every=True) == [], path.name
        page.context.close()


def test_the_pictures_are_drawn(open_page: OpenPage, site, board):
    for name in ("samples.html", f"entries/{board.standings.rows[0].entry.id}.html"):
        page = open_page(site / name)
        sizes = page.evaluate(
            """async () => {
                const images = [...document.images];
                for (const image of images) image.loading = "eager";
                await Promise.all(images.map((image) => image.decode()));
                return images.map((image) => [image.naturalWidth, image.naturalHeight, image.width, image.height]);
            }"""
        )
        assert sizes
        assert all(abs(w / h - shown_w / shown_h) < 0.03 for w, h, shown_w, shown_h in sizes)


def test_the_whole_front_page_by_keyboard(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to(page, "#filter")
    page.keyboard.type("latents")
    assert teams(page) == ["The Latents"]
    tab_to(page, "#standings th[data-key=team] button")
    page.keyboard.press("Enter")
    assert page.get_attribute("#standings th[data-key=team]", "aria-sort") == "ascending"
    tab_to(page, f"{ROWS}:not([hidden]) td > button")
    page.keyboard.press("Enter")
    assert page.get_attribute(f"{ROWS}:not([hidden]) td > button", "aria-expanded") == "true"
    assert "MSE" in page.inner_text(".behind")
    tab_to(page, ".behind a")
    tab_to(page, "#scatter .point")
    first = page.inner_text("#told")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#told") != first
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('#told') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries/*.html")


@pytest.mark.long
def test_of_a_long_table_200_rows_are_laid_out_until_all_are_asked_for(open_page: OpenPage, tmp_path):
    names = tuple(f"Team {i}" for i in range(SHOWN + 30))
    build(write_contest(tmp_path / "contest", names, 1), tmp_path / "site")
    page = open_page(tmp_path / "site" / "index.html")
    visible = page.locator(f"{ROWS}:visible")
    assert visible.count() == SHOWN
    page.fill("#filter", "Team 22")  # 22, 122 and 220 to 229, wherever they stand
    assert visible.count() == 12
    page.fill("#filter", "")
    page.click("#standings th[data-key=team] button")
    assert teams(page)[0] == "Reference"
    assert visible.count() == SHOWN
    page.click("#whole")
    assert visible.count() == len(names) + 1
    assert page.evaluate("document.activeElement.closest('tr') === document.querySelector('#standings').rows[201]")
    assert not page.locator("#whole").count()


def come_to_the_chart(page: Page) -> None:
    """Scroll to the scatter, which is drawn when a reader comes near."""
    page.locator("#scatter").scroll_into_view_if_needed()
    page.wait_for_selector("#scatter .point")


def tab_to(page: Page, selector: str) -> None:
    """Press the tab key until the focus is on such an element."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"The tab key does not lead to {selector}.")


def test_teams_with_equal_values_are_one_point_that_names_them(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    come_to_the_chart(page)
    count = "[...document.querySelectorAll('#scatter .point')].map((p) => Number(p.textContent || 1))"
    drawn = page.evaluate("rows.filter((_, i) => data.metrics.every((m) => m.values[i] !== null)).length")
    assert sum(page.evaluate(count)) >= drawn > 10
    page.evaluate("data.metrics[axes[0].value].values.fill(5); data.metrics[axes[1].value].values.fill(7); draw()")
    assert page.evaluate(count) == [len(NAMES) + len(STRANGE) + 1]
    page.hover("#scatter .point")
    assert page.locator("#told a").count() == 5
    assert f"and {len(NAMES) + len(STRANGE) + 1 - 5} more" in page.inner_text("#told")
    assert "on the Pareto front" in page.inner_text("#told")
    page.click("#scatter .point")
    page.click("#told a >> nth=0")
    page.wait_for_url("**/entries/*.html")


def test_the_front_holds_those_that_nobody_beats(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    front = page.evaluate(
        """() => {
            const places = [[1, 5], [2, 4], [2, 4], [3, 4], [4, 1], [5, 0, true], [1, 6]];
            const points = places.map(([x, y, baseline = false], i) => ({ i, x, y, baseline }));
            const lower = { lower: true };
            return paretoFront(stacked(points), [lower, lower]).map((p) => [p.x, p.y, p.members.length]);
        }"""
    )
    assert front == [[1, 5, 1], [2, 4, 2], [4, 1, 1]]


def test_names_in_the_chart_cover_no_point_and_no_other_name(open_page: OpenPage, site):
    page = open_page(site / "index.html")
    come_to_the_chart(page)
    boxes = page.evaluate(
        """() => ["text.name", ".point circle"].map((kind) => [...chart.querySelectorAll(kind)].map((part) => {
            const box = part.getBoundingClientRect();
            return [box.left, box.top, box.right, box.bottom];
        }))"""
    )
    names, points = boxes
    assert names
    for k, (left, top, right, bottom) in enumerate(names):
        for a, b, c, d in (*names[k + 1 :], *points):
            assert right < a + 1 or left > c - 1 or bottom < b + 3 or top > d - 3


def test_what_does_not_count_is_drawn_hollow(open_page: OpenPage, tmp_path):
    """Where the floors void every entry, the chart and the strips still show what was measured."""
    folder = write_contest(tmp_path / "contest", NAMES[:4], 1, baseline="")
    rules = folder / "contest.toml"
    rules.write_text(rules.read_text() + "\n[fairness]\nleast_recall = 1.0\n")
    build(folder, tmp_path / "site")
    page = open_page(tmp_path / "site/index.html")
    come_to_the_chart(page)
    assert page.locator("#scatter .point.baseline").count() == 4
    assert "a figure does not count" in (page.get_attribute("#scatter .point >> nth=0", "aria-label") or "")
    page.click("#standings td button >> nth=0")
    assert page.locator(".behind s").count() > 0
    assert "last" in page.inner_text(".behind")
    page.click("text=Team page")
    assert page.locator(".strip circle").count() > 0
    assert page.locator(".void").count() > 0


def test_without_scripts_the_table_stands(open_page: OpenPage, site, board):
    page = open_page(site / "index.html", javascript=False)
    assert shown_without_scripts(page) == {
        team: place for team, (place, _) in expected(board, "rules", None, "").items()
    }
    assert page.locator(".tools").first.is_hidden()


def shown_without_scripts(page: Page) -> dict[str, str]:
    names = page.locator(f"{ROWS} th a").all_text_contents()
    return dict(zip(names, [place.rstrip("=") for place in column(page, 1)], strict=True))
