"""The trap on training and the checks by torch, on weights that differ from every initialisation."""

import checks
import pytest
import torch
from torch import nn


class Holder:
    def __init__(self, vae):
        self.vae, self.flow_model = vae, nn.Linear(2, 2)
        self.n_steps, self.hidden, self.net = 5, {"a": [1]}, vae


def stopped(trap, loss):
    with trap.set(), pytest.raises(checks.Training):
        loss.backward()


def test_a_parameter_that_was_to_be_trained_is_known_until_it_is_loaded():
    trap, vae = checks.Trap(), nn.Linear(3, 2)
    stopped(trap, vae(torch.ones(1, 3)).relu().sum() * 2)
    assert trap.stale(Holder(vae)) == {"vae": 8}
    vae.load_state_dict({"weight": torch.full((2, 3), 7.0), "bias": torch.ones(2)})
    assert trap.stale(Holder(vae)) == {}


def test_only_what_the_loss_hangs_on_was_to_be_trained():
    trap, vae = checks.Trap(), nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    stopped(trap, vae[1](torch.ones(1, 2)).sum())
    assert trap.stale(Holder(vae)) == {"vae": 3}


def test_training_is_given_back():
    trap, x = checks.Trap(), torch.ones(1, requires_grad=True)
    stopped(trap, x.sum())
    x.sum().backward()
    assert x.grad is not None


def test_what_is_saved_after_a_stopped_training_is_no_weights(tmp_path):
    trap = checks.Trap()
    with trap.set():
        torch.save({"a": 1}, tmp_path / "before.pt")
    stopped(trap, torch.ones(1, requires_grad=True).sum())
    with trap.set(), pytest.raises(checks.Training):
        torch.save({"a": 1}, tmp_path / "after.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["before.pt"]


def test_parameters_and_plain_attributes_tell_objects_apart():
    torch.manual_seed(0)
    one, other = Holder(nn.Linear(2, 2)), Holder(nn.Linear(2, 2))
    assert checks.numbers(one)["vae.weight"] != checks.numbers(other)["vae.weight"]
    assert checks.numbers(one) == checks.numbers(one)
    vars(one)["packed"] = 1 << 100_000  # too long for Python to write
    assert checks.plain_attributes(one) == "[('hidden', {'a': [1]}), ('n_steps', 5)]"
