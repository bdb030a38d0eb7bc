"""Every entry once in the records, whoever dies at whatever moment: this machine's processes, Slurm and Ray."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.contest.conftest import SCORER
from tests.engines.clusters import ray_cluster, ray_nodes, slurm_cluster  # noqa: F401 - fixtures

from flowleague.contest.chain import read_records
from flowleague.contest.verify import verify

EVALUATE = """
import sys
import types
from pathlib import Path
from flowleague.contest.evaluate import evaluate
from flowleague.engines import choose_engine, slurm
slurm._SILENT = 25.0  # of a machine that dies, sooner than in earnest
name, address, folder, *scorer = sys.argv[1:]
evaluate(Path(folder), jobs=4, scorer=scorer, engine=choose_engine(name, address or None, None))
"""


def kill_a_scorer(rng, where):
    """Kill one of the processes that measure entries below a folder."""
    found = subprocess.run(["pgrep", "-f", SCORER[-1]], capture_output=True, text=True).stdout.split()
    scorers = [int(pid) for pid in found if b"--out" in (words := _words(pid)) and where.encode() in words]
    if scorers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(scorers), signal.SIGKILL)
    return bool(scorers)


def _words(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def kill_the_node(name, request):
    """A machine of the cluster dies, and comes back."""
    if name == "slurm":
        subprocess.run(["pkill", "-9", "-x", "slurmd"], check=True)
        subprocess.run(["pkill", "-9", "-x", "slurmstepd"])
        subprocess.run(["slurmd"], check=True)  # Slurm believes for minutes that its jobs run
    if name == "ray":
        cluster = request.getfixturevalue("ray_nodes")
        (node,) = cluster.worker_nodes
        cluster.remove_node(node, allow_graceful=False)
        cluster.add_node(num_cpus=1)


@pytest.mark.long
@pytest.mark.parametrize("name", ["local", "slurm", "ray"])
def test_whoever_dies_every_entry_is_recorded_once(name, contest, send, request, monkeypatch):
    rng, ids = random.Random(name), {send(f"team {i}", f"# fine\n{i}").id for i in range(50)}
    monkeypatch.setenv("SCORER_SECONDS", "0.5")
    address = ""
    if name != "local":
        request.getfixturevalue(f"{name}_cluster")
    if name == "ray":
        address = request.getfixturevalue("ray_nodes").address
    words = [sys.executable, "-c", EVALUATE, name, address, str(contest), *SCORER]
    killed = Counter()
    while True:
        evaluator = subprocess.Popen(words)
        for who in rng.choices(["scorer", "scorer", "node", "evaluator"], k=10) if sum(killed.values()) < 12 else []:
            time.sleep(rng.uniform(0.5, 3))
            if evaluator.poll() is not None:
                break
            if who == "evaluator":
                evaluator.kill()
                killed[who] += 1
                break
            if who == "node":
                kill_the_node(name, request)
            killed[who] += who == "node" or kill_a_scorer(rng, "/files/in/" if name == "ray" else str(contest))
        if evaluator.wait(600) == 0:
            break
    records = [record for record in read_records(contest) if record.kind in ("score", "failure")]
    print(name, dict(killed), Counter(record.kind for record in records))
    assert Counter(record.body["id"] for record in records) == Counter(ids)
    failed = [record.body["reason"] for record in records if record.kind == "failure"]
    assert all(reason.startswith("The evaluator ") for reason in failed)  # killed three times: nobody blames the entry
    assert sum(killed.values()) >= 5
    assert not list((contest / ".measuring").glob("*/"))
    assert verify(contest).faults == []
