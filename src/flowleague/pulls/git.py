"""git for untrusted commits: they are fetched and read as objects, and never checked out.

Nothing of a commit is executed that way: no hook, no filter, no attribute, no submodule, and no path of it is ever a
path of this machine.
"""

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from flowleague.errors import printable
from flowleague.pulls.event import PullError

_TIMEOUT = 600  # seconds
PLAIN = ("100644", "100755")  # modes of regular files
_HEAD_REF = "refs/flowleague/pull"
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "protocol.ext.allow": "never",
    "commit.gpgSign": "false",
    "user.name": "github-actions[bot]",  # who commits; names and addresses of contestants stay out of the contest
    "user.email": "41898282+github-actions[bot]@users.noreply.github.com",
}


@dataclass(frozen=True)
class Blob:
    """A file in a commit: its name in git, its mode (see `PLAIN`), and its size in bytes."""

    name: str
    mode: str
    size: int


def git(folder: Path, *words: str, token: str = "") -> bytes:
    """The output of a git command; raises `PullError` when it fails. The token is never part of a command line."""
    settings = dict(_SETTINGS)
    if token:
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        proof = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings[f"http.{server}/.extraheader"] = f"AUTHORIZATION: basic {proof}"
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PullError(f"git {words[0]} could not be run ({printable(error)}).") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise PullError(f"git {words[0]} failed and said: {printable(said[-1])}")
    return done.stdout


def fetch_base(folder: Path, branch: str, token: str = "") -> str:
    """Fetch the base branch; returns its commit."""
    tracked = f"refs/remotes/origin/{branch}"
    git(folder, "fetch", "--quiet", "--no-tags", "origin", f"+refs/heads/{branch}:{tracked}", token=token)
    return git(folder, "rev-parse", "--verify", f"{tracked}^{{commit}}").decode().strip()


def fetch_head(folder: Path, number: int, expected: str, token: str = "") -> None:
    """Fetch the head of a pull request; raises `PullError` when it is not the expected commit any more."""
    words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "origin")
    git(folder, *words, f"+refs/pull/{number}/head:{_HEAD_REF}", token=token)
    found = git(folder, "rev-parse", "--verify", f"{_HEAD_REF}^{{commit}}").decode().strip()
    if found != expected:
        raise PullError(f"Newer commits have been pushed since {expected[:12]}; they are evaluated on their own.")


def changed_paths(folder: Path, base: str, head: str) -> dict[str, str]:
    """Paths that a pull request changes since it left the base, with the mode each has then (000000: removed)."""
    try:
        start = git(folder, "merge-base", base, head).decode().split()[0]
    except PullError as error:
        raise PullError("The branch shares no commit with the contest; begin it from the contest's branch.") from error
    raw = git(folder, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff", start, head)
    words = raw.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return {path: facts.split()[1] for facts, path in zip(words[::2], words[1::2], strict=True)}


def files_of(folder: Path, commit: str, path: str) -> dict[str, Blob]:
    """All files below a path of a commit, by their path from there; links and submodules too, marked by their mode."""
    raw = git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", f"{path}/")
    found = {}
    for line in raw.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        facts, name = line.split("\t", 1)
        mode, _, blob, size = facts.split()
        found[name.removeprefix(f"{path}/")] = Blob(blob, mode, int(size) if size.isdecimal() else 0)
    return found


def read_blob(folder: Path, blob: Blob) -> bytes:
    """The bytes of a file."""
    return git(folder, "cat-file", "blob", blob.name)
