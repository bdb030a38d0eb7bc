"""A server on this machine that answers as Google Drive, Hugging Face and GitHub do, and fails where a test says so."""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "ya29.a-secret-that-must-not-be-seen"
Answer = tuple[int, dict[str, str], Any]  # status, head, body: bytes, or what becomes JSON


def google_error(code: int, reason: str, message: str, domain: str = "usageLimits") -> Answer:
    """An error as Google's APIs word it."""
    error = {"domain": domain, "reason": reason, "message": message}
    return code, {}, {"error": {"errors": [error], "code": code, "message": message}}


class StandIn:
    """The three services in one; `faults` holds answers that are given once, instead of a good one, to a request whose
    "METHOD path" a pattern finds. The fault "break" closes the connection without an answer.
    """

    def __init__(self) -> None:
        self.faults: list[tuple[str, Answer | str]] = []
        self.requests: list[str] = []
        self.files: dict[str, bytes] = {}  # what arrived whole, by name
        self.parts: dict[str, bytearray] = {}  # Drive's unfinished uploads
        self.names: dict[str, str] = {}
        self.shared: set[str] = set()
        self.objects: dict[str, bytes] = {}  # Hugging Face's large files
        self.assets: list[dict[str, Any]] = []  # GitHub's
        self.released = self.private = False
        self.eats = 0  # bytes that Drive drops of the next part
        self.root = ""

    def fault(self, method: str, path: str, head: dict[str, str], body: bytes) -> Answer | str | None:
        """The fault that is due, if one is; a broken connection may have brought some bytes."""
        for number, (pattern, fault) in enumerate(self.faults):
            if re.search(pattern, f"{method} {path}"):
                del self.faults[number]
                if fault == "break" and path.startswith("/session/") and body:
                    self.parts[path.rsplit("/", 1)[1]] += body[: len(body) // 2]
                if fault == "break" and path.endswith("/assets"):
                    self.assets.append({"id": 7, "name": "left.zip", "state": "starter"})
                return fault
        return None

    def answer(self, method: str, path: str, query: dict[str, str], head: dict[str, str], body: bytes) -> Answer:
        """The answer to a request that is not made to fail."""
        services: dict[str, Callable[..., Answer]] = {
            r"/upload/drive|/session/|/drive/": self.drive,
            r"/api/|.*\.git/info/lfs|/large/": self.hugging_face,
            r"/repos/": self.github,
        }
        for pattern, service in services.items():
            if re.match(pattern, path):
                return service(method, path, query, head, body)
        return 404, {}, {"error": f"no {path}"}

    def drive(self, method: str, path: str, query: dict[str, str], head: dict[str, str], body: bytes) -> Answer:
        if path == "/upload/drive/v3/files":
            session = str(len(self.names))
            self.names[session], self.parts[session] = json.loads(body)["name"], bytearray()
            return 200, {"Location": f"{self.root}/session/{session}"}, b""
        if path.startswith("/session/"):
            return self.drive_part(path.rsplit("/", 1)[1], head["content-range"], body)
        assert json.loads(body) == {"role": "reader", "type": "anyone"}
        self.shared.add(path.split("/")[-2])
        return 200, {}, {"id": "anyoneWithLink"}

    def drive_part(self, session: str, span: str, body: bytes) -> Answer:
        held, (which, total) = self.parts[session], span.removeprefix("bytes ").split("/")
        if which != "*":
            assert int(which.split("-")[0]) == len(held), "parts must follow one another"
            held += body[: len(body) - self.eats]
            self.eats = 0
        if len(held) == int(total):
            self.files[self.names[session]] = bytes(held)
            return 200, {}, {"id": f"file_{session}"}
        return 308, {"Range": f"bytes=0-{len(held) - 1}"} if held else {}, b""

    def hugging_face(self, method: str, path: str, query: dict[str, str], head: dict[str, str], body: bytes) -> Answer:
        if path == "/api/repos/create":
            return 200, {}, {"url": f"{self.root}/me/digits", "id": "me/digits", "name": "me/digits"}
        if path.endswith("/preupload/main"):
            files = json.loads(body)["files"]
            return 200, {}, {"files": [{**file, "uploadMode": "lfs", "shouldIgnore": False} for file in files]}
        if path.endswith("/objects/batch"):
            objects = json.loads(body)["objects"]
            upload = [{**o, "actions": {"upload": {"href": f"{self.root}/large/{o['oid']}"}}} for o in objects]
            return 200, {}, {"transfer": "basic", "objects": upload}
        if path.startswith("/large/"):
            assert hashlib.sha256(body).hexdigest() == path.rsplit("/", 1)[1]
            self.objects[hashlib.sha256(body).hexdigest()] = body
            return 200, {}, b""
        if path.endswith("/commit/main"):
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "lfsFile":
                    self.files[line["value"]["path"]] = self.objects[line["value"]["oid"]]
            return (
                200,
                {},
                {"commitUrl": f"{self.root}/me/digits/commit/{'c' * 40}", "commitOid": "c" * 40, "success": True},
            )
        return 200, {}, {"id": "me/digits", "private": self.private, "tags": [], "siblings": []}

    def github(self, method: str, path: str, query: dict[str, str], head: dict[str, str], body: bytes) -> Answer:
        release = {"id": 5, "tag_name": "weights", "assets": self.assets}
        if path == "/repos/me/digits":
            return 200, {}, {"private": self.private}
        if "/releases/tags/" in path:
            return (200, {}, release) if self.released else (404, {}, {"message": "Not Found"})
        if path.endswith("/releases"):
            self.released = True
            return 201, {}, release
        if method == "DELETE":
            self.assets[:] = [asset for asset in self.assets if asset["id"] != int(path.rsplit("/", 1)[1])]
            return 204, {}, b""
        name, digest = query["name"], hashlib.sha256(body).hexdigest()
        if any(asset["name"] == name for asset in self.assets):
            error = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
            return 422, {}, {"message": "Validation Failed", "errors": [error]}
        self.files[name] = body
        link = f"https://github.com/me/digits/releases/download/weights/{name}"
        asset = {"id": 9, "name": name, "state": "uploaded", "digest": f"sha256:{digest}", "browser_download_url": link}
        self.assets.append(asset)
        return 201, {}, asset


@contextmanager
def serving() -> Iterator[StandIn]:
    """The stand-in, listening until the context ends."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            parts = urlsplit(self.path)
            head = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(head.get("content-length", 0)))
            stand_in.requests.append(f"{self.command} {parts.path}")
            fault = stand_in.fault(self.command, parts.path, head, body)
            if fault == "break":
                self.close_connection = True
                self.connection.close()
                return
            assert not isinstance(fault, str)
            if fault is None and not parts.path.startswith("/large/") and SECRET not in head.get("authorization", ""):
                fault = google_error(401, "authError", "Invalid Credentials", "global")
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, headers, content = fault or stand_in.answer(self.command, parts.path, query, head, body)
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:  # connections that a test broke
            pass

    server = Server(("127.0.0.1", 0), Handler)
    stand_in.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
