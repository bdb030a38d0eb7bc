"""The contract of engines, for one job: what it reads, writes and says, and how it ends; options that fit."""

# ruff: noqa: F811 - fixtures are imported, and named again as arguments

import os
import subprocess
import sys
import time

import pytest
from tests.engines.clusters import engine, ray_cluster, ray_nodes, slurm_cluster  # noqa: F401 - fixtures
from tests.engines.jobs import ended, job, writing

from flowleague.engines import choose_engine, local
from flowleague.engines.local import Local
from flowleague.engines.worker import hand_over, how_it_ended, last_beat
from flowleague.errors import EngineError


def test_a_job_reads_writes_and_tells_its_status(engine, tmp_path):
    one = writing(tmp_path)
    engine.start(one)
    assert ended(engine, one).status == 0
    assert (one.place / "made.txt").read_text() == "WORD"
    two = job(tmp_path / "two", sys.executable, "-c", "import sys; print('a line'); sys.exit(3)")
    engine.start(two)
    end = ended(engine, two)
    assert (end.status, end.said[-1], end.late, end.lost) == (3, "a line", False, False)


def test_a_job_that_takes_too_long_is_late_and_one_that_is_killed_is_lost(engine, tmp_path):
    slow = job(tmp_path / "slow", sys.executable, "-c", "import time; time.sleep(600)", seconds=0.5)
    killed = job(tmp_path / "killed", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    for one in (slow, killed):
        engine.start(one)
    assert ended(engine, slow).late
    assert ended(engine, killed).lost


def test_a_cancelled_job_ends_with_what_it_started(engine, tmp_path):
    pid = tmp_path / "pid"
    code = (
        "import subprocess, pathlib, sys; started = subprocess.Popen(['sleep', '600']); "
        "pathlib.Path(sys.argv[1]).write_text(str(started.pid)); started.wait()"
    )
    one = job(tmp_path / "one", sys.executable, "-c", code, str(pid))
    engine.start(one)
    while not pid.exists() or not pid.read_text():
        time.sleep(0.02)
    engine.cancel(one)
    until = time.monotonic() + 60
    while os.path.exists(f"/proc/{pid.read_text()}/fd") and _alive(int(pid.read_text())):
        assert time.monotonic() < until
        time.sleep(0.02)


def _alive(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def test_this_machine_runs_as_many_as_memory_and_cores_allow(monkeypatch):
    monkeypatch.setattr(local, "free_memory_gib", lambda: 17.0)
    monkeypatch.setattr(local, "usable_cores", lambda: 64)
    assert Local().width(1, 8) == 2
    monkeypatch.setattr(local, "free_memory_gib", lambda: 1.0)
    assert Local().width(1, 8) == 1
    monkeypatch.setattr(local, "free_memory_gib", lambda: 1e6)
    assert Local().width(1, 8) == 64


def test_a_worker_beats_while_its_command_runs(tmp_path):
    one = job(tmp_path / "one", sys.executable, "-c", "print('fine')")
    assert last_beat(one.place) is None
    before = time.time_ns()
    subprocess.run([sys.executable, *hand_over(one)], check=True, timeout=60)
    end = how_it_ended(one.place)
    assert end is not None
    assert end.status == 0
    beat = last_beat(one.place)
    assert beat is not None
    assert beat > before - 10**9


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("local", "head:6379", None), "--address names a cluster of Ray; give --engine ray too."),
        (("ray", None, "gpu"), "--partition belongs to Slurm; give --engine slurm too."),
    ],
)
def test_options_of_another_engine_are_refused(words, sentence):
    with pytest.raises(EngineError, match=sentence):
        choose_engine(*words)
