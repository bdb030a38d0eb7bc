"""Processes that are forked from one that has imported PyTorch: each by itself, bounded in time, ended by who asked."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from flowleague.entrant import helping
from flowleague.entrant.helping import Helpers

MODULE = """
import os, sys, time
KEPT = []
def _main(word):
    for line in sys.stdin.buffer:
        KEPT.append(line)
        if line == b"end\\n":
            os._exit(3)
        if line == b"sleep\\n":
            time.sleep(600)
        print(word, os.getpid(), len(KEPT), "torch" in sys.modules, flush=True)
if __name__ == "__main__":
    _main(*sys.argv[1:])
"""


@pytest.fixture(params=[True, False], ids=["forked", "afresh"])
def helpers(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helpers]:
    if request.param and sys.platform != "linux":
        pytest.skip("this system starts helpers afresh")
    (tmp_path / "answering.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(helping, "_FORKS", request.param)
    with closing(Helpers()) as made:
        yield made


def line(replies: IO[bytes]) -> list[str]:
    said = replies.readline()
    if not said:
        raise EOFError
    return said.decode().split()


def ended(pid: int) -> bool:
    """Whether a process has ended, or does within seconds."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_each_keeps_to_itself_and_forked_ones_find_torch_imported(helpers):
    with closing(helpers.start("answering", "a")) as a, closing(helpers.start("answering", "b")) as b:
        first, again, other = (one.ask(b"x\n", line, 60) for one in (a, a, b))
    assert (first[0], first[2], again[2], other[0], other[2]) == ("a", "1", "2", "b", "1")
    assert first[1] == again[1] != other[1]
    assert first[3] == str(helping._FORKS)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_one_that_takes_too_long_or_ends_is_told_and_the_others_go_on(helpers):
    slow, ending, good = (helpers.start("answering", word) for word in "abc")
    pid = int(slow.ask(b"x\n", line, 60)[1])
    with pytest.raises(TimeoutError):
        slow.ask(b"sleep\n", line, 0.5)
    assert ended(pid)
    with pytest.raises(EOFError):
        ending.ask(b"end\n", line, 60)
    pid = int(good.ask(b"x\n", line, 60)[1])
    helpers.close()
    if helping._FORKS:
        assert ended(pid)
    good.close()
    assert ended(pid)


DYING = """
import os
from flowleague.entrant.helping import Helpers
helpers = Helpers()
helper = helpers.start("answering", "a")
print(helper.ask(b"x\\n", lambda replies: replies.readline(), 60).decode(), flush=True)
helper._requests.write(b"sleep\\n")
helper._requests.flush()
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_all_end_when_who_started_them_ends(tmp_path, monkeypatch):
    """Even while they compute: what they are forked from sees it, and ends them."""
    (tmp_path / "answering.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    done = subprocess.run([sys.executable, "-c", DYING], capture_output=True, text=True, timeout=120, check=True)
    assert ended(int(done.stdout.split()[1]))
