"""GitHub's API: what is repeated while it is busy, and what is not."""

from collections.abc import Iterator

import pytest
from tests.pulls.standin import REPOSITORY, TOKEN, Hub, Server

from flowleague.pulls.event import PullError
from flowleague.pulls.github import GitHub


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def github(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with Server(hub) as server:
        yield GitHub(server.url, REPOSITORY, TOKEN)
        server.shutdown()


def test_questions_are_repeated_while_github_is_busy(hub: Hub, github: GitHub) -> None:
    hub.busy = 3
    assert github.is_guarded("board")
    assert len(hub.asked) == 4


def test_a_comment_is_posted_once(hub: Hub, github: GitHub) -> None:
    """An answer that says "busy" may come after the comment was taken."""
    hub.busy = 1
    with pytest.raises(PullError, match="GitHub answered POST issues/1/comments with 503"):
        github._ask("POST", "issues/1/comments", json={"body": "x"})
    assert hub.posted(1) == ["x"]


def test_a_github_that_is_away_is_said_without_the_token(github: GitHub) -> None:
    away = GitHub("http://127.0.0.1:9", REPOSITORY, TOKEN)
    with pytest.raises(PullError, match=r"GitHub cannot be reached \(no connection\); run the job again") as caught:
        away.is_guarded("board")
    assert TOKEN not in repr(caught.value.__cause__)
