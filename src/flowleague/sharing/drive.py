"""Google Drive, API v3: a resumable upload, then a permission for everyone who has the link.

    POST /upload/drive/v3/files?uploadType=resumable    the file's name and size -> the address of a session
    PUT  that address, Content-Range: bytes a-b/n       a part; 308 with "Range: bytes=0-b" asks for the next
    PUT  that address, Content-Range: bytes */n         after a break: 308 says how much arrived
    POST /drive/v3/files/ID/permissions                 role reader, type anyone

https://developers.google.com/workspace/drive/api/guides/manage-uploads and .../handle-errors
"""

import re
from typing import Any

import requests

from flowleague.errors import ShareError
from flowleague.sharing.files import Upload
from flowleague.sharing.http import TRIES, asks_for_patience, attempt, checked_json, pause, reason, send, unreachable

ROOT = "https://www.googleapis.com"
PART = 8 * 2**20  # bytes; Google wants multiples of 256 KiB
_SESSIONS = 3  # uploads begun anew, where Google has forgotten one
_ELSEWHERE = "or share elsewhere with --to"
_REASONS = {
    "storageQuotaExceeded": f"Google Drive is full; free some space and empty its bin, {_ELSEWHERE}.",
    "dailyLimitExceeded": f"Google's quota for today is used up; try again tomorrow, {_ELSEWHERE}.",
    "quotaExceeded": f"Google's quota for today is used up; try again tomorrow, {_ELSEWHERE}.",
    "accessNotConfigured": "The Drive API is not enabled for your OAuth client; enable it in its project at "
    "console.cloud.google.com and run the same command again.",
    "insufficientPermissions": "The sign-in does not allow uploads to Drive; run the same command again and tick the "
    "box that allows it.",
    "rateLimitExceeded": "Google asks to slow down; wait some minutes and run the same command again.",
}
_REASONS["userRateLimitExceeded"] = _REASONS["sharingRateLimitExceeded"] = _REASONS["rateLimitExceeded"]


def share_on_drive(session: requests.Session, upload: Upload, root: str = ROOT) -> str:
    """Upload a file to the user's Drive, let everyone who has the link read it, and return the link.

    `session` carries the sign-in (see `google`). Raises `ShareError`.
    """
    for _ in range(_SESSIONS):
        address = begin(session, upload, root)
        file = _send_parts(session, address, upload.content)
        if file:
            break
    else:
        raise ShareError(f"Google Drive broke off the upload {_SESSIONS} times; try again later, {_ELSEWHERE}.")
    link = f"https://drive.google.com/file/d/{file}/view?usp=sharing"
    permission = {"role": "reader", "type": "anyone"}
    response = send(session, "POST", f"{root}/drive/v3/files/{file}/permissions", json=permission)
    if response.status_code == 403 and reason(response) not in _REASONS:
        raise ShareError(
            f"{upload.name} is on your Drive, but your organisation does not let everyone with the link read it; share "
            f"{link} by hand with the organiser, or use an account of your own."
        )
    check(response)
    return link


def begin(session: requests.Session, upload: Upload, root: str) -> str:
    """The address of a new upload; it is a secret too, since who has it can write."""
    response = send(
        session,
        "POST",
        f"{root}/upload/drive/v3/files?uploadType=resumable&fields=id",
        json={"name": upload.name, "mimeType": "application/octet-stream"},
        headers={
            "X-Upload-Content-Type": "application/octet-stream",
            "X-Upload-Content-Length": str(len(upload.content)),
        },
    )
    check(response)
    address = response.headers.get("location", "")
    if not address.startswith(f"{root}/"):
        raise ShareError(f"Google Drive answered with something unknown; try again later, {_ELSEWHERE}.")
    return address


def _send_parts(session: requests.Session, address: str, content: bytes) -> str:
    """The id of the file once all of it has arrived; empty when Google knows this upload no more."""
    done, breaks, size = 0, 0, len(content)
    ask = False  # how much has arrived, instead of sending
    while True:
        part = b"" if ask else content[done : done + PART]
        which = "*" if ask else f"{done}-{done + len(part) - 1}"
        response = attempt(session, "PUT", address, data=part, headers={"Content-Range": f"bytes {which}/{size}"})
        if response is None or asks_for_patience(response):
            breaks += 1
            if breaks == TRIES:
                check(response) if response is not None else unreachable(address)
            pause(breaks - 1, response)
            ask = True
        elif response.status_code == 308:
            arrived = re.fullmatch(r"bytes=0-(\d+)", response.headers.get("range", ""))
            before, done = done, int(arrived[1]) + 1 if arrived else 0
            breaks, ask = (0 if done > before else breaks), False
        elif response.status_code in (404, 410):
            return ""
        else:
            check(response)
            return _identifier(checked_json(response, "Google Drive", "id"))


def _identifier(file: dict[str, Any]) -> str:
    """The id in Drive's answer, checked, as it becomes part of addresses."""
    if not re.fullmatch(r"[\w-]+", str(file["id"])):
        raise ShareError(f"Google Drive answered with something unknown; try again later, {_ELSEWHERE}.")
    return file["id"]


def check(response: requests.Response) -> None:
    """Raise `ShareError` for an answer that tells of an error: one sentence for each reason that a person can mend."""
    if response.ok:
        return
    why = reason(response)
    if response.status_code == 401:
        raise ShareError("Google no longer accepts the sign-in; run the same command again and sign in anew.")
    if response.status_code == 429:
        why = "rateLimitExceeded"
    said = f"{response.status_code}{f', {why}' if why else ''}"
    raise ShareError(_REASONS.get(why, f"Google Drive refused ({said}); try again later, {_ELSEWHERE}."))
