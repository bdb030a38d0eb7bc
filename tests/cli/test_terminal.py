"""Consoles that know few characters, readers that leave, Ctrl-C, and too little memory."""

import functools
import os
import signal
import subprocess
import sys

import pytest
from tests.cli.test_commands import flowleague

from flowleague.cli.terminal import lacks_memory

COMMAND = (sys.executable, "-m", "flowleague")


def in_a_console(encoding: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "120"}
    return subprocess.run([*COMMAND, *words], capture_output=True, env=environment, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_a_console_that_knows_few_characters_gets_similar_ones(encoding):
    done = in_a_console(encoding, "models")
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode(encoding)
    assert ("+-" if encoding == "ascii" else "±") in said
    assert "Fréchet distance" in said or "Frechet distance" in said


def test_names_that_a_console_cannot_show_are_refused_all_the_same():
    done = in_a_console("ascii", "contest", "entries", "-C", "модель")
    assert done.returncode == 2
    assert b"flowleague: " in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["models", "data"])  # by tables, and by print
def test_a_reader_that_leaves_is_no_fault(command):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, command], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_full_disk_behind_the_output_is_one_sentence():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, "data"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"flowleague: No space left on device; fix this and run the same command again.\n"


# Tidying takes long here; real commands end a stage, remove a folder or end a sandbox
TIDIES = """
import time
import flowleague.cli
def main():
    try:
        print("works", flush=True)
        time.sleep(60)
    finally:
        print("tidies", flush=True)
        time.sleep(60 if SLOW else 0)
flowleague.cli.main = main
from flowleague.__main__ import run
run()
"""


@pytest.mark.parametrize("slow", [False, True])
def test_ctrl_c_is_heard_once_answered_once_and_then_obeyed(slow):
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # jobs in the background ignore it
    program = [sys.executable, "-c", TIDIES.replace("SLOW", str(slow))]
    process = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard, bufsize=1
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "works\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "tidies\n"
    if slow:
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "\n"
        assert process.stderr.readline() == "Stopping; once more ends it at once.\n"
        process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (130, "")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("can't start new thread"),
        ImportError("libtorch_cpu.so: failed to map segment: cannot allocate memory"),
    ],
)
def test_too_little_memory_is_one_sentence(error, monkeypatch):
    def fails():
        raise error

    assert lacks_memory(error)
    monkeypatch.setattr("flowleague.shipped.names", fails)
    done = flowleague("models")
    assert done.status == 2
    assert done.err.startswith("flowleague: There is too little memory for this; close other programs")
    assert done.err.count("\n") == 1


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch):
    def fails():
        raise RuntimeError("a fault")

    monkeypatch.setattr("flowleague.shipped.names", fails)
    with pytest.raises(RuntimeError, match="a fault"):
        flowleague("models")
