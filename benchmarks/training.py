"""How fast the stages of `quick` train here, and how far from what the machine can multiply.

    python benchmarks/training.py [SECONDS]

Prints, for one thread and for all: images/s of each stage (median of three turns, taken in turns so that a busy
machine harms all alike), the FLOP/s this amounts to, and its share of the rate of a 1024 x 1024 matrix product
measured in the same turn. Set OMP_WAIT_POLICY in the shell to compare waiting policies.
"""

import copy
import os
import statistics
import sys
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from flowleague.bundle.recipe import get_recipe
from flowleague.data import load_training
from flowleague.model.latent_flow import LatentFlow
from flowleague.training import budget
from flowleague.training import objectives as o
from flowleague.training.device import describe_hardware
from flowleague.training.features import FeatureNetwork, Views, features_objective
from flowleague.training.finetune import tune_objective
from flowleague.training.networks import normed_vae

TURNS = 3


def product_rate() -> float:
    """FLOP/s of a float32 matrix product of 1024 x 1024."""
    a = torch.randn(1024, 1024)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < 0.5:
        torch.mm(a, a)
        done += 1
    return 2 * 1024**3 * done / (time.perf_counter() - start)


def step_flops(loss_at: o.Loss) -> int:
    """Floating point operations of the matrix products and convolutions of one training step."""
    with FlopCounterMode(display=False) as counter:
        loss_at(0).backward()
    return counter.get_total_flops()


def main() -> None:
    budget.TRIAL_SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    recipe = get_recipe("quick")
    digits = o.Digits.on(torch.device("cpu"), load_training())
    model = LatentFlow(recipe)
    latents, _ = o.encode_digits(model.vae, model.velocity, digits, recipe.flow.targets)
    vae, network = normed_vae(recipe.vae), FeatureNetwork(digits.classes)
    views, seed = Views.of(copy.deepcopy(network), digits, by_class=True), recipe.seed
    stages = {
        "vae": (vae, recipe.vae, o.vae_objective(vae, digits, recipe.vae, seed)),
        "flow": (model.velocity, recipe.flow, o.flow_objective(model.velocity, latents, recipe.flow, seed)),
        "critic": (network, recipe.critic, features_objective(network, digits, recipe.critic, seed)),
        "tune": (model, recipe.tune, tune_objective(model, views, digits, recipe.tune, seed)),
    }
    work = {name: step_flops(loss_at) / settings.batch for name, (_, settings, loss_at) in stages.items()}
    print(describe_hardware(torch.device("cpu")), "OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY"))
    for threads in sorted({1, os.cpu_count() or 1}):
        torch.set_num_threads(threads)
        for name, (network, settings, loss_at) in stages.items():
            rates, products = [], []
            for _ in range(TURNS):
                products.append(product_rate())
                rates.append(budget.images_per_second(network, settings, loss_at, digits))
            rate, product = statistics.median(rates), statistics.median(products)
            reached = rate * work[name]
            print(
                f"{threads} threads  {name:<6}  {rate:>9,.0f} images/s (n = {TURNS}, {min(rates):,.0f} to "
                f"{max(rates):,.0f})  {reached / 1e9:6.1f} GFLOP/s = {reached / product:.0%} of the product's "
                f"{product / 1e9:.0f}"
            )


if __name__ == "__main__":
    main()
