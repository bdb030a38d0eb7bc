"""Judges for a data set: trained, calibrated, saved, and reported on by test images, which nothing here chooses by.

Training is another file (`flowleague.judge.train_judges`), which cannot load a test image.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from flowleague.data import Split, load_test, load_training, no_test_images
from flowleague.errors import OutputError
from flowleague.files import at_home
from flowleague.judge.classifiers import Classifier
from flowleague.judge.judges import Judge, figures, save_judge
from flowleague.judge.train_judges import RECIPES, JudgeRecipe, Step, train_judge
from flowleague.training.augmentation import warp


def make_judges(
    dataset: str,
    out: str | Path,
    recipes: tuple[JudgeRecipe, ...] = RECIPES,
    watch: Callable[[JudgeRecipe, Step], None] | None = None,
) -> list[Judge]:
    """Train, calibrate, measure and save the judges of a data set (a name, or a folder of 28x28 IDX files).

    `watch` sees every step. Each judge is saved as soon as it is trained; test images only report on it. Raises
    `DataError`, `OutputError` when `out` already holds something, `JudgeError` when a saved judge fails its proof.
    """
    out = at_home(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} already holds something; name a new folder for the judges.")
    test = load_test(dataset)  # now, lest an hour of training be lost to a missing file
    judges = []
    for recipe in recipes:
        with no_test_images():
            data = load_training(dataset)
            network, card = train_judge(data, recipe, watch)
        judges.append(_publish(out, network, card | {"dataset": Path(dataset).name}, test, data.train))
    return judges


def _publish(out: Path, network: Classifier, card: dict[str, Any], test: Split, train: Split) -> Judge:
    """Measure a trained judge on the test images, and save it with its card and the sample of its proof."""
    log_p = Judge(card["name"], "", card, network).read(test.pixels()).log_probabilities
    command = f"flowleague judges train --dataset {card['dataset']} --out DIR"
    out.mkdir(parents=True, exist_ok=True)
    return save_judge(
        out, card | {"test": figures(log_p, test.labels), "command": command}, network, *_proof_sample(train)
    )


def _proof_sample(split: Split, n: int = 256) -> tuple[Tensor, Tensor]:
    """The sample of the proof: the first n training images, warped until some are hard, as bytes; and labels."""
    images, labels = split.pixels(n), torch.tensor(split.labels[:n])
    generator = torch.Generator().manual_seed(0)
    warped = torch.from_numpy(images)
    for _ in range(3):
        warped = warp(warped, generator)
    return (warped * 255).round().byte(), labels
