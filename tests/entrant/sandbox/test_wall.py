"""The wall holds for root and for an ordinary user, and is refused with a reason where it cannot be built."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from flowleague.entrant.code import open_code
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.doctor import escapes, requirements
from flowleague.entrant.sandbox.processes import family
from flowleague.errors import WallError
from flowleague.limits import Limits

SOURCE = Path(wall.__file__).parents[3]
ESCAPES = """
import json, os
from flowleague.entrant.sandbox.doctor import escapes
print(json.dumps([os.getuid(), [[check.name, check.good, check.outcome] for check in escapes()]]))
"""
# Python may lie where another user may not go: show it to him elsewhere, in mounts that nobody else sees.
AS_USER = """
set -e
for part in python site source; do mkdir -p "$1/$part"; done
mount --bind "$2" "$1/python"; mount --bind "$3" "$1/site"; mount --bind "$4" "$1/source"; cd /
exec env -i PATH="$PATH" PYTHONPATH="$1/source:$1/site" HOME="$1" \
    setpriv --reuid 4242 --regid 4242 --clear-groups "$1/python/bin/$5" -B -c "$6"
"""


def as_ordinary_user(program):
    """What a program prints that is run by somebody without powers."""
    if os.getuid():
        return said_by([sys.executable, "-c", program])
    folder = tempfile.mkdtemp(dir="/tmp")  # pytest's own folders are closed to others
    os.chmod(folder, 0o755)
    places = (folder, sys.base_prefix, str(Path(msgspec.__file__).parents[1]), str(SOURCE))
    try:
        command = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            AS_USER,
            "sh",
            *places,
            Path(sys.executable).resolve().name,
            program,
        ]
        return said_by(command)
    finally:
        shutil.rmtree(folder)


def said_by(command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_attempt_to_escape_is_held():
    checks = escapes()
    assert [check for check in checks if not check.good] == []
    assert len(checks) >= 35


def test_every_attempt_of_an_ordinary_user_is_held():
    user, checks = json.loads(as_ordinary_user(ESCAPES))
    assert user != 0
    assert [check for check in checks if not check[1]] == []
    assert len(checks) >= 35


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    *_, last = requirements()
    assert not last.good
    assert "apt-get install bubblewrap" in last.outcome
    (tmp_path / "entry.py").write_text("class SubmissionInterface: pass")
    with pytest.raises(WallError, match="only --trust runs"), open_code(tmp_path / "entry.py"):
        pass
    with open_code(tmp_path / "entry.py", trust=True) as model:
        assert model.facts.weights == ()


def test_an_old_bubblewrap_is_refused(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho bubblewrap 0.4.1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    *_, last = requirements()
    assert "0.8 or newer, not bubblewrap 0.4.1" in last.outcome


def test_without_user_namespaces_the_reason_is_given(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }\n'
        "echo 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(
        WallError, match=r"No permissions to create new namespace; .*user namespaces may be switched off"
    ):
        wall.start("/inside/nothing.py", None, Limits())


def test_only_what_is_named_can_be_imported():
    names = {path.name for path in wall.served()}
    assert {"torch", "numpy", "safetensors", "PIL", "scipy", "tqdm"} <= names
    assert not {"flowleague", "pytest", "requests", "pip", "hypothesis"} & names


@pytest.mark.long
def test_tqdm_is_the_real_one_and_prints_no_bar():
    with open_code("tests/entrant/files/uses_tqdm.py") as model:
        assert model.generate(2, 0).shape == (2, 1, 28, 28), model.said()
    assert "written by tqdm" in model.said()
    assert "BAR" not in model.said()


def test_stand_ins_do_nothing_or_say_what_is_missing():
    with open_code("tests/entrant/files/uses_stand_ins.py") as model:
        assert model.generate(2, 0).shape == (2, 1, 28, 28), model.said()


IN_VAIN = """
import os, sys, time
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.processes import family
from flowleague.errors import WallError
try:
    wall.require_wall()
except WallError as error:
    print(error)
print(len(family(os.getpid())), "process is left")
"""


def test_root_of_a_small_user_namespace_is_told_at_once_and_nothing_is_left():
    done = subprocess.run(
        ["unshare", "--map-root-user", sys.executable, "-c", IN_VAIN],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "The wall cannot be built: [Errno 1] Operation not permitted; root of this container" in done.stdout
    assert done.stdout.endswith("1 process is left\n")


def test_a_bubblewrap_that_says_nothing_is_not_waited_for(monkeypatch, tmp_path):
    silent = tmp_path / "bwrap"
    silent.write_text("#!/bin/sh\nsleep 1000\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(wall, "_SECONDS", 0.5)
    before = set(family(os.getpid()))  # a browser of other tests may be among them
    with pytest.raises(WallError, match=r"bubblewrap said nothing for 0\.5 s"):
        wall.start("/inside/nothing.py", None, Limits())
    assert set(family(os.getpid())) <= before
