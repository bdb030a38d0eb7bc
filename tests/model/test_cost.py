"""What is counted is what hand and torch count, and nothing is allocated for it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from flowleague.bundle.recipe import RECIPES, get_recipe
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow

CHECK = """
import sys
from flowleague.bundle.recipe import get_recipe
from flowleague.model.cost import check_cost
recipe = get_recipe("base")
check_cost(recipe.vae, recipe.flow)
sys.exit("torch._dynamo" in sys.modules)
"""


def test_cost_counts_by_hand(bundle: Path) -> None:
    model = LatentFlow.load(bundle)
    costs, velocity = cost(model.recipe.vae, model.recipe.flow), model.velocity
    linears = [module for module in velocity.modules() if isinstance(module, torch.nn.Linear)]
    one_evaluation = 2 * sum(linear.weight.numel() for linear in linears)
    assert costs.evaluations == 2 * 4  # Heun, 4 steps
    decoder = sum(2 * 49 * module.weight.numel() for module in model.vae.decoder if isinstance(module, torch.nn.Conv2d))
    blocks = [m for b in model.vae.decoder if not isinstance(b, torch.nn.Conv2d) for m in b.modules()]
    decoder += sum(2 * 49 * m.weight.numel() for m in blocks if isinstance(m, torch.nn.Conv2d))
    assert costs.sample_flops == 8 * one_evaluation + decoder
    assert costs.with_buffers == costs.parameters + 2 * 49
    assert sum(costs.by_part.values()) == costs.with_buffers


@pytest.mark.parametrize("name", [*RECIPES, "vector"])
def test_flops_are_those_that_torch_counts(name: str) -> None:
    changes = ["vae.grid=false", "vae.latent=11", "vae.block=dense"]
    recipe = get_recipe("quick", changes) if name == "vector" else RECIPES[name]()
    model, x = LatentFlow(recipe), torch.zeros(1, 1, 28, 28)
    z, t = torch.zeros(1, recipe.vae.latent), torch.zeros(1)
    passes = {"encoder": (model.vae.posterior, x), "decoder": (model.vae.decode, z), "velocity": (model.velocity, z, t)}
    for part, (function, *inputs) in passes.items():
        with FlopCounterMode(display=False) as counter:
            function(*inputs)
        assert cost(recipe.vae, recipe.flow).flops_by_part[part] == counter.get_total_flops()


def test_checking_a_recipe_imports_no_compiler() -> None:
    assert subprocess.run([sys.executable, "-c", CHECK], check=False).returncode == 0
