"""The card of a bundle: what a reader needs to judge, trust and repeat a model."""

import hashlib
import math
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import Bundle
from flowleague.bundle.recipe import FlowRecipe, Settings
from flowleague.data import TrainingData, described
from flowleague.model.cost import Cost, cost, decoding_flops
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.device import describe_hardware
from flowleague.training.features import FeatureNetwork
from flowleague.training.finetune import REFINED


def make_card(
    model: LatentFlow,
    costs: Cost,
    data: TrainingData,
    folder: Path,
    seconds: dict[str, float],
    overlap: float = 0.0,
) -> dict[str, Any]:
    """The content of card.json for a model whose weights are in `folder`, trained in so many seconds a stage.

    Of those `overlap` passed in two stages at once.
    """
    recipe, spent = model.recipe, {stage: round(one, 3) for stage, one in seconds.items()}
    beside = {"wall_seconds": round(sum(seconds.values()) - overlap, 3)} if overlap else {}
    files = (VAE_FILE, FLOW_FILE)
    return {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": {
            "dataset": recipe.dataset,
            "images": described(recipe.dataset, data.sha256),
            "sha256": data.sha256,
            "splits": {"train": len(data.train), "validation": len(data.validation), "rule": "validation is the last"},
            "pretraining": "none",
        },
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
        "latent": recipe.vae.latent,
        "cost": asdict(costs) | {"training_flops": training_flops(recipe.stages(), costs)},
        "training": {
            "seconds": spent,
            **beside,
            "images": {
                name: stage.batch * math.ceil(stage.images / stage.batch) for name, stage in recipe.stages().items()
            },
            "peak_memory_bytes": _peak_memory(model.device),
        },
        "hardware": describe_hardware(model.device),
        "versions": {
            "flowleague": version("flowleague"),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def training_flops(stages: Mapping[str, Settings], costs: Cost) -> int:
    """Operations of all stages, the backward pass counted as two forward passes.

    A step of few-step fine-tuning generates an image, passes it and a real one through the frozen feature network, and
    reconstructs one, after a few steps of refinement where the flow is cut.
    """
    flops, images = costs.flops_by_part, {name: settings.images for name, settings in stages.items()}
    total = 3 * images["vae"] * (flops["encoder"] + flops["decoder"]) + 3 * images["flow"] * flops["velocity"]
    if "tune" not in images:
        return total
    features = _feature_flops()
    drawn = 3 * costs.sample_flops + 3 * features  # the real image counted too
    flow = stages["flow"]
    assert isinstance(flow, FlowRecipe)
    decoding = decoding_flops(flow, flops)
    again = 3 * decoding + (3 * REFINED * decoding if flow.cut < 1 else 0)
    return total + 3 * images["critic"] * features + images["tune"] * (drawn + flops["encoder"] + again)


def training_flops_of(bundle: Bundle) -> int:
    """Operations of all stages of a bundle, as it was trained."""
    trained = bundle.trained
    return training_flops(trained.stages(), cost(trained.vae, trained.flow))


def _feature_flops() -> int:
    """FLOPs of one image through the feature network; the classes hardly matter, so ten are assumed."""
    with torch.device("meta"):
        network = FeatureNetwork(classes=10)
    sides = (14, 7, 4)  # of the maps, which both convolutions of a level give
    kernels = [
        side**2 * layer.weight.numel()
        for side, level in zip(sides, network.levels, strict=True)
        for layer in level.modules()
        if isinstance(layer, torch.nn.Conv2d)
    ]
    return 2 * (sum(kernels) + network.head.weight.numel())


def _peak_memory(device: torch.device) -> int:
    """Peak memory of this process in bytes: of the GPU on cuda, else resident; 0 where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
