"""A stand-in for GitHub's HTTP API, as much of it as the jobs speak to, with what a test looks at afterwards."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-token-that-may-write"
REPOSITORY = "class/contest"


@dataclass
class Hub:
    """A repository on GitHub: its pull requests, the artifact of the last run, comments by pull request."""

    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifact: bytes | None = None
    artifact_head: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=lambda: ["organiser"])
    started: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: int = 0  # the status that every answer has, if any
    busy: int = 0  # how many more answers have the status 503

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Status and content of the answer; bytes are sent as they are."""
        self.asked.append(f"{method} {path}")
        path = path.removeprefix(f"/repos/{REPOSITORY}/")
        match method, *path.split("/"):
            case "GET", "pulls":
                owner, _, branch = query["head"].partition(":")
                return 200, [
                    pull
                    for pull in self.pulls.values()
                    if pull["state"] == query["state"]
                    and (pull["user"]["login"], pull["head"]["ref"], pull["base"]["ref"])
                    == (owner, branch, query["base"])
                ]
            case "PATCH", "pulls", number:
                self.pulls[int(number)] |= body
                return 200, {}
            case "GET", "actions", "runs", _, "artifacts":
                run = {"head_sha": self.artifact_head}
                one = {"id": 3, "name": "evaluation", "expired": False, "workflow_run": run}
                return 200, {"artifacts": [one] if self.artifact is not None else []}
            case "GET", "actions", "artifacts", "3", "zip":
                return 200, self.artifact
            case "POST", "actions", "workflows", name, "dispatches":
                self.started.append(f"{name} on {body['ref']}")
                return 204, b""
            case "GET", "issues", number, "comments":
                mine = [comment for comment in self.comments if comment["number"] == int(number)]
                page = int(query["page"]) - 1
                return 200, mine[100 * page : 100 * page + 100]
            case "POST", "issues", number, "comments":
                self.comment("github-actions[bot]", int(number), body["body"])
                return 201, {}
            case "PATCH", "issues", "comments", id_:
                self.comments[int(id_)]["body"] = body["body"]
                return 200, {}
            case "GET", "environments", "board":
                rules = [{"type": "required_reviewers", "reviewers": self.reviewers}]
                return 200, {"protection_rules": [{"type": "wait_timer"}, *(rules if self.reviewers else [])]}
        return 404, {"message": "Not Found"}

    def comment(self, login: str, number: int, body: str) -> None:
        """Add a comment."""
        self.comments.append({"id": len(self.comments), "number": number, "user": {"login": login}, "body": body})

    def posted(self, number: int) -> list[str]:
        """What the bot's comments under a pull request say."""
        mine = (each for each in self.comments if each["number"] == number)
        return [each["body"] for each in mine if each["user"]["login"] == "github-actions[bot]"]


class Server(ThreadingHTTPServer):
    """Serves a hub on a port of its own until it is closed."""

    daemon_threads = True

    def __init__(self, hub: Hub):
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self) -> None:
        assert isinstance(self.server, Server)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, words = self.path.partition("?")
        query = {name: re.sub("%3A", ":", value) for name, _, value in (w.partition("=") for w in words.split("&"))}
        hub = self.server.hub
        status, content = hub.answer(self.command, path, query, json.loads(raw) if raw else None)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, content = 401, {}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        hub.busy -= 1
        self.send_response(503 if hub.busy >= 0 else hub.broken or status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815
