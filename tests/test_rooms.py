"""Rooms that promise to work without torch are imported in a process that has none."""

import subprocess
import sys
from pathlib import Path

import pytest

import flowleague

PACKAGE = Path(flowleague.__file__).parent
WITHOUT_TORCH = ("scorecard", "ranking", "contest", "live", "board")
IMPORT = """
import importlib, sys
for name in ("torch", "sklearn", "matplotlib"):
    sys.modules[name] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_a_room_without_torch_is_imported_where_there_is_none(room: str) -> None:
    files = [path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / room).rglob("*.py")]
    names = [".".join(part for part in path.parts if part != "__init__") for path in files]
    assert len(names) > 3
    done = subprocess.run([sys.executable, "-c", IMPORT, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
