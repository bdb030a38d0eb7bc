"""Build the pages: templates filled with what the records say, beside the style and the scripts they use."""

import math
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flowleague.board.badge import FOLDER as BADGES
from flowleague.board.badge import MARK as BADGE_MARK
from flowleague.board.badge import badge, badge_path, snippet
from flowleague.board.card import NAME, card
from flowleague.board.entries import Strips, entry_page
from flowleague.board.figures import data_of, earlier_of
from flowleague.board.front import front
from flowleague.board.movement import movement
from flowleague.board.panel import open_page
from flowleague.board.running import running
from flowleague.board.samples import FOLDER, STRIP, file_name, is_picture, pictures_of, sample_grids
from flowleague.board.verdict import Verdicts, next_in_a_line
from flowleague.contest.exports import to_csv, to_json
from flowleague.contest.folder import open_contest
from flowleague.contest.history import History
from flowleague.contest.past import read_past
from flowleague.contest.standing import board_of
from flowleague.edition2025 import CLASS_2025, read_board
from flowleague.edition2025.past import COLUMNS, NOT_COMPARABLE, past_entries
from flowleague.errors import OutputError, printable
from flowleague.files import write_atomically
from flowleague.live import STYLE, script
from flowleague.pages import check_folder_is_ours, packaged, script_json, templates, write_page
from flowleague.ranking.rank import rank
from flowleague.text import number, ordinal, short

MARK = '<meta name="generator" content="FlowLeague">'
PAGES = ("", "entries/", "live/")
ASSETS = (
    "board.css",
    "entry.css",
    "icon.svg",
    "page.js",
    "compare.js",
    "whatif.js",
    "table.js",
    "opened.js",
    "mine.js",
    "scatter.js",
    "sorting.js",
)
PACKAGE = "flowleague.board"


def build(contest: Path, out: Path, address: str = "") -> list[Path]:
    """Write all pages of a contest into a folder and return their paths; pages of entries that are gone are removed.

    `address` is where the folder will be published: pictures for links and badges then have whole addresses. Raises
    `OutputError` when the folder holds anything else or cannot be written, and what `board_of` raises.
    """
    address = _address(address)
    check_folder_is_ours(out, "index.html", MARK, "flowleague board")
    opened = open_contest(contest)
    board = board_of(opened)
    history = History(opened, board.standing.round)
    moved, strips, pictures = movement(history), Strips.of_field(board), pictures_of(board)
    past = read_past(contest)
    first = [(row.place, drawn) for row in board.standings.ranked if (drawn := pictures[row.entry.id].get(STRIP))]
    site = templates(
        PACKAGE,
        "site",
        {
            "number": number,
            "short": short,
            "ordinal": ordinal,
            "moment": lambda moment: f"{opened.rules.time.local(moment):%a %-d %b, %H:%M}",
        },
        generator=Markup(MARK),
        contest=opened.rules.name,
        times=opened.rules.time,
        records=past.number,
        head_hash=past.hash if past.number else "",
        shared_picture=NAME if first else "",
        address=address,
        has_panel=bool(opened.rules.ranking.panel),
    )
    written = [write_page(out / file_name(id_, k), raw) for id_, drawn in pictures.items() for k, raw in drawn.items()]
    verdicts = Verdicts(board, history)
    earlier = earlier_of(board, history)
    if first:
        written.append(write_page(out / NAME, card(first)))
    alive = set()  # entries that run in a page; weights are held of one at a time
    steps = {}
    for row in board.standings.rows:
        live, name = running(board, row), f"{row.entry.id}.html"
        said, picture = verdicts.of(row), badge_path(board, row)
        steps[row.entry.id] = next_in_a_line(said)
        said |= {"badge": picture, "snippet": snippet(address, picture), "earlier": earlier["ids"]}
        written.append(write_page(out / picture, badge(opened.rules.name, row, len(board.standings.ranked))))
        page = site.get_template("entry.html").render(entry_page(board, row, said, strips, moved, pictures, live))
        written.append(write_page(out / "entries" / name, page))
        if live.piece:
            alive.add(row.entry.id)
            page = site.get_template("live.html").render(vars(live) | {"entry": row.entry})
            written.append(write_page(out / "live" / name, page))
    entered = bool(opened.state.live())
    others = _history_page() | {"samples.html": {"grids": sample_grids(board, pictures), "entered": entered}}
    others |= {"compare.html": {"entries": len(board.standings.rows) + len(earlier["ids"])}}
    others |= {"open.html": open_page(board)} if opened.rules.ranking.panel else {}
    for name, content in others.items():
        written.append(write_page(out / name, site.get_template(name).render(content)))
    written += [write_page(out / "standings.csv", to_csv(board)), write_page(out / "standings.json", to_json(board))]
    written.append(write_page(out / "text.js", packaged("flowleague", "text.js")))
    for name in ASSETS:
        written.append(write_page(out / name, packaged(PACKAGE, f"site/{name}")))
    figures = script_json(data_of(board, history, verdicts.ahead, steps, pictures, alive))
    written.append(write_page(out / "figures.js", f"const data = {figures};\n"))
    written.append(write_page(out / "earlier.js", f"const earlier = {script_json(earlier)};\n"))
    written += [write_page(out / "live.js", script(opened.rules.dataset)), write_page(out / "live.css", STYLE)]
    index = site.get_template("index.html").render(front(board, history, moved, pictures))
    write_atomically(out / "index.html", index.encode())  # last: it links to all the others
    _remove_old(out, written)
    return [out / "index.html", *written]


def _address(address: str) -> str:
    """The address of the board's folder with a slash at its end; raises `OutputError` for what is none."""
    if not address:
        return ""
    if not re.fullmatch(r"https?://[^\s()<>\"']+", address):
        raise OutputError(f"'{printable(address, 200)}' is no address of a board; write https://HOST/PATH/.")
    return address.rstrip("/") + "/"


def _history_page() -> dict[str, dict[str, Any]]:
    """The boards of 2025: the class, ranked again by its own scheme, and the open rows beside it."""
    boards = []
    for name in ("class", "open"):
        rows = {row.team: row for row in read_board(name)}
        ranked = rank(past_entries(list(rows.values()), name), COLUMNS, "columns", "share").rows
        boards.append((name, [(row.place, rows[row.entry.team]) for row in ranked]))
    return {"history.html": {"boards": boards, "columns": CLASS_2025, "why": NOT_COMPARABLE, "finite": math.isfinite}}


def _remove_old(out: Path, written: list[Path]) -> None:
    """Remove our pages and pictures of what is not on the board any more."""
    current = {out / "index.html", *written}
    for path in (path for pages in PAGES for path in out.glob(f"{pages}*.html")):
        if path not in current and MARK.encode() in path.read_bytes():
            path.unlink()
    for path in (out / BADGES).glob("*.svg"):
        if path not in current and BADGE_MARK.encode() in path.read_bytes():
            path.unlink()
    for path in (out / FOLDER).glob("*.png"):
        if path not in current and is_picture(path.name):
            path.unlink()
