"""Judges for a data set: trained, calibrated, saved, and reported on by test images, which nothing here chooses by.

A contest's held-out judge is one of them, with a seed that nobody can guess: its recipe is public, and the hash of its
weights stands in the records, so a seed of few bits would give it away. Its training goes on where it was cut off.

Training is another file (`flowleague.judge.train_judges`), which cannot load a test image.
"""

import io
import pickle
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from flowleague.data import Split, TrainingData, load_test, load_training, no_test_images
from flowleague.errors import OutputError
from flowleague.files import at_home, write_atomically
from flowleague.judge.classifiers import Classifier
from flowleague.judge.judges import Judge, figures, load_judge, save_judge
from flowleague.judge.train_judges import HELD_OUT, RECIPES, JudgeRecipe, Step, train_judge
from flowleague.training.augmentation import warp
from flowleague.training.run import alone_in

_CHECKPOINT = "training.pt"
_KEPT_EVERY = 10.0  # seconds


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


def make_held_out(
    dataset: str,
    out: str | Path,
    recipe: JudgeRecipe = HELD_OUT,
    tell: Callable[[float, float], None] = lambda _done, _seconds: None,
) -> Judge:
    """Train a contest's held-out judge into a folder that only its owner can read, or go on with that, or load it.

    `tell` is called with the share done and the seconds of all tries, whenever both are kept. Raises `DataError`,
    `OutputError` where another process trains it, `JudgeError` when it fails its proof.
    """
    out = at_home(out)
    with alone_in(out):
        if (out / f"{recipe.network}.json").exists():
            return load_judge(out, recipe.network)
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = load_training(dataset)
        begun = _begun(out, data) or _Begun(asdict(replace(recipe, seed=secrets.randbits(63))), data.sha256)
        start = kept = time.monotonic()

        def watch(_: JudgeRecipe, step: Step) -> None:
            nonlocal kept
            if time.monotonic() - kept >= _KEPT_EVERY and step.step < step.steps:
                kept = time.monotonic()
                seconds = begun.seconds + kept - start
                _keep(out, replace(begun, seconds=seconds, state=step.stage.state()))
                tell(step.step / step.steps, seconds)

        with no_test_images():
            network, card = train_judge(data, JudgeRecipe(**begun.recipe), watch, begun.state)
        card["training"]["seconds"] = round(begun.seconds + time.monotonic() - start, 1)
        judge = save_judge(out, card | {"dataset": Path(dataset).name}, network, *_proof_sample(data.train))
        (out / _CHECKPOINT).unlink(missing_ok=True)
        return judge


@dataclass(frozen=True)
class _Begun:
    """A training that was begun: its recipe with the secret seed, its data, the seconds spent, the stage's state."""

    recipe: dict[str, Any]
    data_sha256: dict[str, str]
    seconds: float = 0.0
    state: dict[str, Any] | None = None


def _begun(folder: Path, data: TrainingData) -> _Begun | None:
    """What was kept of a training; None for one of other data, or none, or one that cannot be read."""
    try:
        begun = _Begun(**torch.load(folder / _CHECKPOINT, weights_only=True))
    except (OSError, RuntimeError, EOFError, TypeError, ValueError, pickle.UnpicklingError):
        return None
    return begun if begun.data_sha256 == data.sha256 else None


def _keep(folder: Path, begun: _Begun) -> None:
    buffer = io.BytesIO()
    torch.save(vars(begun), buffer)
    write_atomically(folder / _CHECKPOINT, buffer.getvalue(), private=True)


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
