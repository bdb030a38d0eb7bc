"""Contests for tests: open now, with entries of a few lines, and a scorer that takes no time."""

import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowleague.contest.folder import new_contest
from flowleague.contest.submit import Parcel, submit

OPENS, CLOSES = datetime(2026, 10, 8), datetime(2026, 10, 12, 17, 30)  # in Chicago: UTC - 5
NOW = datetime(2026, 10, 9, 12, tzinfo=UTC)
AFTER = datetime(2026, 10, 13, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
SCORER = (sys.executable, "-P", str(Path(__file__).with_name("scorer.py")))


@pytest.fixture
def contest(tmp_path, monkeypatch):
    """The folder of a contest that is open at `NOW`."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    folder = tmp_path / "contest"
    new_contest(folder, zone="America/Chicago", opens=OPENS, closes=CLOSES)
    return folder


@pytest.fixture
def entry(tmp_path):
    """Makes an entry's file from its text."""

    def make(text: str, name: str = "model.py") -> Path:
        path = tmp_path / "sent" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return make


@pytest.fixture
def send(contest, entry):
    """Sends an entry of some text for a team, a minute after the one before."""
    keys, clock = {}, [NOW]

    def send_it(team: str, text: str, now: datetime | None = None, **more):
        clock[0] += timedelta(minutes=1)
        sent = submit(contest, Parcel(team, entry(text), **more), key=keys.get(team), now=now or clock[0])
        keys.setdefault(team, sent.key)
        return sent

    send_it.keys = keys  # pyright: ignore[reportFunctionMemberAccess]
    return send_it


def zip_of(path: Path, **members: str) -> Path:
    """A bundle's zip, its five files as the members say."""
    held = {
        "config.json": "{}",
        "card.json": "{}",
        "training.jsonl": "{}\n",
        "vae.safetensors": "v",
        "flow.safetensors": "f",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (held | {key.replace("__", "."): value for key, value in members.items()}).items():
            archive.writestr(name, text)
    return path
