"""The user's own Google sign-in: Colab's, or in the browser with an OAuth client of one's own.

Nothing is kept: the sign-in ends with the program. Its scope is `drive.file`, which gives access to the files that this
program makes and to no others.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowleague.errors import ShareError, docs_link, printable

if TYPE_CHECKING:
    import requests

SCOPE = "https://www.googleapis.com/auth/drive.file"
_CLIENT_HINT = f"{docs_link('share')} says in five steps how to make one"


@contextmanager
def google_session(client: Path | None) -> "Iterator[requests.Session]":
    """A session that carries the user's sign-in and renews it; raises `ShareError`, also for what Google says later.

    `client` is the JSON file of an OAuth client for desktop programs; in Colab none is needed.
    """
    try:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import AuthorizedSession
    except ImportError:
        raise ShareError(
            "Sharing on Drive needs Google's libraries; install them: pip install google-auth google-auth-oauthlib."
        ) from None
    try:
        yield AuthorizedSession(_colab_credentials() if in_colab() else _browser_credentials(client))
    except GoogleAuthError:
        raise ShareError(
            "Google no longer accepts the sign-in; run the same command again and sign in."
        ) from None  # its message may quote the request


def in_colab() -> bool:
    """Whether this runs in a notebook of Google Colab."""
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:  # not even a package `google`
        return False


def _colab_credentials():
    """The credentials from Colab's own dialogue."""
    import google.auth
    from google.colab import auth  # pyright: ignore[reportMissingImports] - exists in Colab alone

    auth.authenticate_user()
    return google.auth.default(scopes=["https://www.googleapis.com/auth/drive"])[0]  # the scope that Colab grants


def _browser_credentials(client: Path | None):
    """The credentials from a sign-in in the browser (OAuth 2.0 for installed programs, RFC 8252)."""
    from google_auth_oauthlib.flow import InstalledAppFlow
    from oauthlib.oauth2 import OAuth2Error

    if client is None:
        raise ShareError(
            f"Google Drive needs an OAuth client of your own: give its file with --client ({_CLIENT_HINT}), or run the "
            "command in Colab, or share elsewhere with --to."
        )
    try:
        flow = InstalledAppFlow.from_client_secrets_file(str(client), [SCOPE])
    except (OSError, ValueError, KeyError):
        raise ShareError(
            f"{printable(client)} is not the JSON file of an OAuth client for desktop programs; {_CLIENT_HINT}."
        ) from None  # the file holds a secret, which the message of json may quote
    try:
        return flow.run_local_server(port=0)
    except OAuth2Error:
        raise ShareError("The sign-in was refused or broken off; run the same command again and allow it.") from None
