"""Weights from the three places that contests use: Google Drive, Hugging Face, GitHub releases.

Only https, only these hosts and those that they redirect to, and never more bytes than allowed. Files are kept in the
user's cache by their SHA-256, with a note for each link that says which file it led to.
"""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from requests import Response, Session

from flowleague.errors import EntryError, NetworkError
from flowleague.files import cache_folder, write_atomically
from flowleague.links import HOSTS, LinkError, download_link, drive_id
from flowleague.web import Patience, UnreachableError, new_session, read, send

_STARTS = (*HOSTS, "huggingface.co", "github.com")
_LEADS_TO = (*_STARTS, "release-assets.githubusercontent.com", "objects.githubusercontent.com")
_ENDINGS = (".huggingface.co", ".hf.co", ".googleusercontent.com")  # storage behind Hugging Face and Drive
_REDIRECTS, _PAGES = 8, 2
_SECONDS = 300.0  # for one file
_TIMEOUT = 20.0  # seconds to connect, and between bytes
_PATIENCE = Patience(2)  # a class's entries are many, and the network may be gone for all of them
_PAGE = 2**20  # bytes of a web page that are read
_HINT = "Share the file with everyone who has the link, or hand the weights in with the entry (--weights FOLDER)."


def fetch_weights(link: str, most: int, session: Session | None = None) -> Path:
    """The file a link leads to, at most `most` bytes, from the cache or the network.

    Raises `EntryError` when the link is at fault, `NetworkError` when the network is.
    """
    address = direct(link)
    note = cache_folder("weights") / "links" / f"{hashlib.sha256(address.encode()).hexdigest()}.json"
    try:
        kept = cache_folder("weights") / "files" / json.loads(note.read_text())["sha256"]
        if kept.stat().st_size <= most and hashlib.sha256(kept.read_bytes()).hexdigest() == kept.name:
            return kept
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there yet, or damaged: fetch it again
    content = fetch(address, most, session)
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(cache_folder("weights") / "files" / digest, content)
    write_atomically(note, json.dumps({"link": link, "sha256": digest}).encode())
    return cache_folder("weights") / "files" / digest


def refused(link: str, why: str, hint: str = _HINT) -> EntryError:
    """The error for a link that leads to no usable file."""
    return EntryError("weights_unavailable", f"The weights at {link[:200]} cannot be downloaded: {why}.", hint)


def failed(address: str, why: str) -> NetworkError:
    """The error for a network that fails: it is not the entry's fault, so the entry is measured later."""
    return NetworkError(f"The weights at {address} cannot be downloaded ({why}); try again later, or give --weights.")


def direct(link: str) -> str:
    """The address of the file itself for a link as people share it; raises `EntryError` for other links."""
    link = re.sub(r"^http://", "https://", link.strip())
    try:
        parts = urlsplit(link)
    except ValueError:  # half an address in brackets
        raise refused(link, "it is no link", "Check the link.") from None
    host, path = parts.hostname, parts.path
    if parts.scheme != "https" or host not in _STARTS or "@" in parts.netloc:
        hint = f"Weights are fetched from {', '.join(_STARTS)}; or hand them in with the entry (--weights FOLDER)."
        raise refused(link, "this host is not allowed", hint)
    if host in HOSTS:
        try:
            return download_link(drive_id(link))
        except LinkError as error:
            hint = "Give the link of the weight file itself, from Share, Copy link."
            raise refused(link, f"it {error}", hint) from error
    if host == "huggingface.co":
        path = re.sub(r"^(/[^/]+/[^/]+)/blob/", r"\1/resolve/", path)
        if not re.match(r"^(/(datasets|spaces))?/[^/]+/[^/]+/resolve/", path):
            raise refused(link, "it does not name one file of a repository", "Use the link of the file's download.")
    elif not re.match(r"^/[^/]+/[^/]+/releases/(download|latest/download)/", path):
        raise refused(link, "of GitHub only files of releases are fetched", "Attach the file to a release.")
    return f"https://{host}{path}"


def fetch(address: str, most: int, session: Session | None = None) -> bytes:
    """The bytes of a file, through redirects and Drive's question about large files; raises as above."""
    session = session or new_session()
    goal = address
    try:
        for _ in range(_PAGES):
            response = _follow(session, goal, address)
            if "text/html" not in response.headers.get("content-type", ""):
                return _content(response, most, address)
            goal = _confirmed(read(response, _PAGE).decode(errors="replace"), response.url, address)
    except UnreachableError as error:
        raise failed(address, error.why) from error
    raise refused(address, "Google Drive keeps asking instead of sending the file")


def _follow(session: Session, goal: str, address: str) -> Response:
    for _ in range(_REDIRECTS):
        parts = urlsplit(goal)
        host = parts.hostname or ""
        if host == "accounts.google.com":
            raise refused(address, "Google Drive asks to sign in, so the file is not shared")
        if parts.scheme != "https" or not (host in _LEADS_TO or host.endswith(_ENDINGS)):
            raise refused(address, f"it redirects to {host[:100]}, which is not allowed")
        response = send(session, "GET", goal, stream=True, timeout=_TIMEOUT, patience=_PATIENCE)
        if not response.is_redirect:
            break
        response.close()
        goal = urljoin(goal, response.headers["location"])
    else:
        raise refused(address, "it redirects without end")
    if response.status_code in (401, 403):
        raise refused(address, "access is refused, so the file is not shared")
    if response.status_code in (404, 410):
        raise refused(address, "there is no such file", "Check the link.")
    if response.status_code != 200:
        raise failed(address, f"the answer was {response.status_code}")
    return response


def _content(response: Response, most: int, address: str) -> bytes:
    content = read(response, most, _SECONDS)
    if len(content) > most:
        raise refused(address, f"the file is larger than {most // 2**20} MiB", "Save the weights alone, as float32.")
    return content


def _confirmed(page: str, url: str, address: str) -> str:
    """The address behind Drive's page "cannot scan this file for viruses"; raises `EntryError` for other pages."""
    form = _Form()
    form.feed(page)
    if form.action and "confirm" in form.fields:
        return f"{urljoin(url, form.action)}?{urlencode(form.fields)}"
    if re.search(r"quota exceeded|too many users", page, re.IGNORECASE):
        raise refused(
            address, "Google Drive refuses it for now, because too many have fetched it", "Try again tomorrow."
        )
    if re.search(r"you need access|sign in|request access", page, re.IGNORECASE):
        raise refused(address, "Google Drive asks for access, so the file is not shared")
    raise refused(address, "a web page came instead of a file", "Check that the link leads to the file itself.")


class _Form(HTMLParser):
    """The form with which Drive asks whether to download; its action and hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields = "", {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the form's address and what it would send."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given.get("name", "")] = given.get("value", "")
