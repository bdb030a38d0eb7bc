"""How well judges read held-out images after a short training, so that two versions of their training compare.

    python -m benchmarks.judges train FILE [IMAGES] [SEEDS]      # with each version; 15,000 images, 3 seeds
    python -m benchmarks.judges compare BEFORE AFTER

`train` trains both judges on IMAGES images in batches of 50 with SEEDS seeds from 0 on, and writes accuracy, negative
log-likelihood (nats) and seconds of processor to FILE. All images are training images: the held-out ones are the
validation split, and the temperature is fitted on the last 2,000 of the train split. `compare` prints mean and standard
deviation over the seeds, and the difference of the means in standard errors.
"""

import json
import math
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from flowleague.data import Split, TrainingData, load_training
from flowleague.judge.judges import Judge
from flowleague.judge.train_judges import RECIPES, train_judge

BATCH, CALIBRATION = 50, 2000
FIGURES = {"accuracy": 4, "nll": 4, "seconds": 0}  # digits shown


def main() -> None:
    match sys.argv[1:]:
        case ["train", file, *rest]:
            images, seeds = int([*rest[:1], "15000"][0]), int([*rest[1:2], "3"][0])
            Path(file).write_text(json.dumps(trained(images, seeds), indent=1) + "\n")
        case ["compare", before, after]:
            compare(*(json.loads(Path(file).read_text()) for file in (before, after)))
        case _:
            sys.exit(__doc__)


def trained(images: int, seeds: int) -> dict[str, list[dict[str, float]]]:
    """What the judges reach on the held-out images: by network, a row for each seed."""
    data, held_out = cut(load_training())
    rows: dict[str, list[dict[str, float]]] = {recipe.network: [] for recipe in RECIPES}
    for seed in range(seeds):
        for recipe in RECIPES:
            start = time.process_time()
            short = replace(recipe, epochs=images / len(data.train), batch=BATCH, seed=seed)
            network, card = train_judge(data, short)
            seconds = time.process_time() - start
            log_p = Judge(recipe.network, "", card, network).read(held_out.pixels()).log_probabilities
            rows[recipe.network].append(
                {
                    "accuracy": float((log_p.argmax(1) == held_out.labels).mean()),
                    "nll": float(-log_p[np.arange(len(held_out)), held_out.labels].mean()),
                    "seconds": round(seconds, 1),
                }
            )
            print(recipe.network, "seed", seed, rows[recipe.network][-1], flush=True)
    return rows


def cut(data: TrainingData) -> tuple[TrainingData, Split]:
    """Data whose validation split is the end of the train split; and the validation split itself, held out."""
    images, labels, n = data.train.images, data.train.labels, CALIBRATION
    train, calibration = Split(images[:-n], labels[:-n]), Split(images[-n:], labels[-n:])
    return TrainingData(train, calibration, data.sha256), data.validation


def compare(before: dict[str, list[dict[str, float]]], after: dict[str, list[dict[str, float]]]) -> None:
    """Print a table of two results of `trained`."""
    print("| judge | figure | before | after | difference, s.e. |\n|---|---|---:|---:|---:|")
    for network in before:
        for name, digits in FIGURES.items():
            old, new = ([row[name] for row in side[network]] for side in (before, after))
            error = math.sqrt(sum(statistics.variance(values) / len(values) for values in (old, new)))
            apart = (statistics.mean(new) - statistics.mean(old)) / error if error else math.nan
            cells = (f"{statistics.mean(v):.{digits}f} ± {statistics.stdev(v):.{digits}f}" for v in (old, new))
            print(f"| {network} | {name} | {' | '.join(cells)} | {apart:+.1f} |")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
