"""Training: it learns, it resumes to the same bits after SIGKILL, and it stops rather than spoil."""

import errno
import itertools
import json
import multiprocessing
import os
import signal
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.training.tiny import TINY, tiny_recipe

from flowleague.bundle.files import LIMITS
from flowleague.bundle.recipe import get_recipe
from flowleague.data import TrainingData, load_training
from flowleague.errors import OutputError, TrainingError
from flowleague.model.latent_flow import LatentFlow
from flowleague.training import budget, checkpoint
from flowleague.training.run import RECORDS, Report, is_record
from flowleague.training.train import train

TUNED = [
    "critic.images=600", "critic.batch=20", "tune.images=600", "tune.batch=30", "tune.lr=3e-3",
]  # fmt: skip
SLOW = [  # steps enough in every stage to be killed in it, the critic beside the first two and alone
    "vae.images=1500", "flow.images=4000",
    "critic.images=1600", "critic.batch=4", "tune.images=200", "tune.batch=5", "tune.lr=1e-4",
]  # fmt: skip


def finish(*args, **kwargs) -> list[Report]:
    return list(train(*args, **kwargs))


def read_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def test_both_stages_learn_and_are_logged(bundle: Path) -> None:
    log = read_log(bundle)
    for stage in ("vae", "flow"):
        records = [record for record in log if record["stage"] == stage]
        assert len(records) == RECORDS[stage]
        assert records[-1]["validation"]["loss"] < 0.9 * records[0]["validation"]["loss"]
        assert [r["step"] for r in records] == sorted({r["step"] for r in records})
        assert records[-1]["images"] == {"vae": 3000, "flow": 6000}[stage]
        assert all(r["seconds"] > 0 for r in records)
        assert records[-1]["epochs"] == pytest.approx(records[-1]["images"] / 1100, abs=1e-3)


def test_the_card_says_what_was_used(bundle: Path, few_digits: TrainingData) -> None:
    card = json.loads((bundle / "card.json").read_text())
    sizes = {
        name: sum(t.numel() for t in load_file(bundle / f"{name}.safetensors").values()) for name in ("vae", "flow")
    }
    assert card["cost"]["with_buffers"] == sum(sizes.values())
    assert card["cost"]["parameters"] == sum(sizes.values()) - 2 * 49  # mean and std of the latents are buffers
    assert card["data"]["sha256"] == few_digits.sha256
    assert card["data"]["splits"]["train"] == 1100
    assert card["training"]["images"] == {"vae": 3000, "flow": 6000}
    assert card["training"]["peak_memory_bytes"] > 50e6
    assert not (bundle / "checkpoint.pt").exists()


@pytest.mark.long
def test_same_seed_same_weights_and_another_seed_others(bundle: Path, few_digits: TrainingData, tmp_path: Path) -> None:
    finish(tiny_recipe(), tmp_path / "again", few_digits)
    finish(tiny_recipe("seed=1"), tmp_path / "other", few_digits)
    for name in ("vae.safetensors", "flow.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (bundle / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (bundle / name).read_bytes()


FORKS = multiprocessing.get_context("forkserver")  # imports torch once for all processes that are killed
FORKS.set_forkserver_preload(["flowleague.training.train"])


def train_until(stage: str, folder: Path, digits: Path, changes: list[str]) -> None:
    """Train in two threads; well inside the stage the process is ended by the system, wherever it is then."""
    torch.set_num_threads(2)  # sums in two threads must come out the same too
    recipe, seen = get_recipe("quick", [*TINY, *SLOW, *changes]), 0
    for report in train(recipe, folder, load_training(str(digits)), resume=True, checkpoint_every=0.0):
        seen += report.stage == stage
        if seen == 3:
            signal.setitimer(signal.ITIMER_PROF, 0.02)  # of processor time, whatever else the machine does


def run_process(stage: str, folder: Path, digits: Path, changes: list[str]) -> int | None:
    """Exit status of a training in a process of its own."""
    process = FORKS.Process(target=train_until, args=(stage, folder, digits, changes))
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.long
@pytest.mark.parametrize("changes", [[], ["flow.cut=0.5"]], ids=["whole", "cut"])
def test_killed_in_any_stage_and_resumed_the_weights_are_the_same_bits(
    changes: list[str], idx_folder: Path, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run_process("none", whole, idx_folder, changes) == 0
    for stage in ("vae", "flow", "critic", "tune"):
        assert run_process(stage, killed, idx_folder, changes) == -signal.SIGPROF  # as sudden as SIGKILL
        assert torch.load(killed / checkpoint.CHECKPOINT, weights_only=True)["stage"] == stage
        assert not (killed / "card.json").exists()
    assert run_process("none", killed, idx_folder, changes) == 0
    for name in ("vae.safetensors", "flow.safetensors"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    without_time = [[{**r, "seconds": 0} for r in read_log(folder)] for folder in (killed, whole)]
    assert without_time[0] == without_time[1]


def test_resuming_a_finished_run_does_nothing(bundle: Path, few_digits: TrainingData, idx_folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    assert finish(tiny_recipe(f"dataset={idx_folder}"), bundle, few_digits, resume=True) == []
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before


def test_a_folder_in_use_and_another_recipe_are_refused(bundle: Path, few_digits: TrainingData) -> None:
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    with pytest.raises(OutputError, match="already holds something; choose another folder, or go on with --resume"):
        finish(tiny_recipe(), bundle, few_digits)
    with pytest.raises(TrainingError, match="holds a run of another recipe"):
        finish(tiny_recipe("flow.width=32"), bundle, few_digits, resume=True)
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before


def test_two_trainings_into_one_folder_do_not_mix(few_digits: TrainingData, tmp_path: Path) -> None:
    first = train(tiny_recipe(), tmp_path / "run", few_digits)
    next(first)
    for resume in (False, True):
        with pytest.raises(OutputError, match=r"Another training is at work in .*run; choose another folder, or wait"):
            next(train(tiny_recipe(), tmp_path / "run", few_digits, resume=resume))
    cast(Generator, first).close()
    assert next(train(tiny_recipe(), tmp_path / "run", few_digits, resume=True)).stage == "vae"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_diverging_loss_stops_and_keeps_the_last_good_checkpoint(few_digits: TrainingData, tmp_path: Path) -> None:
    recipe = tiny_recipe("vae.lr=1e15", "vae.images=100000")
    with pytest.raises(TrainingError, match=r"Training of the vae diverged at step \d+.*lower --set vae.lr"):
        finish(recipe, tmp_path / "run", few_digits, checkpoint_every=0.0)
    kept = tmp_path / "run" / "checkpoint.pt"
    if kept.exists():  # it may diverge before the first one
        weights = torch.load(kept, weights_only=True)["state"]["network"].values()
        assert all(weight.isfinite().all() for weight in weights)
    assert not (tmp_path / "run" / "vae.safetensors").exists()


def test_a_full_disk_is_said_and_the_run_can_go_on(
    bundle: Path, few_digits: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, fsync = 0, os.fsync

    def full_after_ten(handle: int) -> None:
        nonlocal written
        written += 1
        if written > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full_after_ten)
    with pytest.raises(OutputError, match=r"could not be written \(No space left on device\); free some space"):
        finish(tiny_recipe(), tmp_path / "run", few_digits, checkpoint_every=0.0)
    monkeypatch.undo()
    assert not list((tmp_path / "run").glob(".*"))  # no partial file stays
    finish(tiny_recipe(), tmp_path / "run", few_digits, resume=True)
    assert (tmp_path / "run" / "flow.safetensors").read_bytes() == (bundle / "flow.safetensors").read_bytes()


def test_a_damaged_checkpoint_is_said(few_digits: TrainingData, tmp_path: Path) -> None:
    next(train(tiny_recipe(), tmp_path / "run", few_digits, checkpoint_every=0.0))
    path = tmp_path / "run" / checkpoint.CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"checkpoint.pt is damaged; delete .* and train again"):
        finish(tiny_recipe(), tmp_path / "run", few_digits, resume=True)


@pytest.mark.long
def test_tuning_brings_samples_nearer_and_is_logged(few_digits: TrainingData, tmp_path: Path) -> None:
    finish(tiny_recipe(*TUNED), tmp_path / "run", few_digits)
    log = read_log(tmp_path / "run")
    assert [stage for stage, _ in itertools.groupby(r["stage"] for r in log)] == ["vae", "flow", "critic", "tune"]
    assert "accuracy" in next(r for r in log if r["stage"] == "critic")["validation"]
    tuned = [r["validation"] for r in log if r["stage"] == "tune"]
    assert tuned[-1]["distance"] < 0.9 * tuned[0]["distance"]
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["training"]["images"] == {"vae": 3000, "flow": 6000, "critic": 600, "tune": 600}
    assert set(card["training"]["seconds"]) == {"vae", "flow", "critic", "tune"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == set(LIMITS)
    assert LatentFlow.load(tmp_path / "run.zip").generate(2).shape == (2, 1, 28, 28)


@pytest.mark.long
def test_tuning_without_the_decoder_changes_the_velocity_alone(few_digits: TrainingData, tmp_path: Path) -> None:
    for name, images in (("untuned", "0"), ("tuned", "60")):
        words = [*TUNED, f"tune.images={images}", "tune.decoder=false"]
        finish(tiny_recipe(*words), tmp_path / name, few_digits)
    untuned, tuned = (LatentFlow.load(tmp_path / name).state_dict() for name in ("untuned", "tuned"))
    changed = {name for name in tuned if not torch.equal(tuned[name], untuned[name])}
    assert changed
    assert all(name.startswith("velocity.") for name in changed)


def test_a_budget_sets_the_images_and_is_kept(
    few_digits: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "TRIAL_SECONDS", 0.05)
    finish(tiny_recipe("budget=0.5", *TUNED), tmp_path / "run", few_digits)
    recipe = json.loads((tmp_path / "run" / "config.json").read_text())["recipe"]
    assert recipe["budget"] == 0.5
    assert recipe["vae"]["images"] != 3000
    assert recipe["flow"]["images"] != 6000
    assert recipe["tune"]["images"] == 0  # too short for it
    assert finish(tiny_recipe("budget=0.5", *TUNED), tmp_path / "run", few_digits, resume=True) == []


def test_optimal_transport_trains(few_digits: TrainingData, tmp_path: Path) -> None:
    finish(tiny_recipe("flow.coupling=ot", "flow.clusters=0"), tmp_path / "run", few_digits)
    losses = [r["validation"]["loss"] for r in read_log(tmp_path / "run") if r["stage"] == "flow"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("clusters", [4, 11])
def test_clusters_that_are_not_one_per_class_are_refused(
    clusters: int, few_digits: TrainingData, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=rf"have 10 classes and the noise {clusters} clusters.*flow.clusters=10"):
        finish(tiny_recipe(f"flow.clusters={clusters}"), tmp_path / "run", few_digits)
    assert not (tmp_path / "run").exists()


def with_classes(data: TrainingData, classes: int) -> TrainingData:
    """The same images with labels 0 to `classes` - 1 in turn."""
    train, validation = (
        replace(part, labels=np.arange(len(part)).astype(np.uint8) % classes) for part in (data.train, data.validation)
    )
    return TrainingData(train, validation, data.sha256)


def test_letters_train_through_all_stages(few_digits: TrainingData, tmp_path: Path) -> None:
    letters = with_classes(few_digits, 26)
    small = [
        "vae.images=500",
        "flow.images=1000",
        "critic.images=200",
        "critic.batch=20",
        "tune.images=60",
        "tune.batch=30",
    ]
    with pytest.raises(TrainingError, match=r"have 26 classes and the noise 10 clusters.*flow.clusters=26"):
        finish(tiny_recipe(*small), tmp_path / "run", letters)
    reports = finish(tiny_recipe(*small, "flow.clusters=26"), tmp_path / "run", letters)
    assert {report.stage for report in reports} == {"vae", "flow", "critic", "tune"}
    assert LatentFlow.load(tmp_path / "run").generate(3).shape == (3, 1, 28, 28)


def test_more_classes_than_latent_dimensions_need_a_single_gaussian(few_digits: TrainingData, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"have 60 classes .* train with --set flow.clusters=0"):
        finish(tiny_recipe(), tmp_path / "run", with_classes(few_digits, 60))


@pytest.mark.parametrize("change", ["flow.clusters=0", "flow.targets=sample", "flow.time=uniform"])
def test_every_choice_of_the_flow_trains(change: str, few_digits: TrainingData, tmp_path: Path) -> None:
    finish(tiny_recipe(change), tmp_path / "run", few_digits)
    losses = [r["validation"]["loss"] for r in read_log(tmp_path / "run") if r["stage"] == "flow"]
    assert losses[-1] < losses[0]


def test_a_vector_latent_trains(few_digits: TrainingData, tmp_path: Path) -> None:
    finish(tiny_recipe("vae.grid=false", "vae.latent=3", "flow.clusters=0"), tmp_path / "run", few_digits)
    assert read_log(tmp_path / "run")[-1]["stage"] == "flow"


@pytest.mark.parametrize("steps", [1, 7, 25, 1000])
@pytest.mark.parametrize("records", [5, 25])
def test_records_are_spread_evenly_and_end_with_the_last_step(steps: int, records: int) -> None:
    at = [step for step in range(1, steps + 1) if is_record(step, steps, records)]
    assert len(at) == min(steps, records)
    assert at[-1] == steps
