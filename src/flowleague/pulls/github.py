"""GitHub's HTTP API, the part that the privileged job needs: pull request, artifact, comment.

Address, repository and token are those that GitHub Actions puts into the environment.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from requests import Response

from flowleague.errors import docs_link, printable
from flowleague.pulls.artifact import NAME, ZIP_LIMIT
from flowleague.pulls.comment import MARK
from flowleague.pulls.event import Pull, PullError, Run, pull_of
from flowleague.web import PATIENCE, Patience, UnreachableError, new_session, read, send

_MOST_PAGES = 20
_BOT = "github-actions[bot]"


@dataclass(frozen=True)
class GitHub:
    """A repository on GitHub, and the token for it."""

    api: str
    repository: str
    token: str

    @classmethod
    def here(cls) -> "GitHub":
        """The repository whose job this is; raises `PullError` outside of one."""
        repository, token = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_TOKEN")
        if not repository or not token:
            raise PullError("This command works inside a job; GITHUB_REPOSITORY and GITHUB_TOKEN must be set.")
        return cls(os.environ.get("GITHUB_API_URL", "https://api.github.com"), repository, token)

    def pull_of(self, run: Run) -> Pull | None:
        """The open pull request whose head a run evaluated; None when there is none, or its head has moved on.

        It is found by the run's repository and branch: for a fork, the event itself names no pull request.
        """
        words = {"state": "open", "head": f"{run.owner}:{run.branch}", "base": run.base, "per_page": "100"}
        for given in self._ask("GET", "pulls", params=words):
            head = given["head"]
            if head["sha"] == run.head and head["repo"] and head["repo"]["id"] == run.repository:
                return pull_of(given, run.created.isoformat())
        return None

    def artifact(self, run: Run) -> bytes | None:
        """The zip that a run has stored, cut off where it is longer than it may be; None when it stored none."""
        listed = self._ask("GET", f"actions/runs/{run.id}/artifacts", params={"name": NAME, "per_page": "100"})
        mine = [
            each
            for each in listed["artifacts"]
            if each["name"] == NAME and not each["expired"] and each["workflow_run"]["head_sha"] == run.head
        ]
        if not mine:
            return None
        newest = max(mine, key=lambda each: each["id"])
        answer = self._send("GET", f"actions/artifacts/{int(newest['id'])}/zip", stream=True)
        try:
            return read(answer, ZIP_LIMIT)
        except UnreachableError as error:
            raise PullError(f"The artifact cannot be fetched ({error.why}); run the job again.") from error

    def say(self, number: int, text: str) -> None:
        """Write the one comment under a pull request, or replace it."""
        for comment in self._pages(f"issues/{number}/comments"):
            if comment["user"]["login"] == _BOT and comment["body"].startswith(MARK):
                self._ask("PATCH", f"issues/comments/{int(comment['id'])}", json={"body": text})
                return
        self._ask("POST", f"issues/{number}/comments", json={"body": text})

    def close(self, number: int) -> None:
        """Close a pull request."""
        self._ask("PATCH", f"pulls/{number}", json={"state": "closed"})

    def start(self, workflow: str, branch: str) -> None:
        """Start a workflow; what a job pushes starts none."""
        self._send("POST", f"actions/workflows/{workflow}/dispatches", json={"ref": branch}).close()

    def is_guarded(self, environment: str) -> bool:
        """Whether jobs of an environment wait for a person's approval."""
        rules = self._ask("GET", f"environments/{environment}").get("protection_rules", [])
        return any(rule["type"] == "required_reviewers" and rule.get("reviewers") for rule in rules)

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        for page in range(1, _MOST_PAGES + 1):
            found = self._ask("GET", path, params={"per_page": "100", "page": str(page)})
            yield from found
            if len(found) < 100:
                return

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """The JSON that GitHub answers."""
        with self._send(method, path, **more) as answer:
            try:
                return answer.json()
            except ValueError as error:
                raise PullError(f"GitHub answered {method} {path} with something else than JSON; try again.") from error

    def _send(self, method: str, path: str, **more: Any) -> Response:
        """The answer to a request. POST is sent once: repeated, it could post a comment twice."""
        patience = Patience(0) if method == "POST" else PATIENCE
        url = f"{self.api}/repos/{self.repository}/{path}"
        more |= {"headers": {"Accept": "application/vnd.github+json"}, "allow_redirects": True}
        try:
            with new_session(self.token) as session:
                answer = send(session, method, url, patience=patience, **more)
        except UnreachableError as error:
            raise PullError(f"GitHub cannot be reached ({error.why}); run the job again.") from error
        if not answer.ok:
            raise PullError(
                f"GitHub answered {method} {path} with {answer.status_code} {printable(answer.reason, 50)}; the job's "
                f"permissions or the repository's settings lack something, see {docs_link('pulls')}"
            )
        return answer
