import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.judge.bars import BARS, bars

from flowleague.data import load_test
from flowleague.data.datasets import TEST_PARTS, TRAINING_PARTS, file_name
from flowleague.data.idx import to_idx
from flowleague.errors import HeldOutError, OutputError
from flowleague.judge.classifiers import NETWORKS
from flowleague.judge.judges import load_judges
from flowleague.judge.make_judges import make_judges
from flowleague.judge.train_judges import RECIPES, average, batches, new_optimisers, training


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.network)
def test_equal_seeds_train_equal_weights(recipe):
    def weights(seed):
        *_, last = training(bars(40, 0), replace(recipe, epochs=1, batch=20, seed=seed), BARS)
        return torch.cat([value.float().flatten() for value in last.network.state_dict().values()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_batches_visit_every_image_once_per_epoch():
    stream = batches(12, 4, torch.Generator().manual_seed(0))
    epochs = [torch.cat([next(stream) for _ in range(3)]) for _ in range(2)]
    assert all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


def test_average_moves_parameters_and_buffers_part_of_the_way():
    mean, new = (torch.nn.BatchNorm1d(2) for _ in range(2))
    torch.nn.init.constant_(new.weight, 3.0)
    new.running_mean = torch.tensor([4.0, 8.0])
    average(mean, new, 0.25)
    assert mean.weight.tolist() == [1.5, 1.5]
    assert mean.running_mean is not None
    assert mean.running_mean.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("recipe", "matrices"), [(RECIPES[0], 0), (RECIPES[1], 12)], ids=["cnn", "mixer"])
def test_hidden_matrices_go_to_muon_and_every_weight_to_one_optimiser(recipe, matrices):
    network = NETWORKS[recipe.network](BARS)
    optimisers = new_optimisers(network, recipe)
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    held = [id(p) for group in groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
    assert sum(len(group["params"]) for muon in optimisers[1:] for group in muon.param_groups) == matrices
    assert all(group["weight_decay"] == 0 for group in groups if group["params"][0].ndim == 1)


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
