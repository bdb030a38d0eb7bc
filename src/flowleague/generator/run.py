"""A training run in a folder: started anew, taken up where it was cut off, or fetched from its mirror."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from flowleague.data import TrainingData
from flowleague.errors import FlowLeagueError, OutputError, TrainingError
from flowleague.files import write_atomically
from flowleague.generator.budget import fit_budget
from flowleague.generator.bundle import config_json, read_config, zip_bundle
from flowleague.generator.checkpoint import CHECKPOINT, Checkpoint, cut_log, read_checkpoint, write_checkpoint
from flowleague.generator.mirror import Mirror
from flowleague.generator.model import check_cost
from flowleague.generator.objectives import Digits
from flowleague.generator.recipes import Recipe
from flowleague.generator.snapshot import FINISHED, Progress, progress_of


@dataclass
class Run:
    """One training run in a folder."""

    folder: Path
    recipe: Recipe
    data: TrainingData
    digits: Digits
    checkpoint: Checkpoint
    checkpoint_every: float  # seconds
    mirror: Mirror | None

    def keep(self) -> None:
        """Write the checkpoint, and have it copied to the mirror."""
        write_checkpoint(self.folder, self.checkpoint)
        if self.mirror:
            self.mirror.offer(self.folder, self.checkpoint)

    def keep_bundle(self) -> None:
        """Write the zip of the finished bundle beside its folder, and have it copied to the mirror."""
        zipped = self.folder.with_name(self.folder.name + ".zip")
        zip_bundle(self.folder, zipped)
        if self.mirror:
            self.mirror.finish(zipped)


def is_finished(folder: Path) -> bool:
    """Whether a run in this folder has ended: its card is the last thing written."""
    return (folder / "card.json").exists()


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


def open_run(
    recipe: Recipe,
    folder: Path,
    data: TrainingData,
    device: torch.device,
    resume: bool,
    checkpoint_every: float,
    mirror: Mirror | None = None,
) -> Run:
    """Start a run in a new folder, or take up the one that is there."""
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
    if recipe.budget is not None:
        recipe = fit_budget(recipe, digits)
    check_cost(recipe)
    write_atomically(config, config_json(recipe))
    cut_log(folder, 0)
    return Run(folder, recipe, data, digits, Checkpoint(device=device.type), checkpoint_every, mirror)


def check_same_recipe(wanted: Recipe, started: Recipe, folder: Path) -> None:
    """Raise `TrainingError` unless a resumed run has the recipe it was started with (a budget has set its images)."""
    if wanted.budget is not None:
        vae = replace(wanted.vae, images=started.vae.images)
        wanted = replace(wanted, vae=vae, flow=replace(wanted.flow, images=started.flow.images))
    if wanted != started:
        raise TrainingError(
            f"{folder} holds a run of another recipe ('{started.name}', or other values); "
            "resume it with the words it was started with, or choose another folder."
        )
