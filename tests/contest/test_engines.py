"""The contract of engines: every job once in the records, whoever dies; local here, Slurm and Ray in the long tests."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import types
from collections import Counter
from pathlib import Path

import pytest
from tests.contest.clusters import ray_cluster, ray_nodes, slurm_cluster  # noqa: F401
from tests.contest.conftest import SCORER

from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.events import Failure, Score
from flowleague.contest.verify import verify
from flowleague.engines import choose_engine, local, slurm
from flowleague.engines.job import Ended, Job
from flowleague.engines.local import Local
from flowleague.engines.ray import Ray, measure_there
from flowleague.engines.slurm import Slurm
from flowleague.engines.worker import hand_over, how_it_ended, last_beat
from flowleague.errors import EngineError

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


@pytest.fixture(
    params=["local", pytest.param("slurm", marks=pytest.mark.long), pytest.param("ray", marks=pytest.mark.long)]
)
def engine(request):
    if request.param == "local":
        return Local()
    return request.getfixturevalue(f"{request.param}_cluster")


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


def test_a_contest_is_measured_and_verified(engine, contest, send):
    ids = {send(team, f"# fine\n{team}").id for team in "abc"} | {send("bad", "# refuse").id}
    written = evaluate(contest, engine=engine, scorer=SCORER)
    assert {one.id for one in written} == ids
    assert sorted(type(one).__name__ for one in written) == ["Failure", "Score", "Score", "Score"]
    assert not list((contest / ".measuring").glob("*/"))
    assert verify(contest).faults == []


class Dying:
    """An engine whose workers die the first times that a job is begun."""

    def __init__(self, deaths):
        self.deaths, self.begun, self.engine = deaths, [], Local()

    def width(self, threads, memory_gib):
        return 2

    def start(self, job):
        self.begun.append(job.place.name)
        if len(self.begun) > self.deaths:
            self.engine.start(job)

    def poll(self, job):
        return self.engine.poll(job) if len(self.begun) > self.deaths else Ended(None)

    def cancel(self, job):
        self.engine.cancel(job)


@pytest.mark.parametrize(("deaths", "kind"), [(2, Score), (3, Failure)])
def test_a_dead_worker_is_replaced_twice_and_then_the_machine_is_blamed(deaths, kind, contest, send):
    send("a", "# fine")
    engine = Dying(deaths)
    (measured,) = evaluate(contest, engine=engine, scorer=SCORER)
    assert type(measured) is kind
    assert engine.begun == ["1-1", "1-2", "1-3"]
    if isinstance(measured, Failure):
        assert measured.reason == "The evaluator lost the machine that measured it, each time that it was tried."


def test_this_machine_runs_as_many_as_memory_and_cores_allow(monkeypatch):
    monkeypatch.setattr(local, "free_memory_gib", lambda: 17.0)
    monkeypatch.setattr(local, "usable_cores", lambda: 64)
    assert Local().width(1, 8) == 2
    monkeypatch.setattr(local, "free_memory_gib", lambda: 1.0)
    assert Local().width(1, 8) == 1
    monkeypatch.setattr(local, "free_memory_gib", lambda: 1e6)
    assert Local().width(1, 8) == 64


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


# The commands of a queue that runs a job as soon as it is submitted, and forgets it when it has ended
QUEUE = {
    "sbatch": """#!/bin/sh
for word in "$@"; do case $word in --job-name=*) name=${word#*=};; esac; done
cat > "$QUEUE/$name.sh"; : > "$QUEUE/$name"; echo "$name" >> "$QUEUE/submitted.log"
[ -e "$QUEUE/dead" ] || (sh "$QUEUE/$name.sh"; rm -f "$QUEUE/$name") > /dev/null 2>&1 &
echo Submitted batch job 1
""",
    "squeue": '#!/bin/sh\ncd "$QUEUE" && ls | grep -v "[.]" | sed "s/^/${STATE:-RUNNING} /" || true\n',
    "scancel": '#!/bin/sh\nrm -f "$QUEUE/${1#--name=}"\n',
    "sinfo": "#!/bin/sh\necho 8 64000; echo 8 16000\n",
}


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A made-up Slurm, whose queue is a folder: a file for each job that waits or runs."""
    folder, tools = tmp_path / "queue", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for name, code in QUEUE.items():
        (tools / name).write_text(code)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("QUEUE", str(folder))
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "_LOOK", 0.0)
    monkeypatch.setattr(slurm, "_GRACE", 0.2)
    return folder


def test_a_queue_measures_and_a_second_evaluator_takes_up_what_lies_there(queue, tmp_path):
    one, engine = writing(tmp_path), Slurm()
    assert engine.width(4, 8) == 3  # two and one
    engine.start(one)
    assert ended(engine, one).status == 0
    Slurm().start(one)
    assert Slurm().poll(one) == ended(engine, one)
    assert len((queue / "submitted.log").read_text().split()) == 1


def test_a_job_that_left_the_queue_without_a_word_is_lost(queue, tmp_path):
    (queue / "dead").touch()  # nothing runs what is submitted
    one, engine = writing(tmp_path), Slurm()
    engine.start(one)
    assert engine.poll(one) is None
    Slurm().start(one)  # another evaluator finds it in the queue
    assert len((queue / "submitted.log").read_text().split()) == 1
    engine.cancel(one)
    assert engine.poll(one) is None  # its end may not be seen here yet
    assert ended(engine, one).lost


def test_a_job_whose_machine_fell_silent_is_lost_and_taken_out_of_the_queue(queue, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "_SILENT", 2.0)
    (queue / "dead").touch()
    one, engine = writing(tmp_path), Slurm()
    monkeypatch.setenv("STATE", "PENDING")
    engine.start(one)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:  # what waits need not beat
        assert engine.poll(one) is None
        time.sleep(0.1)
    monkeypatch.setenv("STATE", "RUNNING")
    for _ in range(3):
        time.sleep(1)
        (one.place / "beat").touch()
        assert engine.poll(one) is None
    name = (queue / "submitted.log").read_text().strip()
    assert (queue / name).exists()
    assert ended(engine, one).lost
    assert not (queue / name).exists()


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


def test_a_queue_that_refuses_or_is_not_here_is_a_sentence(queue, tmp_path, monkeypatch):
    (tmp_path / "tools/sbatch").write_text("#!/bin/sh\necho 'invalid partition specified: gpu' >&2; exit 1\n")
    with pytest.raises(EngineError, match="Slurm refused sbatch: invalid partition specified: gpu"):
        Slurm("gpu").start(writing(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="Slurm's command sinfo is not on this machine"):
        Slurm().width(1, 1)


def test_a_worker_of_ray_reads_and_writes_bytes_in_a_folder_of_its_own(tmp_path):
    from flowleague.engines.ray import _parcel

    command, files = _parcel(writing(tmp_path))
    assert list(files.values()) == [b"word"]
    assert not any(str(tmp_path) in str(part) for part in command)
    end, made = measure_there(command, files, 1, 60)
    assert (end.status, made["made.txt"]) == (0, b"WORD")


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


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install 'flowleague\[ray\]'"):
        Ray()


def test_an_address_where_nobody_listens_is_refused_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))  # Ray itself would try for minutes
    with pytest.raises(EngineError, match=r"No cluster of Ray answers at ray://127.0.0.1:1; .*refused"):
        Ray("ray://127.0.0.1:1")
