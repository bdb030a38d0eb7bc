"""A contest on a stand-in for GitHub: a bare repository as the remote, an HTTP server, and both jobs as they run."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from tests.cli.test_commands import Done, flowleague
from tests.pulls.standin import REPOSITORY, TOKEN, Hub, Server

from flowleague.contest.folder import new_contest
from flowleague.pulls import trial
from flowleague.pulls.event import EVALUATE
from flowleague.pulls.workflows import github_files

SOURCE = f"git+https://example.org/league/flowleague@{'0123456789' * 4}"

ROOT = Path(__file__).parents[2]
SCORER = (sys.executable, "-P", str(Path(__file__).with_name("scorer.py")))
MEASURE = trial.measure
SENT = "2026-10-09T12:00:00Z"
STATEMENT = 'team = "The Latents"\nfile = "submission.py"\n'


def git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=Ada Private", "-c", "user.email=ada@private.example", "-c", "commit.gpgSign=false")
    done = subprocess.run(["git", *person, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Stage:
    """The contest's clone in the jobs, the bare remote, GitHub, and what the jobs left."""

    place: Path
    hub: Hub
    environment: pytest.MonkeyPatch
    heads: dict[int, str] = field(default_factory=dict)

    @property
    def remote(self) -> Path:
        return self.place / "remote.git"

    @property
    def clone(self) -> Path:
        return self.place / "job"

    @property
    def out(self) -> Path:
        return self.place / "evaluation"

    def push(self, number: int, files: dict[str, str | bytes | Path], login: str = "Ada", account: int = 11) -> str:
        """Open a pull request that adds files (a path stands for a link to it), or push again; returns its head."""
        fork = self.place / f"fork-{number}"
        if not fork.exists():
            git(self.place, "clone", "--quiet", str(self.remote), str(fork))
        for name, content in files.items():
            path = fork / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(fork, "add", "--all", "--force")
        git(fork, "commit", "--quiet", "--allow-empty", "--message", "An entry")
        git(fork, "push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/head")
        head = git(fork, "rev-parse", "HEAD")
        self.hub.pulls[number] = {
            "number": number,
            "state": "open",
            "head": {"sha": head, "ref": f"entry-{number}", "repo": {"id": 500 + account}},
            "base": {"ref": "main"},
            "user": {"id": account, "login": login},
            "author_association": "NONE",
            "updated_at": SENT,
        }
        return head

    def event(self, content: dict) -> None:
        path = self.place / "event.json"
        path.write_text(json.dumps(content | {"repository": {"default_branch": "main"}}))
        self.environment.setenv("GITHUB_EVENT_PATH", str(path))

    def check_out(self) -> None:
        """What every job begins with: the base branch as it is now."""
        git(self.clone, "fetch", "--quiet", "origin", "main")
        git(self.clone, "reset", "--quiet", "--hard", "FETCH_HEAD")

    def evaluate(self, number: int) -> Done:
        """The unprivileged job; what it stores becomes the artifact."""
        self.check_out()
        self.event({"pull_request": dict(self.hub.pulls[number])})
        self.environment.delenv("GITHUB_TOKEN", raising=False)
        subprocess.run(["rm", "-rf", self.place / "entry", self.out], check=True)
        done = flowleague("pull", "check", self.place / "entry", self.out, "--contest", self.clone)
        if not done.status:
            more = flowleague("pull", "evaluate", self.place / "entry", self.out, "--contest", self.clone)
            done = Done(more.status, done.out + more.out, done.err + more.err)
        self.hub.artifact = zipped(self.out) if self.out.exists() else None
        self.hub.artifact_head = self.hub.pulls[number]["head"]["sha"]
        return done

    def decide(self, command: str, number: int, created: str = SENT, **changes) -> Done:
        """A command of the privileged job, for the last evaluation of a pull request."""
        self.check_out()
        pull = self.hub.pulls[number]
        outcome = self.out / "outcome.json"
        measured = outcome.exists() and json.loads(outcome.read_text())["end"] == "measured"
        run = {
            "id": 7,
            "event": "pull_request",
            "path": EVALUATE,
            "head_sha": pull["head"]["sha"],
            "head_branch": pull["head"]["ref"],
            "head_repository": {"id": pull["head"]["repo"]["id"], "owner": {"login": pull["user"]["login"]}},
            "created_at": created,
            "conclusion": "success" if measured else "failure",
            "html_url": "https://github.com/class/contest/actions/runs/7",
            "pull_requests": [],  # as it is for forks
        }
        self.event({"workflow_run": run | changes})
        self.environment.setenv("GITHUB_TOKEN", TOKEN)
        return flowleague("pull", command, "--contest", self.clone)

    def both(self, number: int) -> str:
        """Both jobs, to the comment; returns it with the commit's name written as COMMIT."""
        self.evaluate(number)
        assert self.decide("comment", number).status == 0
        return self.said(number)

    def said(self, number: int) -> str:
        (text,) = self.hub.posted(number)  # one comment, however often it was written
        return text.replace(self.hub.pulls[number]["head"]["sha"][:12], "COMMIT")

    def measured(self) -> str:
        """What the job told its workflow last."""
        return Path(os.environ["GITHUB_OUTPUT"]).read_text().splitlines()[-1]

    def contest(self) -> Path:
        """The contest as it is in the remote now."""
        folder = self.place / "now"
        subprocess.run(["rm", "-rf", folder], check=True)
        git(self.place, "clone", "--quiet", str(self.remote), str(folder))
        return folder


def zipped(folder: Path) -> bytes:
    """The artifact that GitHub makes of a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return buffer.getvalue()


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A contest with its workflows in a bare remote and in a clone, and a GitHub to speak to."""
    contest = tmp_path / "contest"
    new_contest(contest, name="class", opens=datetime(2026, 10, 8), closes=datetime(2026, 10, 12, 17, 30))
    for path, content in github_files(contest, SOURCE).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(contest, "init", "--quiet", "--initial-branch", "main")
    git(contest, "add", "--all")
    git(contest, "commit", "--quiet", "--message", "A contest")
    git(tmp_path, "clone", "--quiet", "--bare", str(contest), "remote.git")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "remote.git"), "job")
    hub = Hub()
    server = Server(hub)
    for name, value in {
        "PYTHONPATH": str(ROOT),
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(trial, "measure", partial(MEASURE, scorer=SCORER))
    yield Stage(tmp_path, hub, monkeypatch)
    server.shutdown()
    server.server_close()
