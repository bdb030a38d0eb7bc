"""Training a judge: warped digits, the training loop of every network here, a temperature fitted on validation.

    L = -log p(label | warp(x))        p without a temperature

The train split alone moves weights, and no test image can be loaded here: `flowleague.judge.make_judges` reports on
them. There is no label smoothing and no dropout: training on warped digits leaves a judge a little too unsure of plain
ones, which the temperature corrects.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from flowleague.data import Split, TrainingData
from flowleague.judge import judges
from flowleague.judge.classifiers import NETWORKS, Classifier
from flowleague.judge.judges import Judge, figures, fit_temperature
from flowleague.model.randomness import generator
from flowleague.training.augmentation import warp
from flowleague.training.device import describe_hardware, has_matrix_units, training_precision
from flowleague.training.loop import Stage, new_stage, train_steps
from flowleague.training.objectives import Loss, epoch_rows

_JUDGE = 6  # in addresses, see `flowleague.training.objectives`
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class JudgeRecipe:
    """How one judge is trained: `epochs` passes over the train split in batches of `batch`, and the loop's settings."""

    network: str
    epochs: float
    batch: int = 250
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    ema: float = 0.999
    seed: int = 0


RECIPES = (JudgeRecipe("residual-cnn", epochs=30), JudgeRecipe("token-mixer", epochs=28))
HELD_OUT = JudgeRecipe(judges.HELD_OUT, epochs=3)  # of a contest's own: enough to tell digits, and fast


@dataclass(frozen=True)
class Step:
    """The state of a training after `step` of `steps`; `network` holds the averaged weights, `stage` everything."""

    step: int
    steps: int
    images: int
    loss: float
    network: Classifier
    stage: Stage


def training(split: Split, recipe: JudgeRecipe, classes: int, state: Mapping[str, Any] | None = None) -> Iterator[Step]:
    """Train, yielding after every optimiser step. Equal seeds give equal weights on one machine.

    With the `state` of a step's stage the training goes on from there, to the same weights.
    """
    size = min(recipe.batch, len(split))
    steps = max(1, round(recipe.epochs * len(split) / size))
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = NETWORKS[recipe.network](classes).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    averaged = deepcopy(network)
    stage = new_stage(network, averaged, weight_decay=recipe.weight_decay)
    if state is not None:
        stage.restore(dict(state))
    loss_at = _objective(network, split, size, recipe.seed)
    for loss in train_steps(stage, loss_at, steps=steps, lr=recipe.learning_rate, ema=recipe.ema):
        yield Step(stage.step, steps, stage.step * size, loss.item(), averaged, stage)


def _objective(network: Classifier, split: Split, batch: int, seed: int) -> Loss:
    """Cross-entropy on the batch of a step, its images warped."""
    images, labels = torch.tensor(split.images)[:, None], torch.tensor(split.labels).long()

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(seed, _JUDGE, len(images), batch, step)
        warped = warp(images[rows].float() / 255, generator("cpu", seed, _JUDGE, step))
        with training_precision(_CPU, matrix_heavy=True):
            logits = network(warped)
        return F.cross_entropy(logits.float(), labels[rows])

    return loss_at


def train_judge(
    data: TrainingData,
    recipe: JudgeRecipe,
    watch: Callable[[JudgeRecipe, Step], None] | None = None,
    state: Mapping[str, Any] | None = None,
) -> tuple[Classifier, dict[str, Any]]:
    """Train one judge, from a `state` on, and calibrate it on validation: its network, its card as far as known."""
    classes, start, step = int(data.train.labels.max()) + 1, time.monotonic(), None
    for step in training(data.train, recipe, classes, state):
        if watch is not None:
            watch(recipe, step)
    assert step is not None  # a training has at least one step
    card = {"name": recipe.network, "network": recipe.network, "classes": classes, "temperature": 1.0}
    pixels, labels = data.validation.pixels(), data.validation.labels
    # log p at T = 1 differs from the logits by a constant per image, which softmax ignores
    card["temperature"] = fit_temperature(
        Judge(recipe.network, "", card, step.network).read(pixels).log_probabilities, labels
    )
    log_p = Judge(recipe.network, "", card, step.network).read(pixels).log_probabilities
    return step.network, card | {
        "data_sha256": data.sha256,
        "validation": figures(log_p, labels),
        "recipe": asdict(recipe),
        "training": {
            "images": step.images,
            "seconds": round(time.monotonic() - start, 1),
            "final_loss": step.loss,
        },
        "hardware": describe_hardware(_CPU) | {"bfloat16": has_matrix_units()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
