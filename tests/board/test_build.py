import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.board.conftest import PANEL
from tests.board.contests import NAMES, STRANGE, write_contest
from tests.board.pages import Page

from flowleague.board.build import build
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import board_of, open_entries, panel_of
from flowleague.errors import OutputError
from flowleague.pages import script_json
from flowleague.ranking.panel import rank_against

LINKS = {"a": "href", "link": "href", "script": "src", "img": "src"}


def test_every_entry_has_a_row_and_a_page_and_every_link_leads_somewhere(site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    index = Page(site / "index.html")
    rows = [a["id"] for a in index.all("tr") if (a.get("id") or "").startswith("e")]
    assert len(rows) == len(NAMES) + len(STRANGE) + 1
    assert {f"entries/{row[1:]}.html" for row in rows if row} == {p for p in pages if p.startswith("entries/")}
    for path in site.rglob("*.html"):
        for tag, attributes in Page(path).elements:
            target = (attributes.get(LINKS.get(tag, "")) or "").partition("#")[0]
            assert not target or (path.parent / target).resolve().is_file(), target


def test_names_are_shown_as_text(site):
    index = Page(site / "index.html")
    for name in STRANGE:
        assert name in index.text
    for path in site.rglob("*.html"):
        page = Page(path)
        assert {tag for tag, _ in page.elements}.isdisjoint({"i", "iframe"})
        ours = re.compile(r"(\.\./)?(pictures/[0-9a-f]+-[a-z]+\.png|badges/[a-z0-9-]+\.svg)")
        assert all(ours.fullmatch(a["src"] or "") for a in page.all("img"))
        assert all(not key.startswith("on") and key != "style" for _, a in page.elements for key in a)
        assert all(a.get("src") or a.get("type") == "application/json" for a in page.all("script"))
        assert "49" not in re.findall(r"مرحبا (\S+)", page.text)


def test_a_script_cannot_be_left_from_inside_its_json():
    text = script_json({"team": "</script><!--<script>", "line": "\u2028 & שלום"})
    assert "<" not in text
    assert json.loads(text) == {"team": "</script><!--<script>", "line": "\u2028 & שלום"}


def test_every_page_has_a_strict_policy_and_loads_nothing_from_elsewhere(site):
    for path in site.rglob("*.html"):
        page = Page(path)
        (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        assert policy
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "*" not in policy
        assert not re.search(r'(?:href|src)="(?:https?:)?//', path.read_text(encoding="utf-8"))


def test_the_table_is_a_table_that_says_how_it_sorts(site):
    index = Page(site / "index.html")
    assert all(a.get("scope") for a in index.all("th"))
    labels = {a["for"] for a in index.all("label") if "for" in a}
    fields = [a for tag in ("input", "select") for a in index.all(tag) if a.get("type") != "checkbox"]
    assert {a["id"] for a in fields if not a.get("aria-label")} <= labels
    ids = [a["id"] for _, a in index.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_what_is_missing_is_said_in_its_place(site, contest):
    board = board_of(open_contest(contest))
    pages = {row.entry.team: Page(site / "entries" / f"{row.entry.id}.html").text for row in board.standings.rows}
    assert "Its <weights> are not there." in pages["Brody"]
    assert "not measured: broken" in pages["Overfit Club"]
    assert "It broke <b>here</b>." in pages["Overfit Club"]
    assert "baseline, not ranked" in pages["Reference"]


def test_pictures_stand_on_the_pages_and_a_note_where_there_are_none(site, contest):
    board = board_of(open_contest(contest))
    ids = {row.entry.team: row.entry.id for row in board.standings.rows}
    without = {ids["Brody"], ids["Team Sigma"]}
    for team, id_ in ids.items():
        page = Page(site / "entries" / f"{id_}.html")
        assert len(page.all("img")) == 1 + (0 if id_ in without else 3), team  # the badge, and three of what it makes
        assert page.text.count("No picture.") == (3 if id_ in without else 0)
    grids = Page(site / "samples.html")
    assert len(grids.all("img")) == len(ids) - len(without)
    assert grids.text.count("no samples") == len(without)
    assert all(image["alt"] and image["loading"] == "lazy" for image in grids.all("img"))
    shown = figures(site)["samples"]
    assert sum(shown) == len(ids) - len(without)
    assert len(Page(site / "index.html").all("img")) == len(ids) - len(without)


def figures(site):
    """What the scripts of a site compute with."""
    text = (site / "figures.js").read_text(encoding="utf-8")
    assert "<" not in text
    return json.loads(text.removeprefix("const data = ").removesuffix(";\n"))


def test_only_the_recorded_picture_is_shown(contest, tmp_path):
    copy = shutil.copytree(contest, tmp_path / "contest")
    ids = [row.entry.id for row in board_of(open_contest(copy)).standings.rows[:3]]
    one, two, three = (next(copy.glob(f"entries/*/{id_}/samples-1.png")) for id_ in ids)
    one.write_bytes(two.with_name("nearest-1.png").read_bytes())
    two.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    three.unlink()
    before = len(list((contest.parent / "site/pictures").glob("*-samples.png")))
    build(copy, tmp_path / "site")
    assert len(list((tmp_path / "site/pictures").glob("*-samples.png"))) == before - 3


def test_the_open_board_ranks_every_entry_against_the_panel(site, contest):
    page = Page(site / "open.html")
    opened = open_contest(contest)
    rows = rank_against(panel_of(opened), open_entries(opened), opened.rules.categories, opened.rules.ranking.scheme)
    scores = [float(a["data-v"] or "") for a in page.all("td") if a.get("data-v")]
    assert scores[:: 3 + len(opened.rules.categories)] == [row.place for row in rows]
    assert scores[1 :: 3 + len(opened.rules.categories)] == [row.score for row in rows]
    assert all(name in page.text for name in PANEL)
    assert 'href="open.html"' in (site / "index.html").read_text()


def test_an_empty_contest_has_a_board(tmp_path):
    build(write_contest(tmp_path / "contest", (), baseline=""), tmp_path / "site")
    text = Page(tmp_path / "site/index.html").text
    assert "No entry has come, so nobody is ranked." in text  # true before and after the closing
    assert " yet" not in text.replace("not known yet", "")
    assert "not known yet" in text
    assert "exact" not in text
    for name, said in (("samples", "so there are no samples."), ("compare", "There are not two entries to compare.")):
        assert said in Page(tmp_path / f"site/{name}.html").text


def test_a_page_of_an_entry_that_is_gone_is_removed_and_a_foreign_one_stays(contest, tmp_path):
    build(contest, tmp_path / "site")
    old, foreign = tmp_path / "site/entries/old.html", tmp_path / "site/entries/mine.html"
    old.write_text((tmp_path / "site/index.html").read_text())
    picture, other = tmp_path / "site/pictures/0a1b-samples.png", tmp_path / "site/pictures/mine.png"
    for path in (picture, other):
        path.write_bytes(b"x")
    foreign.write_text("<p>mine")
    build(contest, tmp_path / "site")
    assert not old.exists()
    assert not picture.exists()
    assert other.exists()
    assert foreign.exists()


def test_another_site_is_not_overwritten(contest, tmp_path):
    (tmp_path / "index.html").write_text("<p>mine")
    with pytest.raises(OutputError, match="choose another folder"):
        build(contest, tmp_path)
    assert (tmp_path / "index.html").read_text() == "<p>mine"


def test_a_folder_with_other_things_is_left_alone(contest, tmp_path):
    (tmp_path / ".git").mkdir()  # of a repository that publishes it: no reason to refuse
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"holds other things, such as thesis\.tex; choose a new or an empty folder"):
        build(contest, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".git", "thesis.tex"}
    (tmp_path / "thesis.tex").unlink()
    build(contest, tmp_path)
    (tmp_path / "thesis.tex").write_text("mine")
    build(contest, tmp_path)  # a site of ours may be built again, whatever else came beside it
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_the_command_says_where_the_board_is_and_takes_no_torch(contest, tmp_path):
    code = "import sys; from flowleague.cli import main\ntry: main()\nfinally: assert 'torch' not in sys.modules"
    words = [sys.executable, "-c", code, "board", str(contest), "-o", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout == f"The board of {len(NAMES) + len(STRANGE) + 1} entries is {tmp_path / 'index.html'}.\n"
    assert done.returncode == 0, done.stderr


def test_a_link_to_a_page_is_described_and_has_a_picture(site):
    for path in site.rglob("*.html"):
        said = {a.get("property") or a.get("name"): a.get("content") or "" for a in Page(path).all("meta")}
        assert said["description"] == said["og:description"] != ""
        assert said["og:title"]
        assert (path.parent / said["og:image"]).resolve().read_bytes().startswith(b"\x89PNG")
        (icon,) = [a["href"] for a in Page(path).all("link") if a.get("rel") == "icon"]
        assert (path.parent / (icon or "")).resolve().is_file()


def test_every_team_has_a_badge_whose_address_stays(contest, site):
    state = open_contest(contest).state
    team = next(team for team in state.teams.values() if team.name == "The Latents")
    folder = Path(state.of_team(team.name)[-1].folder).parts[1]
    picture = ElementTree.fromstring((site / "badges" / f"{folder}.svg").read_text())
    (title,) = (node.text for node in picture if node.tag.endswith("title"))
    assert re.fullmatch(r"Class 2026 <i>test</i>: \d+\w\w of \d+", title or "")
    assert len(list((site / "badges").iterdir())) == len(list((site / "entries").iterdir()))


def test_the_address_of_a_board_makes_pictures_and_badges_whole(contest, tmp_path):
    build(contest, tmp_path / "site", "https://example.org/board")
    front = (tmp_path / "site" / "index.html").read_text()
    assert 'property="og:image" content="https://example.org/board/card.png"' in front
    page = next((tmp_path / "site" / "entries").iterdir()).read_text()
    assert "[![FlowLeague](https://example.org/board/badges/" in page
    with pytest.raises(OutputError, match="no address"):
        build(contest, tmp_path / "site", "javascript:alert(1)")
