"""Pictures of what was measured, beside the pages: samples, reconstructions, nearest training digits.

The evaluator drew them and recorded their hashes. What is not the recorded file, or no such picture, is not shown.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowleague.contest.events import Measurement
from flowleague.contest.standing import Board
from flowleague.files import read_regular
from flowleague.scorecard.pictures import MAX_BYTES, NAMES, PictureError, check_picture, first_row, size_of

FOLDER = "pictures"
STRIP = "strip"  # the first eight samples, cut from the picture of samples
Pictures = dict[str, dict[str, bytes]]  # by entry and name


def pictures_of(board: Board) -> Pictures:
    """The pictures of all entries on a board, as PNG files."""
    measured = board.contest.state.measured[board.standing.round - 1]
    ids = [row.entry.id for row in board.standings.rows]
    found = {id_: dict(_pictures(board.contest.folder, measured[id_])) for id_ in ids}
    for drawn in found.values():
        if "samples" in drawn:
            drawn[STRIP] = first_row(drawn["samples"])
    return found


def _pictures(contest: Path, measured: Measurement) -> Iterator[tuple[str, bytes]]:
    for path, digest in measured.files.items():
        name = path.rpartition("/")[2].rpartition("-")[0]
        if name not in NAMES:
            continue
        try:
            raw = read_regular(contest / path, MAX_BYTES)
            check_picture(name, raw)
        except (OSError, PictureError):
            continue  # `flowleague contest verify` says what is wrong with it
        if hashlib.sha256(raw).hexdigest() == digest:
            yield name, raw


def file_name(id_: str, name: str) -> str:
    """Where in the site a picture is."""
    return f"{FOLDER}/{id_}-{name}.png"


def is_picture(name: str) -> bool:
    """Whether a file has the name of a picture of ours."""
    return re.fullmatch(rf"[0-9a-f]+-({'|'.join((*NAMES, STRIP))})\.png", name) is not None


def picture(pictures: Pictures, id_: str, name: str) -> dict[str, Any] | None:
    """A picture for a template: its place in the site and its size; None when there is none."""
    if name not in pictures.get(id_, {}):
        return None
    width, height = size_of(name)
    return {"src": file_name(id_, name), "width": width, "height": height}


def why_missing(problem: str, source: str) -> str:
    """Why an entry has no pictures, in a sentence."""
    if source != "here":
        return "It was measured elsewhere, and only its scorecard was sent in."
    if problem:
        return "What was wrong with the entry is said on this page, with its findings."
    return "They were altered, or it was measured by a version of FlowLeague that drew none."


def sample_grids(board: Board, pictures: Pictures) -> list[dict[str, Any]]:
    """The samples of all teams, in the order of the standings."""
    return [
        {
            "id": row.entry.id,
            "team": row.entry.team,
            "place": f"({row.place})" if not row.entry.ranks else row.place,
            "samples": picture(pictures, row.entry.id, "samples"),
        }
        for row in board.standings.rows
    ]
