"""Which entries run in a page of their own: bundles and captured entries whose file is there; of the others, why not.

A file is read from the contest's folder as a stranger's: never more of it than a page could use, only when it is the
one that was recorded, and with every check of `flowleague.live`. No torch, and no code of an entry.
"""

import hashlib
import io
from dataclasses import dataclass

from markupsafe import Markup

from flowleague.bundle.files import parse_zip
from flowleague.bundle.read import parse_bundle
from flowleague.contest.standing import Board
from flowleague.errors import BundleError, LiveError
from flowleague.files import read_regular
from flowleague.live import live_piece, parameters
from flowleague.program.container import holds_programs, unpacked
from flowleague.program.values import ProgramError
from flowleague.ranking.rank import Row

LARGEST = 32 * 2**20  # bytes of an entry that are read: a log and twice the weights that a page runs


@dataclass(frozen=True)
class Running:
    """The live generator of an entry, its parameters, and whether noise is seen to flow; or why there is none."""

    piece: Markup | None = None
    parameters: int = 0
    flows: bool = False
    why: str = ""


def running(board: Board, row: Row) -> Running:
    """The live generator of an entry, or why there is none."""
    entry = board.contest.state.submissions[row.entry.id]
    if not row.entry.metrics:
        return Running(why="It could not be measured.")
    if not entry.file.endswith(".zip"):
        return Running(
            why="It is code, which runs only in the evaluator’s sandbox. A bundle or a captured entry would run here."
        )
    try:
        raw = read_regular(board.contest.folder / entry.folder / entry.file, LARGEST)
    except OSError as error:
        return Running(why=f"Its file cannot be read from the contest’s folder: {error.strerror}.")
    if len(raw) > LARGEST:
        return Running(why=f"Its file is larger than {LARGEST // 2**20} MiB, too large for a page.")
    if hashlib.sha256(raw).hexdigest() != entry.sha256:
        return Running(why="Its file is not the one that was sent in.")
    try:
        captured = holds_programs(io.BytesIO(raw))
        content = unpacked(raw) if captured else parse_bundle(parse_zip(raw, entry.file), entry.file)
        return Running(live_piece(content), parameters(content), flows=not captured)
    except (BundleError, LiveError, ProgramError) as error:
        return Running(why=str(error))
