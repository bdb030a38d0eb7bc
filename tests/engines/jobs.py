"""Jobs of a few lines, for the tests of engines."""

import sys
import time

from flowleague.engines.job import Job

WRITE = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(pathlib.Path(sys.argv[2]).read_text().upper())"


def job(place, *command, seconds=60.0):
    return Job(command, place, threads=1, seconds=seconds, memory_gib=0.1)


def ended(engine, one, within=120.0):
    """How a job ends; a test that waits too long fails."""
    until = time.monotonic() + within
    while (end := engine.poll(one)) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    return end


def writing(tmp_path, name="out"):
    """A job that reads one file and writes another."""
    (tmp_path / "word.txt").write_text("word")
    place = tmp_path / name
    return job(place, sys.executable, "-c", WRITE, place / "made.txt", tmp_path / "word.txt")
