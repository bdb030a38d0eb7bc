"""Replays and shadows of real, tiny trainings: an honest log comes back, others do not; shadows keep the encoder."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from flowleague.bundle.read import Bundle, read_bundle
from flowleague.data import Split, TrainingData, load_training
from flowleague.judge.provenance.replay import replay
from flowleague.judge.provenance.shadows import shadow_flow, shadow_vae


@pytest.fixture(scope="module")
def data(idx_folder: Path) -> TrainingData:
    return load_training(str(idx_folder))


@pytest.fixture
def honest(bundle: Path) -> Bundle:
    return read_bundle(bundle)


def test_an_honest_log_comes_back_exactly(honest: Bundle, data: TrainingData, tmp_path: Path) -> None:
    found = replay(honest, data, tmp_path / "again")
    assert (found.records, found.difference, found.weights) == (1, 0.0, None)
    assert 0 < found.images < found.of_images
    assert not found.circumstances
    threads = torch.get_num_threads()
    whole = replay(honest, data, tmp_path / "whole", full=True)
    assert (whole.records, whole.difference, whole.weights) == (len(honest.log), 0.0, True)
    assert torch.get_num_threads() == threads


def test_a_log_of_other_images_does_not(honest: Bundle, data: TrainingData, tmp_path: Path) -> None:
    more = Split(*(np.concatenate([a, a[:200]]) for a in (data.train.images, data.train.labels)))
    found = replay(honest, replace(data, train=more), tmp_path / "again")
    assert found.difference is not None
    assert found.difference > 1e-3


@pytest.mark.parametrize(
    "validation", [None, {}, {"mse": "0.1", "kl": 1.0, "loss": 1.0}, {"mse": [1], "kl": {}, "loss": None}, 7]
)
def test_whatever_a_stranger_logs(validation: object, honest: Bundle, data: TrainingData, tmp_path: Path) -> None:
    log = [{"stage": ["vae"]}, *(record | {"validation": validation} for record in honest.log)]
    assert replay(replace(honest, log=log), data, tmp_path / "again").difference == math.inf


def test_what_cannot_be_replayed_is_said(honest: Bundle, data: TrainingData, tmp_path: Path) -> None:
    assert "no log" in replay(replace(honest, log=[]), data, tmp_path / "a").reason
    for card in ({}, {"hardware": {"device": "cuda"}}):
        assert "not trained on a processor" in replay(replace(honest, card=card), data, tmp_path / "b").reason
    card = honest.card | {"hardware": honest.card["hardware"] | {"name": "Abacus", "threads": 10**9}}
    found = replay(replace(honest, card=card), data, tmp_path / "c")
    assert any("Abacus" in each for each in found.circumstances)


def test_a_shadow_flow_keeps_the_encoder_and_is_trained_once(
    honest: Bundle, data: TrainingData, tmp_path: Path
) -> None:
    shadow = shadow_flow(honest, data, 5, tmp_path / "shadow").bundle_arrays()
    assert all(np.array_equal(shadow.vae[name], weight) for name, weight in honest.vae.items())
    assert not np.array_equal(shadow.flow["mean"], np.zeros(1))
    assert any(not np.array_equal(shadow.flow[name], weight) for name, weight in honest.flow.items())
    kept = (tmp_path / "shadow" / "card.json").stat().st_mtime_ns
    again = shadow_flow(honest, data, 5, tmp_path / "shadow").bundle_arrays()
    assert all(np.array_equal(shadow.flow[name], weight) for name, weight in again.flow.items())
    assert (tmp_path / "shadow" / "card.json").stat().st_mtime_ns == kept


def test_a_shadow_flow_with_the_entrys_seed_is_the_entrys_flow(
    honest: Bundle, data: TrainingData, tmp_path: Path
) -> None:
    shadow = shadow_flow(honest, data, honest.recipe.seed, tmp_path / "shadow").bundle_arrays()
    assert all(np.array_equal(shadow.flow[name], weight) for name, weight in honest.flow.items())


def test_a_shadow_that_was_cut_off_before_it_began_begins_anew(
    honest: Bundle, data: TrainingData, tmp_path: Path
) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "vae.safetensors").write_bytes(b"half")
    assert shadow_flow(honest, data, 6, tmp_path / "shadow")


def test_a_shadow_vae_is_trained_without_a_flow_that_nobody_needs(
    honest: Bundle, data: TrainingData, tmp_path: Path
) -> None:
    shadow = shadow_vae(honest.recipe, data, 7, tmp_path / "shadow")
    assert (tmp_path / "shadow" / "vae.safetensors").exists()
    assert not (tmp_path / "shadow" / "card.json").exists()
    assert not (tmp_path / "shadow" / "flow.safetensors").exists()
    again = shadow_vae(honest.recipe, data, 7, tmp_path / "shadow").bundle_arrays()
    assert all(np.array_equal(again.vae[name], weight) for name, weight in shadow.bundle_arrays().vae.items())
