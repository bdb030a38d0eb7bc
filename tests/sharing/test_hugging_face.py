"""Hugging Face, through its own library: what arrives, and a sentence for everything that it refuses."""

import time
from collections.abc import Callable

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import LocalTokenNotFoundError
from tests.sharing.stand_in import SECRET, StandIn

from flowleague.entrant.download import direct
from flowleague.sharing import Upload
from flowleague.sharing.hugging_face import share_on_hugging_face

# of the library's own way with large files
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def share(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # its storage speaks no HTTP that could stand in
    monkeypatch.setattr(constants, "ENDPOINT", service.root)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    api = HfApi(endpoint=service.root, token=SECRET)
    return lambda uploads, repository="me/digits": share_on_hugging_face(uploads, repository, api)


def test_files_arrive_and_links_lead_to_this_version(share: Callable, service: StandIn, upload: Upload) -> None:
    links = share([upload, Upload("x_vae_1.safetensors", b"vae")])
    assert service.files == {"quick.zip": upload.content, "x_vae_1.safetensors": b"vae"}
    assert links[0] == f"{service.root}/me/digits/resolve/{'c' * 40}/quick.zip"
    there = links[0].replace(service.root, "https://huggingface.co")
    assert direct(there) == there  # what entries may link to


@pytest.mark.parametrize("place", ["PUT /large/", "POST .*/preupload/main"])
def test_a_short_break_goes_unnoticed(place: str, share: Callable, service: StandIn, upload: Upload) -> None:
    service.faults = [(place, (503, {}, {}))]
    share([upload])
    assert service.files == {"quick.zip": upload.content}


@pytest.mark.parametrize(
    ("place", "fault", "words"),
    [
        ("", (401, {}, {"error": "Invalid username or password."}), "(it may have expired); sign in with"),
        ("", (403, {}, {"error": "You don't have the rights"}), "You may not write to me/digits"),
        (
            "objects/batch",
            (403, {}, {"error": "Public repository storage limit reached"}),
            "storage at Hugging Face is full",
        ),
        ("", (402, {}, {"error": "Payment required"}), "storage at Hugging Face is full"),
        ("commit/main", (503, {}, {}), "Hugging Face refused (503); try again later"),
        ("repos/create", (418, {}, {}), "Hugging Face refused (418)"),
    ],
)
def test_each_refusal_is_a_sentence(
    place: str, fault, words: str, share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    service.faults = [(place, fault)] * 5
    assert words in refused(share, [upload])


def test_a_service_that_stays_busy_or_away_is_given_up(
    share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    service.faults = [("", (429, {}, {}))] * 50
    assert "Hugging Face asks to slow down" in refused(share, [upload])
    service.faults = [("", "break")] * 50
    assert "Hugging Face does not answer, or broke off" in refused(share, [upload])


def test_a_private_repository_and_wrong_names_are_refused(
    share: Callable, service: StandIn, upload: Upload, refused: Callable[..., str]
) -> None:
    assert "'me' names no repository; give --repo as OWNER/NAME" in refused(share, [upload], "me")
    assert "is no name that Hugging Face takes" in refused(share, [upload], "me/a..b")
    service.private = True
    assert "me/digits is private, so nobody could open the links" in refused(share, [upload])
    assert service.files == {}


def test_without_a_login_it_says_how_to_sign_in(
    upload: Upload, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise LocalTokenNotFoundError("Token is required, but no token found.")

    monkeypatch.setattr(HfApi, "create_repo", unknown)
    assert "sign in with `hf auth login`, or set HF_TOKEN" in refused(share_on_hugging_face, [upload], "me/digits")
