"""`flowleague sweep`: what it prints, and a real one whose trainings are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.sweep.stub import Stub
from tests.training.tiny import TINY

from flowleague.cli import sweep
from flowleague.judge.evidence import QUICK, load_real

WORDS = ("sweep", "small.toml", "--vary", "vae.channels=12..32", "--minimise", "reconstruction.mse")
WORDS = (*WORDS, "--minimise", "efficiency.tensors_total", "--trials", "5")


@pytest.fixture
def place(request, monkeypatch, idx_folder, tmp_path):
    """A folder with a recipe, where engines are stubs, the nth of which is interrupted at the nth poll of the param."""
    (tmp_path / "small.toml").write_text(f"base = 'quick'\ndataset = '{idx_folder}'\n")
    held = load_real(str(idx_folder), QUICK, validation=True).sha256["test"]
    engines = (Stub(sha256=held, interrupt_at=at) for at in request.param)
    monkeypatch.setattr(sweep, "engine_of", lambda *_: next(engines))
    return tmp_path


@pytest.mark.parametrize("place", [(0, 0, 0, 0)], indirect=True)
def test_a_sweep_prints_front_dials_and_the_command_and_goes_on(place):
    said = succeed(*WORDS, cwd=place)
    assert "5 of 5: trial " in said
    assert "The front, on validation images" in said
    assert "flowleague train small.toml --set vae.channels=" in said
    assert (place / "sweeps/small/index.html").exists()
    again = json.loads(succeed(*WORDS, "--json", cwd=place))
    assert len(again["trials"]) == 5
    assert "6 of 6: trial 5, MSE 0." in succeed(*WORDS[:-1], "6", cwd=place)
    assert "holds another sweep: --seeds differ" in refuse(*WORDS, "--seeds", "0..1", cwd=place)


@pytest.mark.parametrize("place", [(7, 0)], indirect=True)
def test_ctrl_c_leaves_all_that_is_there(place):
    done = flowleague(*WORDS, cwd=place)
    assert done.status == 130
    assert "Nothing is lost: the same command goes on in sweeps/small." in done.out
    assert len(json.loads(succeed(*WORDS, "--json", cwd=place))["trials"]) == 5


@pytest.mark.long
def test_a_real_sweep_whose_trainings_and_coordinator_are_killed_ends_as_one_that_is_left_alone(tmp_path, digits):
    (tmp_path / "small.toml").write_text('base = "quick"\n' + "".join(f"{change}\n" for change in map(_toml, TINY)))
    alone = _swept(tmp_path, "alone")
    assert alone.wait(timeout=900) == 0
    killed = _swept(tmp_path, "killed")
    _kill_a_training(tmp_path / "killed", killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert _swept(tmp_path, "killed").wait(timeout=900) == 0
    figures = [_figures(tmp_path / name) for name in ("alone", "killed")]
    assert figures[0] == figures[1]
    assert len(figures[0]) == 2


def _toml(change):
    key, _, value = change.partition("=")
    return f"{key} = {value if value in ('true', 'false') or value[:1].isdigit() else json.dumps(value)}"


def _swept(folder, name):
    words = ("small.toml", "--vary", "vae.channels=8..40", "--minimise", "reconstruction.mse", "--trials", "2")
    command = [sys.executable, "-m", "flowleague", "sweep", *words, "--jobs", "2", "--out", name]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)


def _kill_a_training(folder, coordinator):
    """Kill a training as soon as it has begun to learn."""
    until = time.monotonic() + 300
    while coordinator.poll() is None and time.monotonic() < until:
        for config in folder.glob("runs/*/training.jsonl"):
            found = subprocess.run(["pgrep", "-f", str(config.parent)], capture_output=True, text=True).stdout.split()
            if found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(found[0]), signal.SIGKILL)
                return
        time.sleep(0.02)
    raise AssertionError("no training was seen at work")


def _figures(folder):
    """What every training logged and scored, without times, by its values."""
    found = {}
    for run in folder.glob("runs/*-seed0"):
        channels = json.loads((run / "config.json").read_text())["recipe"]["vae"]["channels"]
        card = json.loads((run / "scorecard.json").read_text())
        losses = [json.loads(line)["loss"] for line in (run / "training.jsonl").read_text().splitlines()]
        found[channels] = losses, card["categories"][0], card["weights"]
    return found
