import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.judge.bars import BARS, bars

from flowleague.data import load_test, load_training
from flowleague.data.datasets import TEST_PARTS, TRAINING_PARTS, file_name
from flowleague.data.idx import to_idx
from flowleague.errors import HeldOutError, OutputError
from flowleague.judge import make_judges as make_judges_module
from flowleague.judge.judges import load_held_out, load_judges
from flowleague.judge.make_judges import make_held_out, make_judges
from flowleague.judge.train_judges import HELD_OUT, RECIPES, JudgeRecipe, train_judge, training


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.network)
def test_equal_seeds_train_equal_weights(recipe):
    def weights(seed):
        *_, last = training(bars(40, 0), replace(recipe, epochs=1, batch=20, seed=seed), BARS)
        return torch.cat([value.float().flatten() for value in last.network.state_dict().values()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.network)
def test_what_is_kept_is_the_averaged_network_in_eval_mode(recipe):
    steps = list(training(bars(60, 0), replace(recipe, epochs=2, batch=20), BARS))
    assert [(step.step, step.steps, step.images) for step in steps] == [(n, 6, 20 * n) for n in range(1, 7)]
    assert not any(module.training for module in steps[-1].network.modules())
    assert not any(weight.requires_grad for weight in steps[-1].network.parameters())


def test_the_seed_decides_images_and_warps_and_leaves_the_global_generator_alone():
    recipe = replace(RECIPES[0], epochs=1, batch=20)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, other = ([step.loss for step in training(bars(60, 0), replace(recipe, seed=seed), BARS)] for seed in (0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert one != other


def test_bfloat16_is_asked_for_where_the_processor_has_units_for_it(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: asked.append(True) or False, raising=False)
    next(training(bars(20, 0), replace(RECIPES[1], epochs=1, batch=20), BARS))
    assert asked


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of four IDX files: 600 training and 200 test bars."""
    path = tmp_path_factory.mktemp("bars")
    for parts, split in ((TRAINING_PARTS, bars(600, 0)), (TEST_PARTS, bars(200, 1))):
        (path / file_name(parts[0])).write_bytes(to_idx(split.images))
        (path / file_name(parts[1])).write_bytes(to_idx(split.labels))
    return path


@pytest.fixture(scope="module")
def tiny():
    return tuple(replace(recipe, epochs=5, batch=50) for recipe in RECIPES)


@pytest.fixture(scope="module")
def trained(folder, tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "judges"
    steps = []

    def watch(recipe, step):
        with pytest.raises(HeldOutError):  # no test image can be opened while weights move
            load_test(folder)
        steps.append((recipe.network, step.step, step.steps))

    return make_judges(str(folder), out, tiny, watch), out, steps


def test_both_judges_learn_data_that_is_not_digits(trained):
    judges, _, steps = trained
    assert [name for name, step, _ in steps if step == 1] == ["residual-cnn", "token-mixer"]
    assert all(step <= last for _, step, last in steps)
    for judge in judges:
        assert judge.card["classes"] == BARS
        assert judge.card["test"]["accuracy"]["value"] > 0.95
        assert judge.card["test"]["accuracy"]["n"] == 200
        assert judge.card["validation"]["accuracy"]["n"] == 50


def test_the_card_on_disk_describes_the_training(trained, tiny):
    _, out, _ = trained
    card = json.loads((out / "token-mixer.json").read_text())
    assert card["recipe"]["epochs"] == tiny[1].epochs
    assert card["training"]["images"] == 5 * 550
    assert set(card["data_sha256"]) == {"train-images", "train-labels"}
    assert "train --dataset bars" in card["command"]


def test_saved_judges_load_and_read_the_same(trained, folder):
    judges, out, _ = trained
    pixels = load_test(folder).pixels()
    for judge, again in zip(judges, load_judges(out), strict=True):
        assert np.array_equal(judge.read(pixels).log_probabilities, again.read(pixels).log_probabilities)
        assert judge.sha256 == again.sha256


def test_a_folder_with_something_in_it_is_not_overwritten(trained, folder, tiny):
    _, out, _ = trained
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(OutputError, match="already holds"):
        make_judges(str(folder), out, tiny)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


class _CutOffError(Exception):
    pass


def test_a_held_out_judge_goes_on_where_it_was_cut_off(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(make_judges_module, "_KEPT_EVERY", 0.0)
    out, recipe, told = tmp_path / "judge", replace(HELD_OUT, epochs=0.5, batch=25), []

    def tell(done, seconds):
        told.append(done)
        if len(told) == 4:
            raise _CutOffError

    with pytest.raises(_CutOffError):
        make_held_out(str(folder), out, recipe, tell)
    assert out.stat().st_mode & 0o077 == 0  # nobody else may look
    kept = torch.load(out / "training.pt", weights_only=True)["recipe"]
    assert kept["seed"] > 2**32  # nobody can try all seeds against the hash that is on record
    judge = make_held_out(str(folder), out, recipe, lambda done, _: told.append(done))
    assert told == sorted(told)
    assert not (out / "training.pt").exists()
    whole, _ = train_judge(load_training(str(folder)), JudgeRecipe(**kept))
    for name, value in whole.state_dict().items():
        assert torch.equal(judge.network.state_dict()[name], value), name
    told.clear()
    assert make_held_out(str(folder), out, recipe, lambda done, _: told.append(done)).sha256 == judge.sha256
    assert told == []  # it is loaded
    assert load_held_out(out).sha256 == judge.sha256
    assert make_held_out(str(folder), tmp_path / "other", recipe).sha256 != judge.sha256
