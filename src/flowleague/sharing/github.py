"""Files attached to a release of a repository on GitHub (REST API 2022-11-28).

    GET  /repos/O/N                      it must be public: others open the links
    GET  /repos/O/N/releases/tags/TAG    or POST /repos/O/N/releases, which makes it
    POST uploads: /repos/O/N/releases/ID/assets?name=...

An upload that breaks off leaves an asset whose state is not "uploaded"; it is deleted, and the file is sent again.
https://docs.github.com/en/rest/releases/assets
"""

import hashlib
import os
import re
import shutil
import subprocess
from typing import Any

import requests

from flowleague.errors import ShareError, printable
from flowleague.sharing.files import Upload
from flowleague.web import PATIENCE, UnreachableError, attempt, is_busy, json_of, new_session, pause, send

API, _UPLOADS = "https://api.github.com", "https://uploads.github.com"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_LOGIN = "sign in with `gh auth login`, or set GITHUB_TOKEN to a token that may write contents of the repository"


def github_session() -> requests.Session:
    """A session with the user's token: GITHUB_TOKEN, or that of the program `gh`; raises `ShareError`."""
    token = os.environ.get("GITHUB_TOKEN", "").strip() or _token_of_gh()
    if not token:
        raise ShareError(f"GitHub does not know you; {_LOGIN}.")
    session = new_session(token)
    session.headers.update(_HEADERS)
    return session


def _token_of_gh() -> str:
    """What `gh auth token` prints; empty where there is no such program or nobody is signed in."""
    program = shutil.which("gh")
    if not program:
        return ""
    done = subprocess.run([program, "auth", "token"], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else ""


def share_on_github(
    session: requests.Session,
    uploads: list[Upload],
    repository: str,
    tag: str,
    *,
    api: str = API,
    upload_to: str = _UPLOADS,
) -> list[str]:
    """Attach files to the release `tag` of a public repository OWNER/NAME, made if it is new; returns their links.

    A file that is there already, the same byte for byte, is not sent again. Raises `ShareError`, or
    `NetworkError` where GitHub does not answer.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ShareError(f"'{printable(repository)}' names no repository; give --repo as OWNER/NAME.")
    if not re.fullmatch(r"[\w.-]+", tag):
        raise ShareError(f"'{printable(tag)}' is no tag for a release; use letters, digits, '.' and '-'.")
    home = f"{api}/repos/{repository}"
    response = send(session, "GET", home)
    _check(response, repository)
    if _json(response, "private")["private"]:
        raise ShareError(f"{repository} is private, so nobody could open the links; give a public one with --repo.")
    return [_attach(session, home, f"{upload_to}/repos/{repository}", repository, tag, upload) for upload in uploads]


def _attach(session: requests.Session, home: str, upload_home: str, repository: str, tag: str, upload: Upload) -> str:
    """The link of a file in a release; raises `ShareError`."""
    patience = PATIENCE
    while True:
        found = _release(session, home, repository, tag)
        kept = _settled(session, home, repository, tag, found, upload)
        if kept:
            return kept
        address = f"{upload_home}/releases/{int(found['id'])}/assets"
        head = {"Content-Type": "application/octet-stream"}
        response = attempt(session, "POST", address, params={"name": upload.name}, data=upload.content, headers=head)
        if not isinstance(response, UnreachableError) and not is_busy(response):
            _check(response, repository)
            return str(_json(response, "browser_download_url")["browser_download_url"])
        if not patience.total:
            break
        patience = pause(patience, response)
    raise ShareError("GitHub broke off the upload again and again; check the network and run the same command again.")


def _release(session: requests.Session, home: str, repository: str, tag: str) -> dict[str, Any]:
    """The release of a tag; it is made where there is none."""
    response = send(session, "GET", f"{home}/releases/tags/{tag}")
    if response.status_code == 404:
        response = send(session, "POST", f"{home}/releases", json={"tag_name": tag, "name": tag})
    _check(response, repository)
    return _json(response, "id", "assets")


def _settled(
    session: requests.Session, home: str, repository: str, tag: str, found: dict[str, Any], upload: Upload
) -> str:
    """The link of the file if the release holds it already; a half-done upload is deleted."""
    for asset in found["assets"]:
        if asset["name"] != upload.name:
            continue
        if asset.get("state") != "uploaded":
            _check(send(session, "DELETE", f"{home}/releases/assets/{int(asset['id'])}"), repository)
        elif asset.get("digest") == f"sha256:{hashlib.sha256(upload.content).hexdigest()}":
            return str(asset["browser_download_url"])
        else:
            raise ShareError(
                f"The release {tag} of {repository} holds another {upload.name}; give a new name with --tag."
            )
    return ""


def _json(response: requests.Response, *keys: str) -> dict[str, Any]:
    """The object in a good answer that must have some keys; raises `ShareError`."""
    found = json_of(response)
    if any(key not in found for key in keys):
        raise ShareError("GitHub answered with something unknown; try again later, or share elsewhere with --to.")
    return found


def _check(response: requests.Response, repository: str) -> None:
    """Raise `ShareError` for an error."""
    status = response.status_code
    if response.ok:
        return
    if status == 401:
        raise ShareError(f"GitHub does not accept the sign-in (it may have expired); {_LOGIN}.")
    if status == 429 or response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers:
        raise ShareError("GitHub asks to slow down; wait an hour and run the same command again.")
    if status in (403, 404):
        raise ShareError(f"You may not write to {repository} on GitHub, or it does not exist; check it, and {_LOGIN}.")
    if status == 422:
        raise ShareError(f"{repository} cannot have this release yet; push a first commit, or give another --tag.")
    raise ShareError(f"GitHub refused ({status}); try again later, or share elsewhere with --to.")
