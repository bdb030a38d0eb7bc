"""What `contest evaluate` loses against the scorers that it runs: the clock times cores against processor seconds.

    python -m benchmarks.throughput [ENTRIES] [--jobs N]

Sends the shipped model `tiny` in for 12 (or ENTRIES) teams, has `flowleague score` measure two entries alone by the
quick plan, and then `evaluate` all, as many at a time as there are cores (or N). The floor is the processor time of
that many scorers alone, spread over the cores. On an idle machine with two cores it takes some four minutes; where
others are at work, the clock tells of them, and only processor seconds and empty places mean something.

empty places   share of the time in which fewer scorers ran than could: between entries, and at the end
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from flowleague.capacity import usable_cores
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import new_contest
from flowleague.contest.rules import RULES_FILE
from flowleague.contest.scorer import SCORER
from flowleague.contest.submit import Parcel, submit
from flowleague.contest.watching import Present
from flowleague.shipped import FOLDER

ALONE = 2
MODEL = FOLDER / "tiny.zip"


def make_contest(folder: Path, entries: int) -> None:
    """A contest of so many equal entries, to be measured by the quick plan."""
    new_contest(folder, opens=datetime.now() - timedelta(days=1))
    rules = folder / RULES_FILE
    rules.write_text(rules.read_text().replace('plan = "full"', 'plan = "quick"'))
    for number in range(entries):
        submit(folder, Parcel(f"team {number}", MODEL))


def children() -> float:
    """Processor seconds of all processes that this one has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def alone(folder: Path) -> float:
    """Processor seconds of a scorer beside which no other runs."""
    start, words = children(), ["--dry-run", "--out", str(folder / "card.json"), "--pictures", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*SCORER, str(MODEL), *words], check=True, capture_output=True, env=environment)
    return children() - start


class Places:
    """The seconds in which scorers ran, times how many; told many times a second."""

    def __init__(self) -> None:
        self.last, self.busy, self.running = time.monotonic(), 0.0, 0

    def look(self, present: Sequence[Present]) -> None:
        now = time.monotonic()
        self.busy += (now - self.last) * self.running
        self.last, self.running = now, len(present)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("entries", type=int, nargs="?", default=12)
    parser.add_argument("--jobs", type=int, default=usable_cores())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "contest"
        make_contest(folder, asked.entries)
        each = statistics.mean(alone(Path(name)) for _ in range(ALONE))
        places, began, own, before = Places(), time.monotonic(), time.process_time(), children()
        measured = evaluate(folder, jobs=asked.jobs, watch=places.look)
        clock, own, scorers = time.monotonic() - began, time.process_time() - own, children() - before
    kinds = {type(one).__name__ for one in measured}
    offered = clock * asked.jobs
    print(f"{len(measured)} entries ({', '.join(sorted(kinds))}), {asked.jobs} at a time, {clock:.1f} s by the clock")
    print(f"processor: a scorer alone {each:.2f} s, beside others {scorers / len(measured):.2f} s; ", end="")
    print(f"the evaluator {own / len(measured):.3f} s an entry")
    print(f"clock x cores: {offered / (own + scorers):.3f} of all processor seconds, ", end="")
    print(f"{offered / scorers:.3f} of the scorers', {offered / (each * len(measured)):.3f} of the floor")
    print(f"empty places: {1 - places.busy / offered:.1%}")


if __name__ == "__main__":
    main()
