"""Everything but the sandbox is imported where there are no POSIX modules, as on Windows."""

import subprocess
import sys
from pathlib import Path

import flowleague

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
