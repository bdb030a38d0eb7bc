"""The runs of a folder: finished, cut off, at work, damaged."""

import json
import shutil

import pytest
from filelock import FileLock

from flowleague import shipped
from flowleague.archive import read_zip
from flowleague.bundle.files import LIMITS
from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import get_recipe
from flowleague.bundle.runs import find_runs
from flowleague.errors import OutputError


@pytest.fixture
def folder(tmp_path):
    """Four runs and a folder that is none."""
    done = tmp_path / "done"
    done.mkdir()
    for name, raw in read_zip(shipped.bundle("tiny").read_bytes(), LIMITS).items():
        (done / name).write_bytes(raw)
    for name in ("cut-off", "at-work"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_bytes(config_json(get_recipe("quick", ["vae.lr=0.01", "seed=7"])))
    record = {"stage": "vae", "step": 9, "validation": {"mse": 0.02}}
    (tmp_path / "cut-off" / "training.jsonl").write_text(json.dumps(record) + "\n" + '{"stage": "vae", "st')
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.json").write_text("{}")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_each_run_has_its_state(folder):
    with FileLock(folder / ".at-work.lock"):
        found = {run.folder.name: run for run in find_runs(folder)}
    states = {name: run.state for name, run in found.items()}
    assert states == {"at-work": "at work", "cut-off": "resumable", "damaged": "damaged", "done": "done"}
    assert found["cut-off"].changes == {"vae.lr": 0.01}
    assert found["cut-off"].recipe == get_recipe("quick", ["vae.lr=0.01", "seed=7"])
    assert found["cut-off"].validation == {"vae": {"mse": 0.02}}  # not the line that was being written
    assert found["done"].changes == {}
    assert found["done"].card["cost"]["with_buffers"] == 27_550
    assert "format" in found["damaged"].problem


def test_a_lock_that_a_killed_training_left_keeps_nobody_out(folder):
    (folder / ".at-work.lock").touch()
    assert {run.state for run in find_runs(folder / "at-work")} == {"resumable"}


def test_a_run_itself_is_listed_and_a_folder_that_is_not_there_is_an_error(folder):
    assert [run.folder for run in find_runs(folder / "done")] == [folder / "done"]
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match="There is no folder"):
        list(find_runs(folder))
