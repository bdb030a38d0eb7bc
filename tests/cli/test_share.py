"""The command that shares: links on the screen, and never a secret."""

from pathlib import Path

import pytest
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import InstalledAppFlow
from tests.cli.test_commands import refuse, succeed
from tests.model.export.fresh import fresh_recipe, write_fresh
from tests.sharing.stand_in import SECRET, serving

from flowleague.sharing import drive, github


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    write_fresh(tmp_path / "a run", fresh_recipe("grid"))
    return tmp_path / "a run"


def test_links_are_printed_one_a_line_and_no_secret(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "client.json"
    client.write_text(
        '{"installed": {"client_id": "me", "client_secret": "s", "auth_uri": "https://a/", "token_uri": "https://b/"}}'
    )
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setattr(InstalledAppFlow, "run_local_server", lambda *_, **__: Credentials(SECRET))
    with serving() as service:
        monkeypatch.setattr(drive.share_on_drive, "__defaults__", (service.root,))
        out = succeed("share", fresh, fresh / "vae.safetensors", "--client", client)
        assert out.splitlines() == [
            "a run.zip: https://drive.google.com/file/d/file_0/view?usp=sharing",
            "vae.safetensors: https://drive.google.com/file/d/file_1/view?usp=sharing",
        ]
        addresses = {"api": service.root, "upload_to": service.root}
        monkeypatch.setattr(github.share_on_github, "__kwdefaults__", addresses)
        out = succeed("share", fresh / "vae.safetensors", "--to", "github", "--repo", "me/digits")
        assert out == "vae.safetensors: https://github.com/me/digits/releases/download/weights/vae.safetensors\n"
        said = refuse("share", fresh, "--to", "github", "--repo", "me/digits", "--tag", "no tag")
        assert "is no tag for a release" in said
        assert SECRET not in said


def test_what_cannot_be_shared_is_refused_before_any_sign_in(fresh: Path, tmp_path: Path) -> None:
    assert "There is no bundle at" in refuse("share", tmp_path / "nothing")
    assert "give its file with --client" in refuse("share", fresh)
    assert "names no repository" in refuse("share", fresh, "--to", "hugging-face")
