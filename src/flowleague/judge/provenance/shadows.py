"""Shadow models: honest models by an entry's own recipe, trained here on training images alone, with other seeds.

    shadow flow     the stages after the VAE (flow, tuning), on the entry's own encoder
    shadow VAE      the autoencoder from fresh weights, and all stages where a later one changes it

They stand for what the entry would be if it were honest (reference models of membership inference: Carlini et al. 2022,
"Membership Inference Attacks From First Principles"). A training that was cut off goes on where it stopped.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from safetensors.numpy import load, save

from flowleague.bundle.files import VAE_FILE
from flowleague.bundle.read import Bundle, config_json
from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData, no_test_images
from flowleague.files import write_atomically
from flowleague.model.latent_flow import LatentFlow, fit_weights
from flowleague.training.checkpoint import Checkpoint, write_checkpoint
from flowleague.training.run import Report
from flowleague.training.train import is_finished, train

Progress = Callable[[Report], None]
_CONFIG = "config.json"


def silent(report: Report) -> None:
    """Show no progress."""


def shadow_flow(bundle: Bundle, data: TrainingData, seed: int, folder: Path, show: Progress = silent) -> LatentFlow:
    """A fresh velocity network on a bundle's encoder, trained into `folder`, or read from there if it is finished.

    Where the recipe tunes, velocity and decoder are tuned as the entry's were. Raises `TrainingError`.
    """
    recipe = _with_seed(bundle.recipe, seed)
    if not (folder / _CONFIG).exists():  # which is written last
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_atomically(folder / VAE_FILE, save(bundle.vae))
        write_checkpoint(folder, Checkpoint(stage="flow"))
        write_atomically(folder / _CONFIG, config_json(recipe))
    _train(recipe, data, folder, show, until=None)
    return LatentFlow.load(folder)


def shadow_vae(recipe: Recipe, data: TrainingData, seed: int, folder: Path, show: Progress = silent) -> LatentFlow:
    """A model of a recipe whose autoencoder is fresh, trained into `folder`, or read from there if it is finished.

    Its velocity network is fresh and untrained where no later stage changes how images are encoded and decoded.
    """
    recipe = _with_seed(recipe, seed)
    whole = bool(recipe.tune.images) or recipe.flow.cut < 1
    if whole or not (folder / VAE_FILE).exists():
        _train(recipe, data, folder, show, until=None if whole else "vae")
    if whole:
        return LatentFlow.load(folder)
    model = LatentFlow(recipe)
    fit_weights(model.vae, load((folder / VAE_FILE).read_bytes()), VAE_FILE)
    return model.eval().requires_grad_(False)


def _with_seed(recipe: Recipe, seed: int) -> Recipe:
    return replace(recipe, seed=seed, budget=None)  # a budget has set its images


def _train(recipe: Recipe, data: TrainingData, folder: Path, show: Progress, until: str | None) -> None:
    """Train to the end, or until the stage of that name has ended; test images cannot be loaded meanwhile."""
    if is_finished(folder):
        return
    with no_test_images():
        for report in train(recipe, folder, data, device="cpu", resume=True):
            show(report)
            if until and report.stage != until:
                return
