"""Share links of Google Drive, checked for their form. Nothing is fetched."""

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from flowleague.errors import PackError, printable

FILE = re.compile(r"/file/(?:u/\d+/)?d/([A-Za-z0-9_-]{20,})(?:/.*)?")  # the path of a link from Share, Copy link
_OLDER = re.compile(r"([A-Za-z0-9_-]{20,})")  # the id in links such as open?id=... and uc?id=...


def drive_link(link: str, what: str) -> str:
    """The link to one file of Google Drive in its usual form; raises `PackError`, where `what` names the link."""
    parts, shown = _split(link), printable(link)
    if parts is None:
        raise _refused(what, f"'{shown}' is no link")
    if parts.scheme != "https":
        raise _refused(what, f"'{shown}' does not begin with https://")
    if parts.hostname != "drive.google.com":
        raise _refused(what, f"'{shown}' does not lead to drive.google.com")
    if "/folders/" in parts.path:
        raise _refused(what, f"'{shown}' leads to a folder")
    found = FILE.fullmatch(parts.path) or _OLDER.fullmatch(parse_qs(parts.query).get("id", [""])[0])
    if not found:
        raise _refused(what, f"'{shown}' does not name a file")
    return f"https://drive.google.com/file/d/{found[1]}/view?usp=sharing"


def _split(link: str) -> SplitResult | None:
    try:
        return urlsplit(link.strip())
    except ValueError:  # half an address in brackets
        return None


def _refused(what: str, why: str) -> PackError:
    return PackError(
        f"{what}: {why}; in Google Drive choose Share, Copy link on the weight file itself, and give its link."
    )
