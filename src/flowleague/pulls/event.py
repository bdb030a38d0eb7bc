"""GitHub's own data on a pull request and a run: the file at GITHUB_EVENT_PATH, and answers of the API.

Number, head commit, account and time of an entry come from here alone, never from the entry or its artifact.
An entry is sent when its head commit was pushed; the dates inside a commit are set by its author.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flowleague.errors import FlowLeagueError, docs_link, printable

EVALUATE = ".github/workflows/evaluate.yml"
_INSIDERS = {"OWNER", "MEMBER", "COLLABORATOR"}
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class PullError(FlowLeagueError):
    """An entry by pull request cannot be taken, or the job that takes it cannot work."""


@dataclass(frozen=True)
class Pull:
    """A pull request: number, head commit, base branch, the account that opened it, and when its head was pushed.

    `account` is the number of the account, which stays when its name changes; `insider` may push to the repository.
    """

    number: int
    head: str
    base: str
    account: int
    login: str
    insider: bool
    sent: datetime


@dataclass(frozen=True)
class Run:
    """A run of the job that evaluates: for which commit of which repository and branch, when it began, how it ended."""

    id: int
    head: str
    repository: int
    owner: str
    branch: str
    base: str
    created: datetime
    conclusion: str
    url: str


def read_event() -> dict[str, Any]:
    """The event that started this job; raises `PullError` outside of one."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise PullError("This command works inside a job of GitHub Actions; GITHUB_EVENT_PATH is not set.")
    try:
        return json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise PullError(f"The event at {path} cannot be read ({printable(error)}).") from error


def pull_of(given: dict[str, Any], sent: str) -> Pull:
    """A pull request as GitHub describes it; `sent` is GitHub's time of the push."""
    try:
        return Pull(
            number=int(given["number"]),
            head=commit(given["head"]["sha"]),
            base=str(given["base"]["ref"]),
            account=int(given["user"]["id"]),
            login=str(given["user"]["login"]),
            insider=given["author_association"] in _INSIDERS,
            sent=datetime.fromisoformat(sent),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PullError(f"GitHub describes the pull request in another way than expected ({error!r}).") from error


def pull_of_event(event: dict[str, Any]) -> Pull:
    """The pull request of a `pull_request` event; raises `PullError` for any other."""
    given = event.get("pull_request")
    if not isinstance(given, dict):
        raise PullError(f"This command works on the event pull_request; see {docs_link('pulls')}")
    return pull_of(given, str(given.get("updated_at")))


def run_of_event(event: dict[str, Any]) -> Run:
    """The evaluation of a `workflow_run` event; raises `PullError` for any other, and for runs of another workflow."""
    try:
        given = event["workflow_run"]
        if given["event"] != "pull_request" or given["path"].partition("@")[0] != EVALUATE:
            raise PullError(f"This command works on runs of {EVALUATE} for pull requests; this is another run.")
        return Run(
            id=int(given["id"]),
            head=commit(given["head_sha"]),
            repository=int(given["head_repository"]["id"]),
            owner=str(given["head_repository"]["owner"]["login"]),
            branch=str(given["head_branch"]),
            base=str(event["repository"]["default_branch"]),
            created=datetime.fromisoformat(given["created_at"]),
            conclusion=str(given["conclusion"]),
            url=str(given["html_url"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PullError(f"The event describes no run of {EVALUATE} that can be read ({error!r}).") from error


def commit(text: object) -> str:
    """The name of a commit; raises `ValueError` for anything else, such as a word that git reads as an option."""
    if not isinstance(text, str) or not COMMIT.fullmatch(text):
        raise ValueError(f"{printable(text, 50)} names no commit")
    return text
