"""What it saves to train the feature network of `quick` beside the other stages.

    python -m benchmarks.beside [SHARE [TURNS]]

Trains `quick` with a share of its images and of its validations (0.12) both ways in turns, so that a busy machine harms
both alike: stages one after another on all threads, and as `flowleague train` does. Prints of each training its seconds
by the clock, those of all processors, those of each stage, and the machine's load; at the end the medians of both and
their ratio.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from flowleague.capacity import WAITING

os.environ.update(WAITING | os.environ)  # as the command does, before torch loads

import torch

from flowleague.bundle.recipe import Recipe, get_recipe
from flowleague.data import TrainingData, load_training
from flowleague.training import beside, run
from flowleague.training.device import describe_hardware
from flowleague.training.train import train

WAYS = {"in turn": lambda *_: False, "beside": beside.runs_beside}


def whole(recipe: Recipe, data: TrainingData) -> tuple[float, dict[str, float]]:
    """Seconds by the clock of a training, and of each stage by its own clock."""
    start, stages = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        for report in train(recipe, Path(folder) / "run", data, device="cpu"):
            stages[report.stage] = report.seconds
    return time.perf_counter() - start, stages


def main() -> None:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 0.12
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    run.RECORDS = {name: max(round(share * records), 1) for name, records in run.RECORDS.items()}
    full = get_recipe("quick").stages()
    recipe = get_recipe("quick", [f"{name}.images={int(share * stage.images)}" for name, stage in full.items()])
    data, seconds = load_training(), {way: [] for way in WAYS}
    print(describe_hardware(torch.device("cpu")), f"share {share}, n = {turns}")
    for _ in range(turns):
        for way, runs_beside in WAYS.items():
            beside.runs_beside, before = runs_beside, time.process_time()
            took, stages = whole(recipe, data)
            seconds[way].append(took)
            each = ", ".join(f"{name} {spent:.1f}" for name, spent in stages.items())
            spent, load = time.process_time() - before, os.getloadavg()[0]
            print(f"{way:<8}{took:>8.1f} s ({each}), {spent:.1f} s of processors, load {load:.1f}", flush=True)
    medians = {way: statistics.median(values) for way, values in seconds.items()}
    print(", ".join(f"{way} {median:.1f} s" for way, median in medians.items()), end="; ")
    print(f"beside takes {medians['beside'] / medians['in turn']:.2f} of it")


if __name__ == "__main__":
    main()
