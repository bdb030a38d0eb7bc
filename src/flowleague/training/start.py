"""How a training run begins: in a new folder, where it was cut off, or with what its mirror holds."""

from pathlib import Path

import torch

from flowleague.bundle.read import config_json, read_config
from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData
from flowleague.errors import FlowLeagueError, OutputError, TrainingError
from flowleague.files import write_atomically
from flowleague.model.cost import check_cost
from flowleague.training.budget import fit_budget, with_images
from flowleague.training.checkpoint import CHECKPOINT, Checkpoint, cut_log, read_checkpoint
from flowleague.training.mirror import Mirror
from flowleague.training.objectives import Digits
from flowleague.training.run import Run
from flowleague.training.snapshot import FINISHED, Progress, progress_of


def is_finished(folder: Path) -> bool:
    """Whether a run in this folder has ended: its card is the last thing written."""
    return (folder / "card.json").exists()


def open_run(
    recipe: Recipe,
    folder: Path,
    data: TrainingData,
    device: torch.device,
    resume: bool,
    checkpoint_every: float,
    mirror: Mirror | None = None,
) -> Run:
    """Start a run in a new folder, or take up the one that is there or in the mirror."""
    if mirror and resume:
        fetch_further(mirror, folder, recipe, device)
    elif mirror:
        mirror.check_new()
    digits = Digits.on(device, data)
    config = folder / "config.json"
    if resume and config.exists():
        started = read_config(config.read_bytes(), str(config))
        check_same_recipe(recipe, started, folder)
        checkpoint = read_checkpoint(folder, device)
        if device.type == "cpu":
            torch.set_num_threads(checkpoint.threads)
        if not is_finished(folder):
            cut_log(folder, checkpoint.log_bytes)
        return Run(folder, started, data, digits, checkpoint, checkpoint_every, mirror)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; choose a folder for the run.")
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} already holds something; choose another folder, or go on with --resume.")
    check_clusters(recipe, digits)
    if recipe.budget is not None:
        recipe = fit_budget(recipe, digits)
    check_cost(recipe)
    write_atomically(config, config_json(recipe))
    cut_log(folder, 0)
    return Run(folder, recipe, data, digits, Checkpoint(device=device.type), checkpoint_every, mirror)


def check_clusters(recipe: Recipe, digits: Digits) -> None:
    """Raise `TrainingError` when the noise has clusters, and fewer than the data has classes."""
    if 0 < recipe.flow.clusters < digits.classes:
        raise TrainingError(
            f"The data have {digits.classes} classes and the noise {recipe.flow.clusters} clusters; "
            f"train with --set flow.clusters={digits.classes if digits.classes <= recipe.vae.latent else 0}."
        )


def fetch_further(mirror: Mirror, folder: Path, recipe: Recipe, device: torch.device) -> None:
    """Put into the run's folder what the mirror holds, if that is whole and further than what is there."""
    here = local_progress(folder, device)
    for copy in mirror.found():
        if copy.progress <= here:
            return
        check_same_recipe(recipe, read_config(copy.files["config.json"], str(copy.path)), mirror.folder)
        for name, content in copy.files.items():
            write_atomically(folder / name, content)
        return


def local_progress(folder: Path, device: torch.device) -> Progress:
    """How far the run in a folder is; a torn checkpoint, or none, is behind all others."""
    if is_finished(folder) or (folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").exists()):
        return FINISHED  # finished, or not ours to write into
    try:
        return progress_of(read_checkpoint(folder, device)) if (folder / CHECKPOINT).exists() else (0, 0)
    except FlowLeagueError:
        return (0, 0)


def check_same_recipe(wanted: Recipe, started: Recipe, folder: Path) -> None:
    """Raise `TrainingError` unless a resumed run has the recipe it was started with (a budget has set its images)."""
    if wanted.budget is not None:
        wanted = with_images(wanted, started)
    if wanted != started:
        raise TrainingError(
            f"{folder} holds a run of another recipe ('{started.name}', or other values); "
            "resume it with the words it was started with, or choose another folder."
        )
