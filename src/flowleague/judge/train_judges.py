"""Training a judge: Muon and AdamW, warped digits, averaged weights, a temperature fitted on validation.

The train split alone moves weights, and no test image can be loaded here: `flowleague.judge.make_judges` reports on
them.
Cross-entropy on the hard labels, no smoothing and no dropout: training on warped digits leaves a judge a little too
unsure of plain ones, which the temperature mends.
"""

import platform
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from flowleague.data import Split, TrainingData
from flowleague.judge.classifiers import NETWORKS, Classifier
from flowleague.judge.judges import Judge, figures, fit_temperature
from flowleague.training.augmentation import warp
from flowleague.training.device import describe_hardware


@dataclass(frozen=True)
class Recipe:
    """How one judge is trained; `epochs` passes over the train split, learning rate up for 5 %, then down to 0."""

    network: str
    epochs: float
    batch: int = 250
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    ema: float = 0.999
    seed: int = 0


RECIPES = (Recipe("residual-cnn", epochs=30), Recipe("token-mixer", epochs=28))


@dataclass(frozen=True)
class Step:
    """The state of a training after `step` of `steps`; `network` holds the averaged weights."""

    step: int
    steps: int
    images: int
    loss: float
    network: Classifier


def _bfloat16_is_fast() -> bool:
    """Whether this processor multiplies bfloat16 natively; then training takes half the time."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


def batches(n: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Endless batches of `size` indices below `n`: shuffled anew in each pass, the remainder dropped."""
    while True:
        order = torch.randperm(n, generator=generator)
        yield from order[: n - n % size].view(-1, size)


def training(split: Split, recipe: Recipe, classes: int) -> Iterator[Step]:
    """Train from scratch, yielding after every optimiser step. Equal seeds give equal weights on one machine."""
    images, labels = torch.tensor(split.images), torch.tensor(split.labels).long()
    size = min(recipe.batch, len(images))
    steps = max(1, round(recipe.epochs * len(images) / size))
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = NETWORKS[recipe.network](classes).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    averaged = deepcopy(network).eval().requires_grad_(False)
    optimisers = new_optimisers(network, recipe)
    warm_up = max(1, steps // 20)
    generator = torch.Generator().manual_seed(recipe.seed)
    for step, index in zip(range(1, steps + 1), batches(len(images), size, generator), strict=False):
        for group in [group for optimiser in optimisers for group in optimiser.param_groups]:
            group["lr"] = recipe.learning_rate * min(step / warm_up, (steps - step + 1) / (steps - warm_up + 1))
        x = warp(images[index, None].float() / 255, generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=_bfloat16_is_fast()):
            logits = network(x)
        loss = F.cross_entropy(logits.float(), labels[index])
        network.zero_grad()
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        average(averaged, network, max(1 - recipe.ema, 9 / (step + 9)))
        yield Step(step, steps, step * size, loss.item(), averaged)


def new_optimisers(network: Classifier, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for the matrices of hidden layers, AdamW for all else; vectors do not decay.

    Muon's steps are scaled to the size of AdamW's (Liu et al., arXiv:2502.16982, eq. 4), so both share a rate.
    """
    rate, decay = recipe.learning_rate, recipe.weight_decay
    head = network.head.weight
    matrices = [p for p in network.parameters() if p.ndim == 2 and p is not head]
    kernels = [p for p in network.parameters() if p.ndim > 2 or p is head]
    vectors = [p for p in network.parameters() if p.ndim < 2]
    groups = [{"params": kernels, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=rate)]
    if matrices:
        optimisers.append(torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
    return optimisers


def average(averaged: nn.Module, network: nn.Module, weight: float) -> None:
    """Move every parameter and buffer of `averaged` the share `weight` of the way to `network`."""
    for mean, new in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        mean.lerp_(new, weight) if mean.is_floating_point() else mean.copy_(new)


def train_judge(
    data: TrainingData, recipe: Recipe, watch: Callable[[Recipe, Step], None] | None = None
) -> tuple[Classifier, dict[str, Any]]:
    """Train one judge and calibrate it on validation: its network and the card as far as it is known."""
    classes, start, step = int(data.train.labels.max()) + 1, time.monotonic(), None
    for step in training(data.train, recipe, classes):
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
        "hardware": describe_hardware(torch.device("cpu")) | {"bfloat16": _bfloat16_is_fast()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
