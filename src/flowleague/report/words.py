"""The author's own words: a file beside the report that the command makes once and never writes again.

`words.md` is Markdown. What stands under a heading that is a section's title goes to the end of that section; what
stands under any other heading, or under none, becomes a section of its own at the end. Comments do not show.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from flowleague.errors import FlowLeagueError
from flowleague.files import read_regular, write_atomically
from flowleague.text import number

FILE = "words.md"
_LIMIT = 1_000_000  # bytes
LOOSE = "Notes"  # title of what stands under no heading
_OFFERED = ("In short", "Performance in the six categories", "The latent space", "Trade-offs")
_HEADING = re.compile(r"^##(?!#)\s*(.*?)\s*#*\s*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class WordsError(FlowLeagueError):
    """The author's file cannot be read."""


def offer(folder: Path) -> Path:
    """Make an empty file for the author's words if there is none, and return its path."""
    path = folder / FILE
    if not path.exists() and not path.is_symlink():
        write_atomically(path, blank().encode())
    return path


def blank() -> str:
    """A file with headings and no words."""
    guide = (
        "<!-- Your own words. What you write under a heading goes to that section of the report (headings that are no\n"
        "section make a new one) when you run `flowleague report` again; the command never writes this file again. -->"
    )
    return "\n\n".join([guide, *(f"## {title}" for title in _OFFERED)]) + "\n"


def read(folder: Path) -> dict[str, str]:
    """The author's Markdown by heading, without empty ones; raises `WordsError`."""
    path = folder / FILE
    try:
        raw = read_regular(path, _LIMIT)
        if len(raw) > _LIMIT:
            raise WordsError(f"{path} is larger than {number(_LIMIT)} bytes; shorten it.")
        return split(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise WordsError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except OSError as error:
        raise WordsError(f"{path} cannot be read ({error.strerror}); make it a plain file.") from error


def split(text: str) -> dict[str, str]:
    """Markdown by its second-level headings; text before the first has the title LOOSE, equal headings are joined."""
    text = _COMMENT.sub("", text).replace("\r\n", "\n")
    loose, *rest = _HEADING.split(text)
    found: dict[str, str] = {}
    for title, body in [(LOOSE, loose), *zip(rest[::2], rest[1::2], strict=True)]:
        if body.strip():
            found[title or LOOSE] = "\n\n".join(filter(None, [found.get(title or LOOSE), body.strip()]))
    return found


def others(found: Mapping[str, str], titles: Iterable[str]) -> dict[str, str]:
    """The author's headings that are no section's title."""
    known = set(titles)
    return {title: body for title, body in found.items() if title not in known}
