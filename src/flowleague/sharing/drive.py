"""Google Drive, API v3: a resumable upload, then a permission for everyone who has the link.

    POST /upload/drive/v3/files?uploadType=resumable    the file's name and size -> the address of a session
    PUT  that address, Content-Range: bytes a-b/n       a part; 308 with "Range: bytes=0-b" asks for the next
    PUT  that address, Content-Range: bytes */n         after a break: 308 says how much arrived
    POST /drive/v3/files/ID/permissions                 role reader, type anyone

https://developers.google.com/workspace/drive/api/guides/manage-uploads and .../handle-errors
"""

import re
from functools import partial
from typing import NoReturn

import requests

from flowleague.errors import ShareError
from flowleague.links import share_link
from flowleague.sharing.files import Upload
from flowleague.web import PATIENCE, UnreachableError, attempt, is_busy, json_of, pause, send

ROOT = "https://www.googleapis.com"
PART = 8 * 2**20  # bytes; Google wants multiples of 256 KiB
_SESSIONS = 3  # attempts, where Google has forgotten an upload
_ELSEWHERE = "or share elsewhere with --to"
_REASONS = {
    "storageQuotaExceeded": f"Google Drive is full; free some space and empty its bin, {_ELSEWHERE}.",
    "dailyLimitExceeded": f"Google's quota for today is used up; try again tomorrow, {_ELSEWHERE}.",
    "quotaExceeded": f"Google's quota for today is used up; try again tomorrow, {_ELSEWHERE}.",
    "accessNotConfigured": "The Drive API is not enabled for your OAuth client; enable it in its project at "
    "console.cloud.google.com and run the same command again.",
    "insufficientPermissions": "The sign-in does not allow uploads to Drive; run the same command again and tick the "
    "box that allows it.",
}
_SLOW_DOWN = ("rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded")
_REASONS |= dict.fromkeys(_SLOW_DOWN, "Google asks to slow down; wait some minutes and run the same command again.")
_UNKNOWN = f"Google Drive answered with something unknown; try again later, {_ELSEWHERE}."


def share_on_drive(session: requests.Session, upload: Upload, root: str = ROOT) -> str:
    """Upload a file to the user's Drive, let everyone who has the link read it, and return the link.

    `session` carries the sign-in (see `google`). Raises `ShareError`, or `NetworkError` where Google does not
    answer.
    """
    for _ in range(_SESSIONS):
        address = _begin(session, upload, root)
        file = _send_parts(session, address, upload.content)
        if file:
            break
    else:
        raise ShareError(f"Google Drive broke off the upload {_SESSIONS} times; try again later, {_ELSEWHERE}.")
    link = share_link(file)
    permission = {"role": "reader", "type": "anyone"}
    response = _send(session, "POST", f"{root}/drive/v3/files/{file}/permissions", json=permission)
    if response.status_code == 403 and _reason(response) not in _REASONS:
        raise ShareError(
            f"{upload.name} is on your Drive, but your organisation does not let everyone with the link read it; share "
            f"{link} by hand with the organiser, or use an account of your own."
        )
    _check(response)
    return link


def _begin(session: requests.Session, upload: Upload, root: str) -> str:
    """The address of a new upload. It is a secret: whoever has it can write."""
    response = _send(
        session,
        "POST",
        f"{root}/upload/drive/v3/files?uploadType=resumable&fields=id",
        json={"name": upload.name, "mimeType": "application/octet-stream"},
        headers={
            "X-Upload-Content-Type": "application/octet-stream",
            "X-Upload-Content-Length": str(len(upload.content)),
        },
    )
    _check(response)
    address = response.headers.get("location", "")
    if not address.startswith(f"{root}/"):
        raise ShareError(_UNKNOWN)
    return address


def _send_parts(session: requests.Session, address: str, content: bytes) -> str:
    """The id of the file once it is complete; empty when Google no longer knows this upload."""
    done, size, patience = 0, len(content), PATIENCE
    ask = False  # how much has arrived, instead of sending
    while True:
        part = b"" if ask else content[done : done + PART]
        which = "*" if ask else f"{done}-{done + len(part) - 1}"
        response = attempt(session, "PUT", address, data=part, headers={"Content-Range": f"bytes {which}/{size}"})
        if isinstance(response, UnreachableError) or _is_busy(response):
            if not patience.total:
                _give_up(response)
            patience, ask = pause(patience, response), True
        elif response.status_code == 308:
            arrived = re.fullmatch(r"bytes=0-(\d+)", response.headers.get("range", ""))
            before, done = done, int(arrived[1]) + 1 if arrived else 0
            patience, ask = (PATIENCE if done > before else patience), False
        elif response.status_code in (404, 410):
            return ""
        else:
            _check(response)
            return _identifier(response)


def _identifier(response: requests.Response) -> str:
    """The id in Drive's answer, checked because it becomes part of addresses."""
    id_ = str(json_of(response).get("id", ""))
    if not re.fullmatch(r"[\w-]+", id_):
        raise ShareError(_UNKNOWN)
    return id_


def _is_busy(response: requests.Response) -> bool:
    """Whether the same request may well succeed a little later; Google says "too fast" with a 403 and a reason."""
    return is_busy(response) or (response.status_code == 403 and _reason(response) in _SLOW_DOWN)


_send = partial(send, busy=_is_busy)


def _reason(response: requests.Response) -> str:
    """The word with which Google says why it refuses: error.errors[0].reason."""
    error = json_of(response).get("error")
    errors = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    word = first.get("reason") if isinstance(first, dict) else None
    return word if isinstance(word, str) and word.isalnum() else ""


def _give_up(answer: requests.Response | UnreachableError) -> NoReturn:
    """Raise the error for a service that stayed busy or away."""
    if isinstance(answer, UnreachableError):
        raise answer
    _check(answer)
    raise ShareError(_UNKNOWN)


def _check(response: requests.Response) -> None:
    """Raise `ShareError` for an error, with one sentence for each reason that a person can fix."""
    if response.ok:
        return
    why = _reason(response)
    if response.status_code == 401:
        raise ShareError("Google no longer accepts the sign-in; run the same command again and sign in.")
    if response.status_code == 429:
        why = "rateLimitExceeded"
    said = f"{response.status_code}{f', {why}' if why else ''}"
    raise ShareError(_REASONS.get(why, f"Google Drive refused ({said}); try again later, {_ELSEWHERE}."))
