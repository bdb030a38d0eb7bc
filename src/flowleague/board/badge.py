"""A team's badge: its place as a small picture for a README, whose address stays when the team sends a new entry."""

from pathlib import Path

from markupsafe import escape

from flowleague.contest.standing import Board
from flowleague.ranking.rank import Row
from flowleague.text import ordinal

FOLDER = "badges"
MARK = "<!-- FlowLeague -->"
_LETTER, _MARGIN, _LONGEST = 6.6, 8, 40  # pixels of a letter at 11 px, wide fonts included; characters of a name


def badge_path(board: Board, row: Row) -> str:
    """Where a team's badge lies, below the board's folder: by the team, not by its entry."""
    team = Path(board.contest.state.submissions[row.entry.id].folder).parts[1]
    return f"{FOLDER}/{team}.svg"


def badge(contest: str, row: Row, teams: int) -> str:
    """The picture: the contest's name, and the place of so many teams."""
    name = contest if len(contest) <= _LONGEST else f"{contest[: _LONGEST - 1]}…"
    place = f"{ordinal(row.place)} of {teams:,}" if row.entry.ranks else "not ranked"
    left, right = (round(len(text) * _LETTER) + 2 * _MARGIN for text in (name, place))
    width = left + right
    texts = _text(name, left / 2, left) + _text(place, left + right / 2, right)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img">{MARK}'
        f"<title>{escape(name)}: {escape(place)}</title>"
        f'<rect width="{width}" height="20" rx="3" fill="#3d4348"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{right - 3}z" fill="#155e63"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f"{texts}</g></svg>\n"
    )


def _text(text: str, middle: float, width: int) -> str:
    """A text that fills its half, in whatever font there is."""
    long = width - 2 * _MARGIN
    return f'<text x="{middle:g}" y="14" textLength="{long}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'


def snippet(address: str, picture: str) -> str:
    """Markdown that shows a badge and leads to the standings; relative where the board's address is not known."""
    return f"[![FlowLeague]({address}{picture})]({address}index.html)"
