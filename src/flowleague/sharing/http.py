"""Requests that are patient: what a service or the network may do for a moment is tried again, after growing pauses.

Sentences are built from our own words. What an exception of `requests` holds - the request, and in it the token - goes
no further than this file.
"""

import random
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from flowleague.errors import ShareError

TRIES = 5
_LONGEST_PAUSE = 60.0  # seconds
_TIMEOUT = 60.0  # seconds without a byte
_SLOW_DOWN = {"rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"}  # Google's 403 for patience


class Bearer(AuthBase):
    """Puts a token into requests."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the token in its head."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def bearer_session(token: str) -> requests.Session:
    """A session whose requests carry a token."""
    session = requests.Session()
    session.auth = Bearer(token)  # set here, it also keeps requests from looking into ~/.netrc
    return session


def send(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
    """The answer to a request, whatever its status; raises `ShareError` when none comes at all."""
    response = None
    for number in range(TRIES):
        response = attempt(session, method, url, **options)
        if response is not None and not asks_for_patience(response):
            return response
        if number < TRIES - 1:
            pause(number, response)
    return response if response is not None else unreachable(url)


def attempt(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response | None:
    """The answer to one request; None when the connection broke."""
    try:
        return session.request(method, url, timeout=_TIMEOUT, allow_redirects=False, **options)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
        return None


def unreachable(url: str) -> Any:
    """Raise the error for a service that does not answer."""
    raise ShareError(f"{urlsplit(url).hostname} does not answer; check the network and run the same command again.")


def asks_for_patience(response: requests.Response) -> bool:
    """Whether the same request may well succeed a little later."""
    if response.status_code == 429 or response.status_code >= 500:
        return True
    return response.status_code == 403 and (reason(response) in _SLOW_DOWN or "retry-after" in response.headers)


def pause(number: int, response: requests.Response | None) -> None:
    """Wait before try `number` + 2: as long as the service says, else 1, 2, 4 ... seconds and a bit."""
    said = response.headers.get("retry-after", "") if response is not None else ""
    seconds = float(said) if said.isdigit() else 2.0**number + random.random()
    time.sleep(min(seconds, _LONGEST_PAUSE))


def _json_of(response: requests.Response) -> dict[str, Any]:
    """The object in an answer; empty where there is none."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def reason(response: requests.Response) -> str:
    """The word with which Google says why it refuses: error.errors[0].reason."""
    error = _json_of(response).get("error")
    errors = error.get("errors") if isinstance(error, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    word = first.get("reason") if isinstance(first, dict) else None
    return word if isinstance(word, str) and word.isalnum() else ""


def checked_json(response: requests.Response, service: str, *keys: str) -> dict[str, Any]:
    """The object in a good answer that must have some keys; raises `ShareError`."""
    found = _json_of(response)
    if any(key not in found for key in keys):
        raise ShareError(f"{service} answered with something unknown; try again later, or share elsewhere with --to.")
    return found
