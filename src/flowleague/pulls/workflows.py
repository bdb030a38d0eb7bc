"""The workflows of a contest that takes entries by pull request, written into its folder; they hold no logic.

Jobs with privileges install what they run, so each file of it is named by its hash: packages by the list that comes
with this version (`requirements.txt`), FlowLeague by a source that the organiser gives. Its name on a package index
would be whoever's registers it first.
"""

import hashlib
import re
from importlib import resources
from pathlib import Path

from flowleague.pulls.event import PullError

WORKFLOWS = ("evaluate.yml", "board.yml", "pages.yml")
_LOCK = "requirements.txt"
_COMMIT = re.compile(r"git\+https://[^\s@#]+@[0-9a-f]{40}")
_WHEEL = re.compile(r"flowleague-[0-9A-Za-z.+_]+-py3-none-any\.whl")
_HEAD = "# The evaluator. All entries are measured by one version: when you change it, rescore.\n"


def github_files(folder: Path, source: str | None) -> dict[Path, bytes]:
    """The workflows and what they install, by their path in a contest's folder.

    `source` is a git URL with a full commit, or the path of a wheel, which is put beside the workflows. Raises
    `PullError` without one of them, and when a file is there already.
    """
    place = folder / ".github"
    files = {place / "workflows" / name: _held(name) for name in WORKFLOWS} | {place / _LOCK: _held(_LOCK)}
    files |= {place / name: content for name, content in _evaluator(source).items()}
    for path in files:
        if path.exists():
            raise PullError(f"{path} is there already; move it away, or leave out --github.")
    return files


def _evaluator(source: str | None) -> dict[str, bytes]:
    """What names FlowLeague to pip, and its wheel where that is the source."""
    if source and _COMMIT.fullmatch(source):
        return {"flowleague.txt": f"{_HEAD}flowleague @ {source}\n".encode()}
    wheel = Path(source or "")
    if not _WHEEL.fullmatch(wheel.name):
        raise PullError(
            "The jobs need FlowLeague from a place of yours: give --source git+https://HOST/OWNER/REPOSITORY@COMMIT "
            "with all 40 digits of the commit, or the path of a wheel (python -m build --wheel)."
        )
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise PullError(f"The wheel {wheel} cannot be read ({error.strerror}); give its path with --source.") from error
    line = f"./.github/{wheel.name} --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
    return {"flowleague.txt": (_HEAD + line).encode(), wheel.name: content}


def _held(name: str) -> bytes:
    return resources.files("flowleague.pulls").joinpath("workflows", name).read_bytes()
