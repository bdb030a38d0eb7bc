"""GitHub: the release is made or taken up, what broke off is cleared away, and nothing is overwritten."""

import subprocess
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
from tests.sharing.stand_in import SECRET, StandIn

from flowleague.entrant.download import direct
from flowleague.sharing import Upload, github
from flowleague.sharing.github import github_session, share_on_github

UPLOAD = "POST .*/assets$"


@pytest.fixture
def share(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    return partial(share_on_github, github_session(), api=service.root, upload_to=service.root)


def test_files_are_attached_to_a_release_that_is_made_once(share: Callable, service: StandIn, upload: Upload) -> None:
    other = Upload("x_vae_1.safetensors", b"vae")
    links = share([upload, other], "me/digits", "weights")
    assert service.files == {upload.name: upload.content, other.name: b"vae"}
    assert links[0] == direct(links[0])  # what entries may link to
    assert links[0].endswith("/me/digits/releases/download/weights/quick.zip")
    assert service.requests.count("POST /repos/me/digits/releases") == 1


def test_the_same_file_is_not_sent_again_and_another_is_not_overwritten(
    share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    links = share([upload], "me/digits", "weights")
    assert share([upload], "me/digits", "weights") == links
    assert sum(request.endswith("/assets") for request in service.requests) == 1
    said = refused(share, [Upload("quick.zip", b"other")], "me/digits", "weights")
    assert said == "The release weights of me/digits holds another quick.zip; give a new name with --tag."
    assert service.files == {"quick.zip": upload.content}


@pytest.mark.parametrize("fault", ["break", (502, {}, {}), (403, {"Retry-After": "3"}, {"message": "secondary"})])
def test_an_upload_that_broke_off_is_cleared_away_and_done_again(
    fault, share: Callable, service: StandIn, pauses: list[float]
) -> None:
    service.faults = [(UPLOAD, fault)]
    share([Upload("left.zip", b"whole")], "me/digits", "weights")
    assert service.files == {"left.zip": b"whole"}
    assert len(pauses) == 1
    if fault == "break":
        assert "DELETE /repos/me/digits/releases/assets/7" in service.requests


@pytest.mark.parametrize(
    ("place", "fault", "words"),
    [
        (
            "GET",
            (401, {}, {"message": "Bad credentials"}),
            "does not accept the sign-in (it may have expired); sign in",
        ),
        ("GET", (404, {}, {"message": "Not Found"}), "You may not write to me/digits on GitHub, or it does not exist"),
        ("POST", (403, {}, {"message": "Resource not accessible by personal access token"}), "You may not write to"),
        (
            "POST",
            (403, {"x-ratelimit-remaining": "0"}, {"message": "API rate limit exceeded"}),
            "GitHub asks to slow down; wait an hour",
        ),
        ("POST .*releases$", (422, {}, {"message": "Repository is empty."}), "push a first commit"),
        ("POST", (418, {}, {}), "GitHub refused (418)"),
        ("GET", (200, {}, b"<html>"), "answered with something unknown"),
    ],
)
def test_each_refusal_is_a_sentence(
    place: str, fault, words: str, share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    service.faults = [(place, fault)]
    assert words in refused(share, [upload], "me/digits", "weights")


def test_a_network_that_stays_away_is_given_up(
    share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    service.faults = [("GET", "break")] * 5
    assert "127.0.0.1 does not answer" in refused(share, [upload], "me/digits", "weights")
    service.faults = [(UPLOAD, "break")] * 5
    assert "GitHub broke off the upload again and again" in refused(share, [upload], "me/digits", "weights")


def test_wrong_names_and_private_repositories_are_refused(
    share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    assert "'me' names no repository; give --repo as OWNER/NAME" in refused(share, [upload], "me", "weights")
    assert "'../x' is no tag" in refused(share, [upload], "me/digits", "../x")
    assert service.requests == []
    service.private = True
    assert "me/digits is private, so nobody could open the links" in refused(share, [upload], "me/digits", "weights")


def test_the_token_comes_from_the_environment_or_from_gh(
    monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setattr(github.shutil, "which", lambda _: None)
    assert "GitHub does not know you; sign in with `gh auth login`" in refused(github_session)
    monkeypatch.setattr(github.shutil, "which", lambda _: "/usr/bin/gh")
    ends = SimpleNamespace(returncode=0, stdout=f"{SECRET}\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ends)
    session = github_session()
    assert callable(session.auth)
    assert SECRET not in repr(session.auth) + str(session.headers)
    ends.returncode = 1
    assert "does not know you" in refused(github_session)
