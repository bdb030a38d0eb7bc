"""The HTTP client against a server on this machine: patience, limits, and reasons without secrets."""

import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from flowleague import web
from flowleague.web import PATIENCE, Patience, UnreachableError, json_of, new_session, read, send

SECRET = "a-token-that-must-not-be-seen"
BODY = bytes(range(256)) * 4000
Answer = tuple[int, dict[str, str], bytes]


class Service:
    """Gives the answers that a test has put down, then 200 with `BODY`; "break" closes the connection instead."""

    def __init__(self) -> None:
        self.answers: list[Answer | str] = []
        self.requests: list[str] = []
        self.heads: list[dict[str, str]] = []
        self.url = ""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            service.requests.append(self.command)
            service.heads.append({name.lower(): value for name, value in self.headers.items()})
            answer = service.answers.pop(0) if service.answers else (200, {}, BODY)
            if isinstance(answer, str):
                self.connection.close()
                return
            status, head, body = answer
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | head).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:  # connections that a test broke
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_port}/file"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, in seconds; no time passes."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session(SECRET) as session:
        yield session


@pytest.mark.parametrize(
    "fault", ["break", (429, {}, b""), (500, {}, b""), (503, {}, b""), (403, {"Retry-After": "0"}, b"")]
)
def test_a_short_fault_is_waited_out(fault: Answer | str, service: Service, session: requests.Session) -> None:
    service.answers = [fault, fault]
    assert send(session, "POST", service.url).content == BODY
    assert service.requests == ["POST"] * 3


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410, 422])
def test_what_waiting_does_not_mend_is_returned_at_once(
    status: int, service: Service, session: requests.Session, pauses: list[float]
) -> None:
    service.answers = [(status, {"Location": "https://elsewhere.example/"}, b"")]
    assert send(session, "GET", service.url).status_code == status
    assert pauses == []


def test_pauses_double_and_the_last_answer_is_returned(
    service: Service, session: requests.Session, pauses: list[float]
) -> None:
    service.answers = [(503, {}, b"")] * 9
    assert send(session, "GET", service.url).status_code == 503
    assert [int(seconds) for seconds in pauses] == [1, 2, 4, 8]
    assert len(service.requests) == 1 + len(pauses)


def test_retry_after_is_honoured_up_to_a_minute(
    service: Service, session: requests.Session, pauses: list[float]
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    service.answers = [(429, {"Retry-After": said}, b"") for said in ("17", "86400", later, "soon")]
    send(session, "GET", service.url)
    assert pauses[:2] == [17, 60]
    assert 25 < pauses[2] <= 30  # a date
    assert 8 <= pauses[3] < 9  # the fourth pause: what cannot be read counts as nothing said


def test_a_service_says_in_its_own_way_that_it_is_busy(service: Service, session: requests.Session) -> None:
    slow = (403, {}, b'{"error": "slow down"}')
    service.answers = [slow, slow]
    assert send(session, "GET", service.url, busy=lambda answer: json_of(answer).get("error") == "slow down").ok
    service.answers = [slow]
    assert send(session, "GET", service.url).status_code == 403


def test_without_patience_one_request_is_sent(service: Service, session: requests.Session) -> None:
    service.answers = [(503, {}, b"")]
    assert send(session, "GET", service.url, patience=Patience(0)).status_code == 503
    assert PATIENCE.total == 4


def unreachable(call: Callable[..., object], *arguments: object, **options: object) -> UnreachableError:
    """The fault of a call; no secret is in it, nor in anything that hangs on it."""
    with pytest.raises(UnreachableError) as caught:
        call(*arguments, **options)
    error: BaseException | None = caught.value
    everything = "".join(traceback.format_exception(error))
    while error is not None:
        everything += repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    assert SECRET not in everything
    assert "/file" not in everything.replace(__file__, "")
    return caught.value


def test_a_service_that_stays_away_is_named_without_a_secret(service: Service, session: requests.Session) -> None:
    service.answers = ["break"] * 5
    error = unreachable(send, session, "GET", service.url)
    assert str(error) == "127.0.0.1 does not answer; check the network and run the same command again."
    assert error.why == "no connection"
    assert len(service.requests) == 5


def test_a_host_that_is_slow_or_not_trusted_is_told_apart(
    service: Service, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault, why in [
        (requests.exceptions.ReadTimeout, "it took too long"),
        (requests.exceptions.SSLError, "its certificate is not valid"),
        (requests.exceptions.ProxyError, "the proxy refuses"),
        (requests.exceptions.InvalidHeader, "the connection broke off"),
    ]:

        def broken(*_: object, fault: type[Exception] = fault, **__: object) -> requests.Response:
            raise fault(SECRET)

        monkeypatch.setattr(session, "request", broken)
        assert unreachable(send, session, "GET", service.url, patience=Patience(0)).why == why


def test_a_body_is_read_up_to_its_limit(service: Service, session: requests.Session) -> None:
    assert read(send(session, "GET", service.url, stream=True), len(BODY)) == BODY
    assert len(BODY) > len(read(send(session, "GET", service.url, stream=True), 1000)) > 1000


def test_a_body_that_breaks_off_or_takes_too_long_is_a_fault(
    service: Service, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers = [(200, {"Content-Length": str(2 * len(BODY))}, BODY)]
    response = send(session, "GET", service.url, stream=True)
    assert unreachable(read, response, 2**30).why == "the connection broke off"
    response = send(session, "GET", service.url, stream=True)
    assert unreachable(read, response, 2**30, seconds=-1).why == "it took longer than -1 s"
    monkeypatch.setattr(web, "_GRACE", 0.0)
    response = send(session, "GET", service.url, stream=True)
    assert unreachable(read, response, 2**30, slowest=1e15).why == "it sends fewer than 1e+15 bytes a second"


def test_the_sign_in_is_the_given_one_or_none(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    requests.get(service.url, timeout=5).close()
    assert service.heads[-1]["authorization"].startswith("Basic ")  # as it would be
    with new_session() as session:
        send(session, "GET", service.url)
    assert "authorization" not in service.heads[-1]
    with new_session(SECRET) as session:
        send(session, "GET", service.url)
        assert SECRET not in repr(session.auth) + str(session.headers)
    assert service.heads[-1]["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(("body", "value"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"<html>", {}), (b"\xff", {})])
def test_only_an_object_counts_as_json(body: bytes, value: object, service: Service, session: requests.Session) -> None:
    service.answers = [(200, {}, body)]
    assert json_of(web.send(session, "GET", service.url)) == value
