"""The workflows of a contest that takes entries by pull request, written into its folder; they hold no logic."""

import re
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from flowleague.pulls.event import PullError

WORKFLOWS = ("evaluate.yml", "board.yml", "pages.yml")
_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def github_files(folder: Path) -> dict[Path, str]:
    """The workflows and what they install, by their path in a contest's folder.

    Raises `PullError` when one of them is there already.
    """
    files = {folder / ".github" / "workflows" / name: _source(name) for name in WORKFLOWS}
    files[folder / ".github" / "flowleague.txt"] = _requirements()
    for path in files:
        if path.exists():
            raise PullError(f"{path} is there already; move it away, or leave out --github.")
    return files


def _requirements() -> str:
    """What every job installs: the evaluator of this contest, and PyTorch without a GPU, in the versions used here."""
    torch = re.sub(r"\+.*", "", version("torch"))
    return (
        "# What the jobs install. All entries are measured by one version: when you change it, rescore.\n"
        f"--extra-index-url {_TORCH_INDEX}\n"
        f"torch=={torch}+cpu\n"
        f"flowleague[report]=={version('flowleague')}\n"
    )


def _source(name: str) -> str:
    return resources.files("flowleague.pulls").joinpath("workflows", name).read_text(encoding="utf-8")
