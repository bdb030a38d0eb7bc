"""The sign-in with Google: in Colab, in the browser, expired, refused, and without the means for it."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import google.auth
import pytest
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import InstalledAppFlow
from oauthlib.oauth2 import AccessDeniedError
from tests.sharing.stand_in import SECRET, StandIn

from flowleague.sharing import Upload
from flowleague.sharing import google as module
from flowleague.sharing.drive import share_on_drive
from flowleague.sharing.google import SCOPE, google_session


@pytest.fixture
def client(tmp_path: Path, service: StandIn) -> Path:
    """An OAuth client for desktop programs, as Google's console writes it."""
    installed = {"client_id": "me.apps.googleusercontent.com", "client_secret": SECRET}
    installed |= {"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": f"{service.root}/token"}
    path = tmp_path / "client.json"
    path.write_text(json.dumps({"installed": {**installed, "redirect_uris": ["http://localhost"]}}))
    return path


def upload_with(client: Path | None, upload: Upload, root: str) -> str:
    with google_session(client) as session:
        return share_on_drive(session, upload, root)


def test_in_the_browser(client: Path, service: StandIn, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def run_local_server(flow: InstalledAppFlow, port: int) -> Credentials:
        seen.append((flow.client_config["client_id"], flow.oauth2session.scope, port))
        return Credentials(SECRET)

    monkeypatch.setattr(InstalledAppFlow, "run_local_server", run_local_server)
    assert "file_0" in upload_with(client, upload, service.root)
    assert seen == [("me.apps.googleusercontent.com", [SCOPE], 0)]
    assert service.files == {"quick.zip": upload.content}


def test_in_colab(service: StandIn, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    colab, auth = ModuleType("google.colab"), SimpleNamespace(authenticate_user=lambda: asked.append(True))
    colab.auth = auth  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setattr(module, "in_colab", lambda: True)
    monkeypatch.setattr(google.auth, "default", lambda scopes: (Credentials(SECRET), None))
    assert "file_0" in upload_with(None, upload, service.root)
    assert asked == [True]


def test_a_sign_in_that_expires_on_the_way_is_said(
    client: Path, service: StandIn, upload: Upload, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Credentials(
        "old", refresh_token=SECRET, token_uri=f"{service.root}/token", client_id="me", client_secret="s"
    )
    given.expiry = datetime(2020, 1, 1)
    monkeypatch.setattr(InstalledAppFlow, "run_local_server", lambda *_, **__: given)
    service.faults = [("POST /token", (400, {}, {"error": "invalid_grant", "error_description": "Token expired."}))]
    said = refused(upload_with, client, upload, service.root)
    assert said == "Google no longer accepts the sign-in; run the same command again and sign in."


def test_a_sign_in_that_is_refused_is_said(
    client: Path, upload: Upload, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_local_server(*_: object, **__: object) -> None:
        raise AccessDeniedError

    monkeypatch.setattr(InstalledAppFlow, "run_local_server", run_local_server)
    assert "The sign-in was refused or broken off" in refused(upload_with, client, upload, "")


@pytest.mark.parametrize("content", [None, "", "{", "{}", "[]", '{"installed": {"client_id": "x"}}', "\udc80"])
def test_a_file_that_is_no_client_is_refused(
    content: str | None, tmp_path: Path, upload: Upload, refused: Callable[..., str]
) -> None:
    path = tmp_path / "client.json"
    if content is not None:
        path.write_bytes(content.encode(errors="surrogateescape"))
    assert "is not the JSON file of an OAuth client for desktop programs" in refused(upload_with, path, upload, "")


def test_without_client_or_library_it_says_what_to_do(
    upload: Upload, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "give its file with --client" in refused(upload_with, None, upload, "")
    monkeypatch.setitem(sys.modules, "google.auth.exceptions", None)
    assert "install them: pip install google-auth google-auth-oauthlib" in refused(upload_with, None, upload, "")
