"""Seconds that a captured encoder takes, with several threads in each operation and with portions beside each other.

    python -m benchmarks.replay [MODEL] [THREADS]

Encodes 2,000 test images with a shipped model, which choose nothing here; the least of three runs, on an idle machine.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from flowleague.bundle.read import read_bundle
from flowleague.data import load_test
from flowleague.entrant.bundle import programs_of
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.interpreter import Runner, loaded, replay
from flowleague.shipped import bundle


def main(name: str = "base", threads: str = "2") -> None:
    """Print the seconds of one thread, of several in each operation, and of as many portions at once."""
    images = torch.from_numpy(load_test().pixels(2000))
    entry = programs_of(LatentFlow.from_bundle(read_bundle(bundle(name)), name))
    runner = Runner(entry.programs["encode"], loaded(entry))
    for wide in (1, int(threads)):
        torch.set_num_threads(wide)
        seconds, latents = _least(lambda: replay(runner, len(images), 0, images))
        print(f"{wide} threads in each operation: {seconds:.2f} s")
    torch.set_num_threads(1)
    with ThreadPoolExecutor(int(threads), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        seconds, beside = _least(lambda: replay(runner, len(images), 0, images, pool.map))
    apart = float((beside - latents).abs().max())
    print(f"{threads} portions at once, a thread each: {seconds:.2f} s; latents differ by {apart:.2g} at most")


def _least(work: Callable[[], Tensor], runs: int = 3) -> tuple[float, Tensor]:
    """The seconds of the fastest run, and what the last one made."""
    least, made = float("inf"), torch.empty(0)
    for _ in range(runs):
        began = time.perf_counter()
        made = work()
        least = min(least, time.perf_counter() - began)
    return least, made


if __name__ == "__main__":
    main(*sys.argv[1:])
