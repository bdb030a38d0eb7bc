"""Links of the three hosts, against a server on this machine that speaks as they do."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from flowleague.entrant import download
from flowleague.entrant.download import direct, fetch, fetch_weights
from flowleague.errors import EntryError, NetworkError

CONTENT = b"weights" * 1000
WARNING = """<html><body><p>Google Drive can't scan this file for viruses.</p>
<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="{id}">
<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="1-2"></form></body></html>"""
QUOTA = (
    "<html><head><title>Google Drive - Quota exceeded</title></head><body>Too many users have viewed it.</body></html>"
)


PAGES = {"1Quota": QUOTA, "1Page": "<html><body>Welcome</body></html>"}
REDIRECTS = {"1Private": "https://accounts.google.com/ServiceLogin?continue=x", "1Elsewhere": "http://127.0.0.1:9/"}
REDIRECTS |= {"1Loop": "https://drive.google.com/uc?export=download&id=1Loop"}
STORES = {
    "drive.google.com": "https://drive.usercontent.google.com/download?confirm=t&id=",
    "github.com": "https://release-assets.githubusercontent.com/file?id=",
    "huggingface.co": "https://cdn-lfs.hf.co/file?id=",
}


ANSWERED: list[str] = []


class Hosts(BaseHTTPRequestHandler):
    """Drive, Hugging Face and GitHub; the host that was meant stands first in the path."""

    def do_GET(self):
        parts = urlsplit(self.path)
        host, _, path = parts.path[1:].partition("/")
        asked = parse_qs(parts.query)
        name = asked.get("id", [path.rpartition("/")[2]])[0]
        if name == "1Missing":
            self.send_error(404)
        elif name in PAGES:
            self.page(PAGES[name])
        elif host == "drive.google.com" and name == "1Large":
            self.page(WARNING.format(id=name))
        elif host in STORES:
            self.redirect(REDIRECTS.get(name, STORES[host] + name))
        elif name == "1Large" and asked.get("uuid") != ["1-2"]:
            self.send_error(400)
        else:
            self.answer(CONTENT, "application/octet-stream")

    def page(self, text):
        self.answer(text.encode(), "text/html; charset=utf-8")

    def redirect(self, goal):
        self.send_response(302)
        self.send_header("Location", goal)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, content, kind):
        ANSWERED.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *args):  # noqa: A002
        pass


class ToServer(HTTPAdapter):
    """Sends whatever is asked of any host to the server here."""

    def __init__(self, port):
        super().__init__()
        self.port = port

    def send(self, request, *rest, **options):
        assert request.url
        asked, parts = request.url, urlsplit(request.url)
        request.url = f"http://127.0.0.1:{self.port}/{parts.hostname}{parts.path}?{parts.query}"
        response = super().send(request, *rest, **options)
        response.url = asked
        return response


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hosts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def session(server):
    with requests.Session() as session:
        session.mount("https://", ToServer(server.server_address[1]))
        yield session


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (
            "https://drive.google.com/file/d/1a-B_c/view?usp=sharing",
            "https://drive.google.com/uc?export=download&id=1a-B_c",
        ),
        (
            "https://drive.usercontent.google.com/download?id=1abc&confirm=t",
            "https://drive.google.com/uc?export=download&id=1abc",
        ),
        ("http://docs.google.com/uc?id=1abc", "https://drive.google.com/uc?export=download&id=1abc"),
        ("https://drive.google.com/uc?id=1abc", "https://drive.google.com/uc?export=download&id=1abc"),
        ("https://drive.google.com/open?id=1abc&usp=drive_copy", "https://drive.google.com/uc?export=download&id=1abc"),
        ("https://huggingface.co/a/b/blob/main/x.safetensors", "https://huggingface.co/a/b/resolve/main/x.safetensors"),
        ("https://github.com/a/b/releases/download/v1/x.bin", "https://github.com/a/b/releases/download/v1/x.bin"),
    ],
)
def test_links_as_people_share_them(link, address):
    assert direct(link) == address


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.org/x",
        "https://drive.google.com.evil.example.org/uc?id=1",
        "https://drive.google.com@evil.example.org/uc?id=1",
        "http://localhost/uc?id=1",
        "file:///etc/passwd",
        "https://drive.google.com/drive/folders/",
        "https://drive.google.com/uc?id=../../x",
        "https://github.com/a/b/raw/main/x.bin",
        "https://huggingface.co/a/b",
        "https://[half",
        "",
    ],
)
def test_other_links_are_refused(link):
    with pytest.raises(EntryError) as refusal:
        direct(link)
    assert refusal.value.name == "weights_unavailable"


def test_a_link_to_a_folder_is_told_apart():
    for link in (
        "https://drive.google.com/drive/folders/1abc_d?usp=sharing",
        "https://drive.google.com/drive/u/0/folders/1a",
    ):
        with pytest.raises(EntryError, match=r"it leads to a folder of Google Drive. Give the link of the weight file"):
            direct(link)


@pytest.mark.parametrize(
    "link",
    [
        "https://drive.google.com/uc?id=1Small",
        "https://drive.google.com/uc?id=1Large",
        "https://huggingface.co/a/b/resolve/main/x.safetensors",
        "https://github.com/a/b/releases/download/v1/x.bin",
    ],
)
def test_files_come_through_redirects_and_questions(link, session):
    assert fetch(direct(link), 2**20, session) == CONTENT


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1Quota", "too many have fetched it"),
        ("1Private", "not shared"),
        ("1Elsewhere", "which is not allowed"),
        ("1Loop", "without end"),
        ("1Page", "a web page came"),
        ("1Missing", "no such file"),
    ],
)
def test_refusals_are_told_in_plain_words(name, words, session):
    with pytest.raises(EntryError, match=words):
        fetch(direct(f"https://drive.google.com/uc?id={name}"), 2**20, session)


def test_a_file_that_is_too_large_is_refused(session):
    with pytest.raises(EntryError, match="larger than"):
        fetch(direct("https://drive.google.com/uc?id=1Small"), len(CONTENT) - 1, session)


def test_no_network_is_told_after_some_patience(session, monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    session.mount("https://", ToServer(1))
    with pytest.raises(NetworkError, match=r"cannot be downloaded \(no connection\); try again later"):
        fetch(direct("https://drive.google.com/uc?id=1Small"), 2**20, session)
    assert len(pauses) == 2


def test_a_network_that_is_too_slow_is_not_the_entrys_fault(session, monkeypatch):
    monkeypatch.setattr(download, "_SECONDS", -1.0)
    with pytest.raises(NetworkError, match=r"cannot be downloaded \(it took longer than -1 s\)"):
        fetch(direct("https://drive.google.com/uc?id=1Small"), 2**20, session)


def test_what_was_fetched_is_kept_by_hash_and_fetched_again_when_damaged(session, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "cache_folder", lambda *_: tmp_path)
    link = "https://drive.google.com/uc?id=1Kept"
    path = fetch_weights(link, 2**20, session)
    assert path.name == hashlib.sha256(CONTENT).hexdigest()
    answers = len(ANSWERED)
    assert fetch_weights("https://drive.google.com/file/d/1Kept/view", 2**20, session) == path
    assert len(ANSWERED) == answers
    path.write_bytes(b"damaged")
    assert fetch_weights(link, 2**20, session).read_bytes() == CONTENT
    assert len(ANSWERED) == answers + 1
