"""Time of one generated image: ours beside the contest's own sample network, in turns in one run on the CPU.

    python -m benchmarks.time_per_image [MODEL ...]      bundles, or names of shipped models; all of those by default

The sample network is the one that the contest handed out: a decoder 3-64-256-784, and a velocity network 4-32-32-32-3
that takes 99 Euler steps. Each turn generates 2,048 images, as the contest's clock did, with every model once; a ratio
is taken within its turn, and the median over the turns is printed, with the range of the middle half. Last comes the
time of encoding an image, as the encoder guesses and with the steps that better it: the median of 5 x 256 images.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from benchmarks.peers.entries import sample

from flowleague import shipped
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.device import describe_hardware

IMAGES, TURNS = 2048, 25


def sample_network() -> Callable[[], torch.Tensor]:
    """The contest's sample network with fresh weights, which cost what trained ones do."""
    vae, velocity = sample.VAE(), sample.Velocity()
    return lambda: sample.generate(vae, velocity, IMAGES)


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def print_encoding(models: dict[str, LatentFlow]) -> None:
    images = torch.rand(256, 1, 28, 28)
    for name, model in models.items():
        guess, refined = (
            np.median([seconds(lambda f=function: f(images)) for _ in range(5)]) / len(images) * 1e6
            for function in (model.vae.posterior, model.encode_batch)
        )
        print(f"  {name:16} {guess:6.1f} us to guess a latent, {refined:6.1f} us with {model.recipe.vae.refine} steps")


def main() -> None:
    chosen = sys.argv[1:] or shipped.names()
    models = {name: LatentFlow.load(shipped.resolve(Path(name))) for name in chosen}
    work = {"sample network": sample_network()} | {
        name: (lambda model=model: model.generate(IMAGES)) for name, model in models.items()
    }
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            for function in work.values():
                function()
            turns = np.array([[seconds(function) for function in work.values()] for _ in range(TURNS)])
        ratios = turns / turns[:, :1]
        print(
            f"{describe_hardware(torch.device('cpu'))['name']}, {threads} threads, n = {TURNS} turns of {IMAGES} images"
        )
        for name, spent, ratio in zip(work, turns.T, ratios.T, strict=True):
            low, middle, high = np.quantile(ratio, [0.25, 0.5, 0.75])
            share = f"{middle:.2f} ({low:.2f} to {high:.2f}) of the sample network's"
            print(f"  {name:16} {np.median(spent) / IMAGES * 1e6:6.1f} us an image, {share}")
        print_encoding(models)


if __name__ == "__main__":
    main()
