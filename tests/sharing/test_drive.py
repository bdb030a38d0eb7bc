"""Google Drive: what arrives, how a broken upload goes on, and a sentence for everything that Google refuses."""

import re
from collections.abc import Callable
from functools import partial

import pytest
import requests
from tests.sharing.stand_in import SECRET, StandIn, google_error

from flowleague.links import drive_id
from flowleague.sharing import Upload, drive
from flowleague.sharing.drive import share_on_drive
from flowleague.web import new_session

BEGIN, PART, PERMISSION = "POST /upload/", "PUT /session/", "POST .*/permissions"
SLOW = google_error(403, "userRateLimitExceeded", "User Rate Limit Exceeded. Rate of requests for user exceed ...")


@pytest.fixture
def share(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[[Upload], str]:
    monkeypatch.setattr(drive, "PART", 2**18)
    return partial(share_on_drive, new_session(SECRET), root=service.root)


def test_the_file_arrives_in_parts_and_everyone_with_the_link_may_read(
    share: Callable, service: StandIn, upload: Upload
) -> None:
    link = share(upload)
    assert service.files == {"quick.zip": upload.content}
    assert service.shared == {"file_0"}
    assert link == "https://drive.google.com/file/d/file_0/view?usp=sharing"
    assert sum(request.startswith("PUT") for request in service.requests) == 5
    assert drive_id(link) == "file_0"  # what `pack` takes and entries may link to


@pytest.mark.parametrize("fault", ["break", (503, {}, b"backend error"), (500, {}, {}), (429, {}, {}), SLOW])
def test_what_breaks_off_in_the_middle_goes_on_from_there(
    fault, share: Callable, service: StandIn, upload: Upload, pauses: list[float]
) -> None:
    service.faults = [(PART, fault), (PART, "break"), (BEGIN, fault), (PERMISSION, fault)]
    share(upload)
    assert service.files == {"quick.zip": upload.content}
    assert service.shared == {"file_0"}
    assert len(pauses) == 4


def test_what_google_has_dropped_is_sent_again(share: Callable, service: StandIn, upload: Upload) -> None:
    service.eats = 1000
    share(upload)
    assert service.files == {"quick.zip": upload.content}


def test_an_upload_that_google_forgot_begins_anew(share: Callable, service: StandIn, upload: Upload, refused) -> None:
    service.faults = [(PART, (404, {}, {}))]
    assert "file_1" in share(upload)
    service.faults = [(PART, (410, {}, {}))] * 3
    assert "Google Drive broke off the upload 3 times" in refused(share, upload)


def test_as_long_as_the_service_says_is_waited(
    share: Callable, service: StandIn, upload: Upload, pauses: list[float]
) -> None:
    service.faults = [(BEGIN, (429, {"Retry-After": "17"}, {})), (BEGIN, (503, {"Retry-After": "9999"}, {}))]
    share(upload)
    assert pauses == [17, 60]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (google_error(401, "authError", "Invalid Credentials", "global"), "no longer accepts the sign-in; run"),
        (
            google_error(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded."),
            "Drive is full",
        ),
        (
            google_error(403, "dailyLimitExceeded", "Daily Limit Exceeded"),
            "quota for today is used up; try again tomorrow",
        ),
        (google_error(403, "quotaExceeded", "Quota exceeded"), "quota for today is used up"),
        (google_error(403, "accessNotConfigured", "Google Drive API has not been used"), "Drive API is not enabled"),
        (google_error(403, "insufficientPermissions", "Insufficient Permission", "global"), "tick the box"),
        (google_error(403, "somethingNew", "?"), r"Google Drive refused \(403, somethingNew\)"),
        ((403, {}, b"<html>no JSON</html>"), r"Google Drive refused \(403\)"),
        ((400, {}, [1]), r"Google Drive refused \(400\)"),
        ((200, {}, b""), "answered with something unknown"),
        ((200, {"Location": "https://elsewhere.example/x"}, b""), "answered with something unknown"),
    ],
)
def test_each_refusal_is_a_sentence(answer, words, share: Callable, service: StandIn, upload: Upload, refused) -> None:
    service.faults = [(BEGIN, answer)]
    assert re.search(words, refused(share, upload))
    assert service.requests == ["POST /upload/drive/v3/files"]


def test_a_drive_that_fills_up_on_the_way_says_so(share: Callable, service: StandIn, upload: Upload, refused) -> None:
    service.faults = [(PART, google_error(403, "storageQuotaExceeded", "The user's Drive storage quota ..."))]
    assert "Google Drive is full; free some space and empty its bin" in refused(share, upload)


@pytest.mark.parametrize("place", [BEGIN, PART, PERMISSION])
def test_a_service_that_stays_busy_or_away_is_given_up(
    place: str, share: Callable, service: StandIn, upload: Upload, refused
) -> None:
    service.faults = [(place, SLOW)] * 5
    assert "Google asks to slow down; wait some minutes" in refused(share, upload)
    service.faults = [(place, "break")] * 5
    assert "127.0.0.1 does not answer; check the network and run the same command again" in refused(share, upload)


def test_an_organisation_that_allows_no_links_is_said_with_what_is_done(
    share: Callable, service: StandIn, upload: Upload, refused
) -> None:
    service.faults = [
        (PERMISSION, google_error(403, "publishOutNotPermitted", "The domain administrator ...", "global"))
    ]
    assert "quick.zip is on your Drive, but your organisation does not let everyone" in refused(share, upload)


def test_a_wrong_token_is_in_no_sentence(service: StandIn, upload: Upload, refused) -> None:
    said = refused(share_on_drive, new_session("wrong-secret"), upload, root=service.root)
    assert "sign in." in said
    assert "wrong-secret" not in said
    assert isinstance(new_session(SECRET), requests.Session)
    assert SECRET not in repr(new_session(SECRET).auth)
