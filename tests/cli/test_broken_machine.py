"""`doctor` and `contest check` on machines that are broken in eight ways, word for word.

Each transcript under golden/broken is what an organiser reads there; `FLOWLEAGUE_GOLDEN=write` renews them.
"""

import os
import platform
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from tests.cli.test_commands import flowleague, succeed

from flowleague import hardware
from flowleague.cli import doctor
from flowleague.contest import ready
from flowleague.engines.local import Local
from flowleague.entrant.sandbox import doctor as sandbox
from flowleague.entrant.sandbox import wall
from flowleague.judge.judges import WEIGHTS

GOLDEN = Path(__file__).parent / "golden" / "broken"
Patch = pytest.MonkeyPatch
Break = Callable[[Path, Patch], None]


@pytest.fixture
def contest(tmp_path: Path, monkeypatch: Patch) -> Path:
    """An empty contest that is open, on a machine where all is well and whose figures do not change."""
    stand_still(monkeypatch)
    succeed("contest", "new", "class", "--zone", "Europe/Berlin", "--opens", "2026-10-08", cwd=tmp_path)
    return tmp_path / "class"


def stand_still(patch: Patch) -> None:
    """Fix time, disk, memory and versions; the sandbox is there and holds."""
    clock = type("Clock", (datetime,), {"now": classmethod(lambda cls, zone=None: datetime(2026, 10, 9, tzinfo=UTC))})
    patch.setattr(ready, "datetime", clock)
    patch.setattr(ready, "free_memory_gib", lambda: 30.0)
    patch.setattr(Local, "width", lambda *needed: 3)
    free_disk(patch, 100)
    patch.setattr(doctor, "version", lambda package: "VERSION")
    patch.setattr(hardware, "this_machine", lambda: namedtuple("Machine", "system processor")("SYSTEM", "PROCESSOR"))
    patch.setattr(platform, "python_version", lambda: "VERSION")
    patch.setattr(sandbox, "escapes", lambda: [sandbox.Check(name, True, "not allowed") for name in ("read", "write")])
    patch.setattr(wall, "problems", lambda: iter([""] * 5))


def free_disk(patch: Patch, gib: float) -> None:
    patch.setattr(shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(int(gib * 2**30)))


def edit(rules: Path, old: str, new: str) -> None:
    text = rules.read_text()
    assert old in text
    rules.write_text(text.replace(old, new))


def no_bubblewrap(contest: Path, patch: Patch) -> None:
    missing = wall._bwrap_problem  # looked for in an empty PATH
    patch.setattr(wall, "problems", lambda: iter(["", "", "", missing(), ""]))
    patch.setenv("PATH", str(contest))


def no_torch(contest: Path, patch: Patch) -> None:
    def version(package: str) -> str:
        if package == "torch":
            raise PackageNotFoundError
        return "VERSION"

    patch.setattr(doctor, "version", version)
    patch.delitem(sys.modules, "flowleague.judge.judges", raising=False)
    patch.setitem(sys.modules, "torch", None)


def half_judges(contest: Path, patch: Patch) -> None:
    """Judges of the organiser's, of which the copying left out a file."""
    shutil.copytree(WEIGHTS / "mnist", contest / "judges")
    (contest / "judges" / "token-mixer.json").unlink()


def typo(contest: Path, patch: Patch) -> None:
    edit(contest / "contest.toml", 'dataset = "mnist"', 'dataset = "mnits"')


def no_data(contest: Path, patch: Patch) -> None:
    """A folder of digits of which the copying left out three files."""
    digits = contest.parent / "digits"
    digits.mkdir()
    (digits / "train-labels-idx1-ubyte").write_bytes(b"")
    patch.setenv("FLOWLEAGUE_DATA", digits.name)


def full_disk(contest: Path, patch: Patch) -> None:
    """And little memory."""
    free_disk(patch, 0.25)
    patch.setattr(ready, "free_memory_gib", lambda: 2.0)


def wrong_zone(contest: Path, patch: Patch) -> None:
    edit(contest / "contest.toml", '"Europe/Berlin"', '"Europe/Berlim"')


def wrong_dates_and_names(contest: Path, patch: Patch) -> None:
    for day in ("opens = 2026", "closes = 2026"):
        edit(contest / "contest.toml", day, day.replace("2026", "2025"))
    edit(contest / "contest.toml", "baselines = []", 'baselines = ["Sample Txet"]')
    (contest / "analysis.toml").write_text('[marks."The Latens"]\nmark = 9\nreviewer = "A"\n')


BROKEN = [(no_bubblewrap, 0), (no_torch, 2), (half_judges, 2), (typo, 2), (no_data, 2), (full_disk, 2)]
BROKEN += [(wrong_zone, 2), (wrong_dates_and_names, 0)]


@pytest.mark.parametrize(("broken", "status"), BROKEN, ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_said_on_a_broken_machine(
    broken: Break, status: int, contest: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    broken(contest, monkeypatch)
    text = ""
    for words in (("doctor",), ("contest", "check", "-C", "class")):
        done = flowleague(*words, cwd=tmp_path)
        lines = [line.rstrip() for line in (done.out + done.err).splitlines()]
        text += "\n".join([f"$ flowleague {' '.join(words)}", *lines, f"exit status {done.status}", "", ""])
    path = GOLDEN / f"{broken.__name__}.txt"
    if os.environ.get("FLOWLEAGUE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert done.status == status


def test_a_whole_machine_is_ready(contest: Path, tmp_path: Path) -> None:
    assert "The sandbox holds" in succeed("doctor", cwd=tmp_path)
    assert "All is ready." in succeed("contest", "check", "-C", "class", cwd=tmp_path)
