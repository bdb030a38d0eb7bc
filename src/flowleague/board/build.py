"""Build the pages: templates filled with what the records say, beside the style and the scripts they use."""

import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flowleague import errors
from flowleague.board.entries import Strips, entry_page
from flowleague.board.figures import short
from flowleague.board.front import front
from flowleague.board.movement import movement
from flowleague.board.openboard import open_page
from flowleague.board.running import running
from flowleague.board.samples import FOLDER, file_name, is_picture, wall_page, walls_of
from flowleague.contest.exports import board_of, to_csv, to_json
from flowleague.contest.folder import open_contest
from flowleague.contest.records import read_records
from flowleague.edition2025 import CLASS_2025, read_board
from flowleague.edition2025.past import COLUMNS, NOT_COMPARABLE, past_entries
from flowleague.files import cannot_write, write_atomically
from flowleague.live import SCRIPT, STYLE
from flowleague.ranking.rank import rank
from flowleague.text import number

MARK = '<meta name="generator" content="FlowLeague">'
PAGES = ("", "entries/", "live/")
ASSETS = ("board.css", "whatif.js", "table.js", "scatter.js", "sorting.js")
UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}  # what could end a script, inside of it


class SiteError(errors.FlowLeagueError):
    """The pages cannot be written where they should be."""


def build(contest: Path, out: Path) -> list[Path]:
    """Write all pages of a contest into a folder and return their paths; pages of entries that are gone are removed.

    Raises `SiteError` when the folder holds another site, `OutputError` when it cannot be written, and what
    `board_of` raises.
    """
    check_is_ours(out)
    opened = open_contest(contest)
    board = board_of(opened)
    moved, strips, walls = movement(opened, board.standing.round), Strips.of_field(board), walls_of(board)
    records = read_records(contest)
    templates = environment(
        contest=opened.rules.name,
        times=opened.rules.time,
        records=len(records),
        head=records[-1].hash if records else "",
        has_panel=bool(opened.rules.panel),
    )
    written = [write(out / file_name(id_, name), raw) for id_, drawn in walls.items() for name, raw in drawn.items()]
    alive = set()  # entries that run in a page; weights are held of one at a time
    for row in board.standings.rows:
        live, name = running(board, row), f"{row.entry.id}.html"
        page = templates.get_template("entry.html").render(entry_page(board, row, strips, moved, walls, live))
        written.append(write(out / "entries" / name, page))
        if live.piece:
            alive.add(row.entry.id)
            page = templates.get_template("live.html").render(vars(live) | {"entry": row.entry})
            written.append(write(out / "live" / name, page))
    others = history_page() | {"samples.html": {"walls": wall_page(board, walls)}}
    others |= {"open.html": open_page(board)} if opened.rules.panel else {}
    for name, content in others.items():
        written.append(write(out / name, templates.get_template(name).render(content)))
    written += [write(out / "standings.csv", to_csv(board)), write(out / "standings.json", to_json(board))]
    for name in ASSETS:
        written.append(write(out / name, source(name)))
    written += [write(out / "live.js", SCRIPT), write(out / "live.css", STYLE)]
    index = templates.get_template("index.html").render(front(board, moved, walls, alive))
    write_atomically(out / "index.html", index.encode())  # last: it links to all the others
    remove_old(out, written)
    return [out / "index.html", *written]


def environment(**shared: Any) -> Environment:
    """Templates that escape everything, and complain about a name that does not exist."""
    loader = PackageLoader("flowleague.board", "site")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {"json": script_json, "number": number, "short": short}
    templates.globals |= {"generator": Markup(MARK), **shared}
    return templates


def script_json(value: Any) -> Markup:
    """JSON that is safe inside a script element, as small as it gets."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(UNSAFE))


def source(name: str) -> str:
    """A file of the site as it is in the package."""
    return resources.files("flowleague.board").joinpath("site", name).read_text(encoding="utf-8")


def history_page() -> dict[str, dict[str, Any]]:
    """The boards of 2025: the class, ranked again by its own scheme, and the open rows beside it."""
    boards = []
    for name in ("class", "open"):
        rows = {row.team: row for row in read_board(name)}
        ranked = rank(past_entries(list(rows.values()), name), COLUMNS, "columns", "share").rows
        boards.append((name, [(row.place, rows[row.entry.team]) for row in ranked]))
    return {"history.html": {"boards": boards, "columns": CLASS_2025, "why": NOT_COMPARABLE, "finite": math.isfinite}}


def check_is_ours(out: Path) -> None:
    """Raises `SiteError` when there is another site in the folder."""
    index = out / "index.html"
    try:
        foreign = index.exists() and MARK not in index.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise cannot_write(index, error) from error
    if foreign:
        raise SiteError(f"{index} is no page of a board; choose another folder with -o.")


def write(path: Path, content: str | bytes) -> Path:
    """Write a file. It can be built again, so it need not be on the disk before the next one is begun."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def remove_old(out: Path, written: list[Path]) -> None:
    """Remove our pages and pictures of what is not on the board any more."""
    current = {out / "index.html", *written}
    for path in (path for pages in PAGES for path in out.glob(f"{pages}*.html")):
        if path not in current and MARK.encode() in path.read_bytes():
            path.unlink()
    for path in (out / FOLDER).glob("*.png"):
        if path not in current and is_picture(path.name):
            path.unlink()
