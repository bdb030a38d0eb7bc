"""How fast the two stages of `quick` train here, and how far from what the machine can multiply.

    python benchmarks/training.py [SECONDS]

Prints, for one thread and for all: images/s of each stage (median of three turns, taken in turns so that a busy
machine harms all alike), the FLOP/s this amounts to, and its share of the rate of a 1024 x 1024 matrix product
measured in the same turn. Set OMP_WAIT_POLICY in the shell to compare waiting policies.
"""

import os
import statistics
import sys
import time

import torch

from flowleague.data import load_training
from flowleague.generator import budget
from flowleague.generator import objectives as o
from flowleague.generator.device import describe_hardware
from flowleague.generator.model import LatentFlow, cost
from flowleague.generator.recipes import get_recipe

TURNS = 3


def product_rate() -> float:
    """FLOP/s of a float32 matrix product of 1024 x 1024."""
    a = torch.randn(1024, 1024)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < 0.5:
        torch.mm(a, a)
        done += 1
    return 2 * 1024**3 * done / (time.perf_counter() - start)


def main() -> None:
    budget.TRIAL_SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    recipe = get_recipe("quick")
    digits = o.Digits.on(torch.device("cpu"), load_training())
    model = LatentFlow(recipe)
    latents, _ = o.encode_digits(model.vae, model.velocity, digits, recipe)
    flops = cost(model).flops_by_part
    work = {"vae": 3 * (flops["encoder"] + flops["decoder"]), "flow": 3 * flops["velocity"]}  # of a training image
    stages = {
        "vae": (model.vae, recipe.vae, o.vae_objective(model.vae, digits, recipe)),
        "flow": (model.velocity, recipe.flow, o.flow_objective(model.velocity, latents, recipe)),
    }
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
                f"{threads} threads  {name:<4}  {rate:>9,.0f} images/s (n = {TURNS}, {min(rates):,.0f} to "
                f"{max(rates):,.0f})  {reached / 1e9:6.1f} GFLOP/s = {reached / product:.0%} of the product's "
                f"{product / 1e9:.0f}"
            )


if __name__ == "__main__":
    main()
