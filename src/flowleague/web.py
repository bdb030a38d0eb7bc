"""HTTP for all uploads and downloads: one patience, time limits, size limits, and faults in a few words.

A request is repeated after a broken connection, after status 429 and 5xx, after a 403 with Retry-After, and after any
other answer for which `busy` is true. The pauses are as long as Retry-After says (RFC 9110, section 10.2.3), at most
`_LONGEST_PAUSE`; else 1, 2, 4, 8 s, each with up to a second more.

Exceptions of `requests` hold the request, and with it the token. None leaves this file: `UnreachableError` names a host
and gives a reason of ours.
"""

import random
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from flowleague.errors import NetworkError, printable

_LONGEST_PAUSE = 60.0  # seconds
_TIMEOUT = (10.0, 60.0)  # seconds to connect, and between bytes
_CHUNK = 2**18  # bytes
_GRACE = 15.0  # seconds in which a host may be slow
_REASONS = {  # the first that fits
    exceptions.SSLError: "its certificate is not valid",
    exceptions.ProxyError: "the proxy refuses",
    exceptions.Timeout: "it took too long",
    ReadTimeoutError: "it took too long",
    exceptions.TooManyRedirects: "it redirects without end",
    exceptions.ConnectionError: "no connection",
}


class UnreachableError(NetworkError):
    """No answer came from a host, or none that was whole; `why` says it in a few words."""

    def __init__(self, host: str, why: str):
        super().__init__(f"{host} does not answer; check the network and run the same command again.")
        self.host, self.why = host, why


class Patience(Retry):
    """How often a request may be repeated (`total`), and the pause before the next time. Immutable."""

    def get_backoff_time(self) -> float:
        """1, 2, 4, ... seconds after the first, second, third, ... failure, and up to a second more."""
        return 2.0 ** (len(self.history) - 1) + random.random()

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """What Retry-After says, in seconds; None where it says nothing that can be read."""
        try:
            seconds = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if seconds is None else min(seconds, _LONGEST_PAUSE)


PATIENCE = Patience(4)


class _Bearer(AuthBase):
    """Puts a token into requests; as an `AuthBase` it also keeps requests from reading ~/.netrc."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session(token: str = "") -> requests.Session:
    """A session whose requests carry a token, or no sign-in at all."""
    session = requests.Session()
    session.auth = _Bearer(token)
    return session


def is_busy(response: requests.Response) -> bool:
    """Whether the same request may well succeed a little later."""
    status = response.status_code
    return status == 429 or status >= 500 or (status == 403 and "retry-after" in response.headers)


def attempt(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response | UnreachableError:
    """The answer to one request, whatever its status; redirects are followed only where the options say so."""
    try:
        return session.request(method, url, **({"timeout": _TIMEOUT, "allow_redirects": False} | options))
    except requests.RequestException as error:
        return _unreachable(url, error)


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    busy: Callable[[requests.Response], bool] = is_busy,
    patience: Patience = PATIENCE,
    **options: Any,
) -> requests.Response:
    """The answer to a request, repeated while the service is busy or away; raises `UnreachableError` when none comes.

    An answer that is still busy after the last try is returned.
    """
    while True:
        answer = attempt(session, method, url, **options)
        if isinstance(answer, requests.Response) and (not patience.total or not busy(answer)):
            return answer
        if isinstance(answer, UnreachableError) and not patience.total:
            raise answer
        patience = pause(patience, answer)


def pause(patience: Patience, answer: requests.Response | UnreachableError) -> Patience:
    """Wait before the next try; returns the patience that is left. `patience.total` must be at least 1."""
    raw = None
    if isinstance(answer, requests.Response):
        raw = answer.raw
        answer.close()
    left = patience.increment(response=raw)
    left.sleep(raw)
    return left


def read(response: requests.Response, limit: int, seconds: float = float("inf"), slowest: float = 0.0) -> bytes:
    """The body of an answer that was asked for with `stream=True`, or more than `limit` bytes of a longer one.

    Raises `UnreachableError` when the connection breaks, when the body takes longer than it may, and when it trickles:
    fewer than `slowest` bytes a second on average.
    """
    content, start, problem = bytearray(), time.monotonic(), None
    with response:
        try:
            while part := response.raw.read1(_CHUNK, decode_content=True):  # what is there; more might never come
                content += part
                if len(content) > limit:
                    break
                taken = time.monotonic() - start
                if taken > seconds:
                    raise UnreachableError(_host(response.url), f"it took longer than {seconds:g} s")
                if taken > _GRACE and len(content) < slowest * taken:
                    raise UnreachableError(_host(response.url), f"it sends fewer than {slowest:g} bytes a second")
        except (requests.RequestException, HTTPError) as error:
            problem = _unreachable(response.url, error)
    if problem:
        raise problem
    return bytes(content)


def json_of(response: requests.Response) -> dict[str, Any]:
    """The object in an answer; empty where there is none."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _unreachable(url: str, error: Exception) -> UnreachableError:
    why = next((words for kind, words in _REASONS.items() if isinstance(error, kind)), "the connection broke off")
    return UnreachableError(_host(url), why)


def _host(url: str) -> str:
    return printable(urlsplit(url).hostname or "The host", 100)
