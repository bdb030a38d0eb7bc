"""The card of a bundle: what a reader needs to judge, trust and repeat a model."""

import hashlib
import math
import platform
import resource
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from flowleague.bundle.read import FLOW_FILE, VAE_FILE
from flowleague.data import TrainingData
from flowleague.model.latent_flow import LatentFlow, cost
from flowleague.training.device import describe_hardware


def make_card(model: LatentFlow, data: TrainingData, folder: Path, seconds: dict[str, float]) -> dict[str, Any]:
    """The content of card.json for a model whose weights are in `folder`, trained in so many seconds a stage."""
    recipe, costs = model.recipe, cost(model)
    files = (VAE_FILE, FLOW_FILE)
    return {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": {
            "dataset": recipe.dataset,
            "sha256": data.sha256,
            "splits": {"train": len(data.train), "validation": len(data.validation), "rule": "validation is the last"},
            "pretraining": "none",
        },
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
        "latent": recipe.vae.latent,
        "cost": asdict(costs),
        "training": {
            "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
            "images": {
                name: stage.batch * math.ceil(stage.images / stage.batch) for name, stage in recipe.stages().items()
            },
            "peak_memory_bytes": peak_memory(model.device),
        },
        "hardware": describe_hardware(model.device),
        "versions": {
            "flowleague": version("flowleague"),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def peak_memory(device: torch.device) -> int:
    """The most memory this process has held, bytes: of the GPU on cuda, else resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
