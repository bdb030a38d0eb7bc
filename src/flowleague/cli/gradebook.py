"""A gradebook names people's Canvas users: it is not written where the next commit would take it along."""

import shutil
import subprocess
from pathlib import Path

from flowleague.errors import OutputError


def check_ignored(path: Path) -> None:
    """Raise `OutputError` where a file would stand in a git work tree that does not ignore it."""
    folder = path.absolute().parent
    tree = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if tree is None or _is_ignored(path.absolute(), tree):
        return
    raise OutputError(
        f"{path} would be in the git work tree {tree}, which does not ignore it, and it holds Canvas ids; write it "
        f"elsewhere, or add {path.name} to {tree / '.gitignore'}."
    )


def _is_ignored(path: Path, tree: Path) -> bool:
    """Whether git says that it ignores a file; without git nobody can tell."""
    if (git := shutil.which("git")) is None:
        return False
    command = [git, "-c", "safe.directory=*", "-C", str(tree), "check-ignore", "--quiet", "--", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
