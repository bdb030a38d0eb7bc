import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowleague.entrant.sandbox import processes
from flowleague.entrant.sandbox.processes import family, memory_of, pause, resume

FAMILY = """
import os, time
held = bytearray(b"x" * 50_000_000)
for _ in range(2):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(1000)
        time.sleep(1000)
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def root():
    process = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    while len(family(process.pid)) < 5:
        time.sleep(0.01)
    yield process.pid
    members = family(process.pid)
    for member in members:
        subprocess.run(["kill", "-KILL", str(member)], check=False)
    process.communicate()


def states(members):
    return {Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[0] for member in members}


def until(condition):
    end = time.monotonic() + 120
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_a_family_is_stopped_and_goes_on_together(root):
    members = family(root)
    assert len(members) == 5
    pause(root)
    assert until(lambda: states(members) == {"T"})
    resume(root)
    assert until(lambda: states(members) == {"S"})


def test_memory_is_that_of_all(root):
    assert memory_of(root) > 50_000_000
    assert memory_of(root) > memory_of(family(root)[-1])


def test_no_number_is_signalled_that_stands_for_more_than_a_child(tmp_path, monkeypatch):
    (tmp_path / "70" / "task" / "70").mkdir(parents=True)
    (tmp_path / "70" / "task" / "70" / "children").write_text("71 0 1 72 ")
    monkeypatch.setattr(processes, "PROC", tmp_path)
    assert sorted(family(70)) == [70, 71, 72]


def test_the_dead_have_no_family():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert family(process.pid) == [process.pid]
    assert memory_of(process.pid) == 0
    pause(process.pid)
    resume(process.pid)
