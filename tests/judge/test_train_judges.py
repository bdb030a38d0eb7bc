from dataclasses import replace

import pytest
import torch
from tests.judge.bars import BARS, bars

from flowleague.judge.classifiers import NETWORKS
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
