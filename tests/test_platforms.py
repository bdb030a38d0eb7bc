"""All but the sandbox works without POSIX modules, without a home, and on mounts that refuse (docs/machines.md)."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import flowleague
from flowleague import shipped
from tests.strange import KINDS
from tests.training.tiny import TINY

PACKAGE = Path(flowleague.__file__).parent
IMPORT = """
import importlib, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_but_the_sandbox_is_imported_without_posix() -> None:
    files = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py")]
    names = [".".join(part for part in path.parts if part != "__init__") for path in files]
    names = [name for name in names if ".sandbox" not in name and not name.endswith("__main__")]
    assert len(names) > 100
    done = subprocess.run([sys.executable, "-c", IMPORT, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def on(kind: str, folder: Path, commands: Sequence[Sequence[object]]) -> str:
    """What the commands print on a machine of a kind, all of which must succeed."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-m", "tests.strange", kind, str(folder), words], capture_output=True, check=False
    )
    said = done.stdout.decode(errors="replace")
    statuses = [line.partition(" <- ")[0] for line in said.splitlines() if " <- " in line]
    assert statuses == ["0"] * len(commands), said + done.stderr.decode(errors="replace")
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_a_contest_is_held_on_a_strange_machine(kind: str, tmp_path: Path) -> None:
    said = on(
        kind,
        tmp_path,
        [
            ["contest", "new", "class"],
            ["contest", "submit", shipped.bundle("tiny"), "--team", "Früh", "-C", "class"],
            ["contest", "entries", "-C", "class"],
            ["contest", "verify", "-C", "class"],
            ["models"],
        ],
    )
    assert "All as recorded." in said


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_trained_measured_and_captured_on_a_strange_machine(
    kind: str, tmp_path: Path, idx_folder: Path
) -> None:
    train = ["train", *(word for change in TINY for word in ("--set", change)), "--set", f"dataset={idx_folder}"]
    on(
        kind,
        tmp_path,
        [
            train,
            [*train, "--resume"],
            ["generate", "runs/quick", "--out", "digits.png", "--n", 4],
            ["pack", "runs/quick", "--team", "A", "--out", "packed"],
            ["capture", "runs/quick", "-o", "entry.zip", "--dataset", idx_folder],
            ["score", "entry.zip", "--dry-run", "--dataset", idx_folder, "--judges", "mnist"],
            ["live", "runs/quick", "-o", "live.html"],
        ],
    )
    assert (tmp_path / "entry.scorecard.json").exists()
