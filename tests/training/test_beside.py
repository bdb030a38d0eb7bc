"""The feature network beside the other stages: the same bits as in turn, and nothing lost, doubled or left running."""

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import cast

import pytest
import torch
from tests.training.tiny import TINY, tiny_recipe

from flowleague.bundle.files import LIMITS
from flowleague.bundle.read import training_seconds
from flowleague.data import TrainingData
from flowleague.errors import TrainingError
from flowleague.training import beside
from flowleague.training.checkpoint import CHECKPOINT
from flowleague.training.mirror import Mirror
from flowleague.training.run import RECORDS, Report
from flowleague.training.train import train

STAGES = ["vae", "flow", "critic", "tune"]
FAST = ["vae.images=1000", "flow.images=2000", "critic.images=300", "tune.images=150", "tune.batch=15"]
SLOW = [*FAST, "critic.images=1000", "critic.batch=5"]  # the critic still trains when its turn has come
WEIGHTS = ("vae.safetensors", "flow.safetensors")

pytestmark = pytest.mark.usefixtures("two_threads")


@pytest.fixture
def begin(few_digits: TrainingData, tmp_path: Path) -> Callable[..., Generator[Report, None, None]]:
    """Begin or resume a training in a folder of that name."""

    def call(name: str, changes: list[str], **options) -> Generator[Report, None, None]:
        recipe, every = tiny_recipe("critic.batch=20", *changes), options.pop("checkpoint_every", 0.0)
        return cast(Generator, train(recipe, tmp_path / name, few_digits, checkpoint_every=every, **options))

    return call


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def timeless(folder: Path) -> list[dict]:
    return [{**record, "seconds": 0} for record in read_log(folder)]


def weights(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in WEIGHTS]


def at_work() -> bool:
    return any(thread.name == "training of the critic" for thread in threading.enumerate())


def until(reports: Generator[Report, None, None], stage: str) -> Report | None:
    """The first report of a stage, or of a later one where nothing of it is left; none where all was reported."""
    return next((report for report in reports if STAGES.index(report.stage) >= STAGES.index(stage)), None)


@pytest.mark.parametrize("changes", [FAST, SLOW], ids=["done before its turn", "still at work"])
def test_log_reports_and_files_are_those_of_stages_in_turn(begin, changes, tmp_path) -> None:
    reports = list(begin("run", changes, checkpoint_every=10.0))
    assert [stage for stage, _ in itertools.groupby(report.stage for report in reports)] == STAGES
    log = read_log(tmp_path / "run")
    assert [stage for stage, _ in itertools.groupby(record["stage"] for record in log)] == STAGES
    of_critic = [record for record in log if record["stage"] == "critic"]
    assert len(of_critic) == min(RECORDS["critic"], of_critic[-1]["step"])
    assert [r["step"] for r in of_critic] == sorted({r["step"] for r in of_critic})
    assert [r["seconds"] for r in of_critic] == sorted(r["seconds"] for r in of_critic)
    validated = [report.validation for report in reports if report.stage == "critic" and report.validation]
    assert [dict(some) for some, _ in itertools.groupby(validated)] == [
        some for some, _ in itertools.groupby(record["validation"] for record in of_critic)
    ]
    assert {path.name for path in (tmp_path / "run").iterdir()} == set(LIMITS)
    assert not at_work()


def test_the_weights_are_those_of_stages_in_turn_with_as_many_threads(begin, tmp_path) -> None:
    run = begin("beside", FAST)
    until(run, "tune")
    run.close()
    torch.set_num_threads(1)
    run = begin("in turn", FAST)
    until(run, "flow")
    assert not at_work()
    until(run, "tune")
    run.close()
    for name in (*WEIGHTS, "critic.safetensors"):
        assert (tmp_path / "beside" / name).read_bytes() == (tmp_path / "in turn" / name).read_bytes()
    kept = {name: torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("beside", "in turn")}
    assert [one["threads"] for one in kept.values()] == [2, 1]
    logs = [[record for record in timeless(tmp_path / name) if record["stage"] != "tune"] for name in kept]
    assert logs[0] == logs[1]


@pytest.mark.parametrize(
    "changes", [pytest.param(FAST, marks=pytest.mark.long), SLOW], ids=["done before its turn", "still at work"]
)
def test_stopped_again_and_again_it_ends_in_the_same_bits(begin, changes, tmp_path) -> None:
    list(begin("whole", changes))
    for stage, more in [("vae", 2), ("flow", 0), ("flow", 2), ("critic", 0), ("critic", 3), ("tune", 0)]:
        run = begin("stopped", changes, resume=True)
        until(run, stage)
        list(itertools.islice(run, more))
        run.close()
        assert not at_work()
        assert torch.get_num_threads() == 2
    list(begin("stopped", changes, resume=True))
    assert weights(tmp_path / "stopped") == weights(tmp_path / "whole")
    assert timeless(tmp_path / "stopped") == timeless(tmp_path / "whole")


@pytest.mark.long
def test_a_mirror_holds_the_stage_beside_too(begin, tmp_path, few_digits) -> None:
    list(begin("whole", SLOW))
    mirror = Mirror(tmp_path / "drive", "run", print, every=0.0)
    run = begin("run", SLOW, mirror=mirror)
    until(run, "critic")
    with mirror._change:
        assert mirror._change.wait_for(lambda: mirror._waiting is None, 60)
    run.close()
    (tmp_path / "run").rename(tmp_path / "lost")
    again = begin("run", SLOW, mirror=Mirror(tmp_path / "drive", "run", print, every=0.0), resume=True)
    first = next(again)
    assert first.stage in ("flow", "critic")
    assert list(again)[-1].stage == "tune"
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


def test_an_error_beside_reaches_the_caller_and_stops_all(begin, monkeypatch, tmp_path) -> None:
    list(begin("whole", FAST))
    real = beside.validate_features

    def fails(*words) -> dict[str, float]:
        assert torch.get_num_threads() == 1
        raise TrainingError("The critic fails.")

    monkeypatch.setattr(beside, "validate_features", fails)
    with pytest.raises(TrainingError, match="The critic fails"):
        list(begin("run", [*FAST, "vae.images=100000"]))
    assert not at_work()
    with pytest.raises(TrainingError, match="The critic fails"):
        list(begin("again", FAST))
    monkeypatch.setattr(beside, "validate_features", real)
    list(begin("again", FAST, resume=True))
    assert weights(tmp_path / "again") == weights(tmp_path / "whole")


def test_a_diverging_critic_is_said_as_in_turn(begin) -> None:
    with pytest.raises(TrainingError, match=r"Training of the critic diverged at step \d+.*lower --set critic.lr"):
        list(begin("run", [*FAST, "critic.lr=1e30", "vae.images=200000"]))
    assert not at_work()


def test_an_error_of_another_stage_stops_the_critic(begin) -> None:
    with pytest.raises(TrainingError, match="Training of the vae diverged"):
        list(begin("run", [*SLOW, "vae.lr=1e15", "vae.images=100000", "critic.images=1000000"]))
    assert not at_work()


def test_the_caller_has_its_own_threads_between_reports(begin) -> None:
    run = begin("run", FAST)
    for stage in STAGES:
        until(run, stage)
        assert torch.get_num_threads() == 2
    run.close()


def test_seconds_say_what_each_stage_took_and_what_all_did(begin, tmp_path) -> None:
    start = time.perf_counter()
    list(begin("run", SLOW, checkpoint_every=10.0))
    took = time.perf_counter() - start
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    seconds, wall = card["training"]["seconds"], training_seconds(card) or 0.0
    assert list(seconds) == STAGES
    assert max(seconds["critic"], seconds["vae"] + seconds["flow"]) < wall < sum(seconds.values())
    assert wall <= took + 0.1
    torch.set_num_threads(1)
    list(begin("in turn", FAST))
    card = json.loads((tmp_path / "in turn" / "card.json").read_text())
    assert training_seconds(card) == sum(card["training"]["seconds"].values())


@pytest.mark.long
def test_a_program_that_drops_a_training_ends_at_once(tmp_path, idx_folder) -> None:
    words = [*TINY, *FAST, "critic.images=100000000", f"dataset={idx_folder}"]
    program = f"""
import torch
from flowleague.bundle.recipe import get_recipe
from flowleague.data import load_training
from flowleague.training.train import train
torch.set_num_threads(2)
run = train(get_recipe("quick", {words!r}), {str(tmp_path / "run")!r}, load_training({str(idx_folder)!r}))
print(next(run).stage)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "vae\n", "")
