"""Two users of one machine, made for the test: a contest's folder, a drop folder, shared digits and a shared cache.

They are real accounts, since rights of files do not hold for root, who alone can make accounts.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.test_commands import Done
from tests.contest.conftest import ROOT

from flowleague import shipped
from flowleague.data import load_test
from flowleague.files import cache_folder

SITE = Path(pytest.__file__).parents[1]
RUN = "from flowleague.__main__ import run; run()"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root on Linux can make two users"),
]


@dataclass(frozen=True)
class User:
    """An account with a home of its own."""

    name: str
    home: Path
    python: str

    def does(self, *words: object, **environment: object) -> Done:
        """Run `flowleague` in their home, with their rights and nobody's environment but their own."""
        return self.runs(self.python, "-c", RUN, *words, **environment)

    def runs(self, *words: object, **environment: object) -> Done:
        env = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{SITE}:{ROOT / 'src'}",
            "COLUMNS": "100",
        }
        env |= {name: str(value) for name, value in environment.items()}
        who = {"user": self.name, "group": pwd.getpwnam(self.name).pw_gid, "extra_groups": [], "umask": 0o022}
        command = [str(word) for word in words]
        ran = subprocess.run(command, cwd=self.home, env=env, capture_output=True, text=True, check=False, **who)
        assert "Traceback" not in ran.stdout + ran.stderr, ran.stderr
        return Done(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def users() -> Iterator[tuple[User, User]]:
    """An organiser and a contestant, whose homes others may look into."""
    place = Path(tempfile.mkdtemp(prefix="flowleague-homes-"))
    place.chmod(0o755)
    names = [f"fl{os.getpid()}{letter}" for letter in "oc"]
    try:
        made = []
        for name in names:
            subprocess.run(["useradd", "--create-home", "--home-dir", place / name, name], check=True)
            (place / name).chmod(0o755)
            made.append(User(name, place / name, python_for(name)))
        yield made[0], made[1]
    finally:
        for name in names:
            subprocess.run(["userdel", name], check=False)
        shutil.rmtree(place)


def python_for(name: str) -> str:
    """A Python of this version that a user can run: this one, or the system's where this one lies in root's home."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            trial = ["-c", "import numpy, flowleague"]
            env = {"PYTHONPATH": f"{SITE}:{ROOT / 'src'}"}
            subprocess.run([python, *trial], user=name, env=env, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"no Python 3.{sys.version_info.minor} here with these libraries may be run by other users than root")


@pytest.fixture(scope="module")
def contest(users: tuple[User, User]) -> Path:
    organiser, _ = users
    assert organiser.does("contest", "new", "class").status == 0
    return organiser.home / "class"


def handed_over(path: Path, user: User) -> Path:
    """A copy of what lies in a root's folder, for a user."""
    copy = user.home / path.name
    shutil.copytree(path, copy) if path.is_dir() else shutil.copyfile(path, copy)
    subprocess.run(["chown", "-R", user.name, copy], check=True)
    return copy


def test_another_user_reads_a_contest_and_writes_nothing_into_it(users: tuple[User, User], contest: Path) -> None:
    organiser, contestant = users
    bundle = handed_over(shipped.bundle("tiny"), contestant)
    before = (contest / "records.jsonl").read_bytes()
    for words in (("rank",), ("entries",), ("verify",)):
        assert contestant.does("contest", *words, "-C", contest).status == 0, words
    assert contestant.does("board", contest, "-o", "site").status == 0
    for words in (("submit", bundle, "--team", "Ours"), ("evaluate",), ("rescore", "--reason", "mine")):
        done = contestant.does("contest", *words, "-C", contest)
        assert done.status != 0 or "Every entry is measured" in done.out, words
        assert "free some space" not in done.err
    assert (
        "ask for the right to write there"
        in contestant.does("contest", "submit", bundle, "--team", "Ours", "-C", contest).err
    )
    assert contestant.runs("cat", contest / "private.toml").status != 0
    assert (contest / "records.jsonl").read_bytes() == before
    assert organiser.does("contest", "verify", "-C", contest).status == 0


def test_entries_are_dropped_and_taken_in_and_nobody_touches_another_s(users: tuple[User, User], contest: Path) -> None:
    organiser, contestant = users
    drop = organiser.home / "drop"
    assert organiser.runs("install", "-d", "-m", "1733", drop).status == 0  # as docs/contest.md has it
    mine = contestant.home / "The Weavers"
    contestant.runs("mkdir", mine)
    shutil.copyfile(shipped.bundle("tiny"), mine / "tiny.zip")
    (mine / "entry.toml").write_text('team = "The Weavers"\n')
    assert contestant.runs("cp", "-r", mine, drop).status == 0
    assert contestant.runs("ls", drop).status != 0
    contestant.runs("mkdir", drop / "Hidden")
    contestant.runs("cp", mine / "tiny.zip", drop / "Hidden")
    contestant.runs("chmod", "700", drop / "Hidden")
    taken = organiser.does("contest", "take-in", drop, "-C", contest)
    assert taken.status == 2
    assert "1 of 1 students and folders are taken in, 1 needs a person" in taken.out
    assert "Hidden  left: its owner alone can read it" in taken.out
    assert "The Weavers" in contestant.does("contest", "entries", "-C", contest).out
    organiser.runs("mkdir", drop / "Theirs")
    assert contestant.runs("rmdir", drop / "Theirs").status != 0
    measured = contestant.does("contest", "evaluate", "-C", contest)
    assert (
        measured.status,
        "private.toml cannot be read (Permission denied); it is for its owner." in measured.err,
    ) == (2, True), measured.err
    assert organiser.does("contest", "verify", "-C", contest).status == 0


def test_digits_and_cache_may_be_shared_and_what_is_closed_is_said(users: tuple[User, User]) -> None:
    organiser, contestant = users
    load_test("mnist")  # so that they are in the cache
    digits = handed_over(cache_folder("data", "mnist"), organiser)
    assert contestant.does("data", FLOWLEAGUE_DATA=digits).status == 0
    shared = organiser.home / "cache" / "flowleague" / "data" / "mnist"
    organiser.runs("mkdir", "-p", shared.parent)
    organiser.runs("cp", "-r", digits, shared)
    done = contestant.does("data", XDG_CACHE_HOME=organiser.home / "cache")
    assert (done.status, str(shared) in done.out) == (0, True), done.err
    digits.chmod(0o700)
    closed = contestant.does("data", FLOWLEAGUE_DATA=digits)
    assert (closed.status, "is not readable" in closed.err) == (2, True), closed.err


def test_what_another_s_killed_command_left_in_the_folder_of_temporary_files_disturbs_nobody(
    users: tuple[User, User],
) -> None:
    organiser, contestant = users
    shared = organiser.home / "tmp"
    organiser.runs("mkdir", shared)
    shared.chmod(0o1777)
    left = shared / "flowleague-files-left"
    organiser.runs("mkdir", "-m", "700", left)
    assert contestant.does("models", TMPDIR=shared).status == 0
    assert left.exists()
    assert organiser.does("models", TMPDIR=shared).status == 0
