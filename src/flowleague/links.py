"""Links to one file of Google Drive: the id that they name, and the two forms that are made of it. Nothing is fetched.

Entries run without this package: the stub of gdown in the sandbox and a packed submission read links with a few lines
of their own. `tests/test_links.py` holds them to this reader.
"""

import re
from urllib.parse import parse_qs, urlsplit

from flowleague.errors import FlowLeagueError

HOSTS = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")
_ID = r"([A-Za-z0-9_-]+)"


class LinkError(FlowLeagueError):
    """A link names no file of Google Drive; the text says why, without the link: "leads to a folder"."""


def drive_id(link: str) -> str:
    """The id of the file that a link names; raises `LinkError`.

    >>> drive_id("https://drive.google.com/file/d/1a-B_c/view?usp=sharing")
    '1a-B_c'
    >>> drive_id("https://drive.google.com/open?id=1a-B_c")
    '1a-B_c'
    """
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # half an address in brackets
        raise LinkError("is no link") from None
    if parts.scheme != "https":
        raise LinkError("does not begin with https://")
    if parts.hostname not in HOSTS:
        raise LinkError("does not lead to drive.google.com")
    if "/folders/" in parts.path:
        raise LinkError("leads to a folder of Google Drive")
    found = re.search(rf"/d/{_ID}(?:/|\Z)", parts.path) or re.fullmatch(_ID, parse_qs(parts.query).get("id", [""])[0])
    if not found:
        raise LinkError("does not name a file of Google Drive")
    return found[1]


def share_link(id_: str) -> str:
    """The link that people open, as Share, Copy link gives it."""
    return f"https://drive.google.com/file/d/{id_}/view?usp=sharing"


def download_link(id_: str) -> str:
    """The link that leads to the file's bytes, or to Drive's question whether to download a large file."""
    return f"https://drive.google.com/uc?export=download&id={id_}"
