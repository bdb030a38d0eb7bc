"""Jobs of Slurm, with a made-up queue: found again, lost, silent, refused."""

import os
import time

import pytest
from tests.engines.jobs import ended, writing

from flowleague.engines import slurm
from flowleague.engines.slurm import Slurm
from flowleague.errors import EngineError

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


def test_a_queue_that_refuses_or_is_not_here_is_a_sentence(queue, tmp_path, monkeypatch):
    (tmp_path / "tools/sbatch").write_text("#!/bin/sh\necho 'invalid partition specified: gpu' >&2; exit 1\n")
    with pytest.raises(EngineError, match="Slurm refused sbatch: invalid partition specified: gpu"):
        Slurm("gpu").start(writing(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="Slurm's command sinfo is not on this machine"):
        Slurm().width(1, 1)
