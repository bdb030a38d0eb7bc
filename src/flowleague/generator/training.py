"""Two-stage training as a generator of progress reports: the caller draws, prints, or stops.

    for report in train(recipe, folder, data):
        print(report)

    stage 1  the VAE, on images
    stage 2  the velocity network, on the latents of the whole training split, encoded once by the finished VAE

The folder holds the run at every moment: config.json, the log, a checkpoint while training, and in the end a bundle.
Only the train and validation splits are ever seen here.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from flowleague.data import TrainingData
from flowleague.errors import OutputError, TrainingError
from flowleague.files import write_atomically
from flowleague.generator import objectives as o
from flowleague.generator.budget import fit_budget
from flowleague.generator.bundle import (
    FLOW_FILE,
    VAE_FILE,
    config_json,
    fit_weights,
    read_config,
    write_weights,
    zip_bundle,
)
from flowleague.generator.card import make_card
from flowleague.generator.checkpoint import (
    CHECKPOINT,
    Checkpoint,
    append_log,
    cut_log,
    read_checkpoint,
    write_checkpoint,
)
from flowleague.generator.device import choose_device, compile_where_it_helps
from flowleague.generator.model import LatentFlow, check_cost
from flowleague.generator.recipes import FlowRecipe, Recipe, VAERecipe
from flowleague.generator.stage import Stage, new_stage, train_steps

RECORDS = 25  # validations in a stage, evenly spaced
REPORT_EVERY = 16  # steps


@dataclass(frozen=True)
class Report:
    """How far a stage is. `loss` is the mean since the last report, `validation` the newest figures, if any."""

    stage: str
    images: int
    of_images: int
    seconds: float
    loss: float
    validation: dict[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """One training run in a folder."""

    folder: Path
    recipe: Recipe
    data: TrainingData
    digits: o.Digits
    checkpoint: Checkpoint
    checkpoint_every: float  # seconds


def is_finished(folder: Path) -> bool:
    """Whether a run in this folder has ended: its card is the last thing written."""
    return (folder / "card.json").exists()


def train(
    recipe: Recipe,
    folder: str | Path,
    data: TrainingData,
    *,
    device: str | None = None,
    resume: bool = False,
    checkpoint_every: float = 10.0,
) -> Iterator[Report]:
    """Train both stages into `folder`; a generator that works while it is iterated.

    With `resume` a run that was cut off goes on, and ends in the same weights, bit for bit on the same machine, as
    if it had not been; a finished one yields nothing. Without it the folder must be new or empty. A zip of the
    bundle is written beside the folder. Raises `TrainingError` and `OutputError`; the last checkpoint stays.
    """
    run = open_run(recipe, Path(folder), data, choose_device(device), resume, checkpoint_every)
    if is_finished(run.folder):
        return
    torch.manual_seed(run.recipe.seed)
    model = LatentFlow(run.recipe).to(run.digits.device)
    average = LatentFlow(run.recipe).to(run.digits.device)
    if run.checkpoint.stage == "vae":
        yield from train_vae(run, model, average)
    yield from train_flow(run, model, average)
    finish(run, average)


def open_run(
    recipe: Recipe, folder: Path, data: TrainingData, device: torch.device, resume: bool, checkpoint_every: float
) -> Run:
    """Start a run in a new folder, or take up the one that is there."""
    digits = o.Digits.on(device, data)
    config = folder / "config.json"
    if resume and config.exists():
        started = read_config(config.read_bytes(), str(config))
        check_same_recipe(recipe, started, folder)
        checkpoint = read_checkpoint(folder, device)
        if device.type == "cpu":
            torch.set_num_threads(checkpoint.threads)
        if not is_finished(folder):
            cut_log(folder, checkpoint.log_bytes)
        return Run(folder, started, data, digits, checkpoint, checkpoint_every)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; choose a folder for the run.")
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} already holds something; choose another folder, or go on with --resume.")
    if recipe.budget is not None:
        recipe = fit_budget(recipe, digits)
    check_cost(recipe)
    write_atomically(config, config_json(recipe))
    cut_log(folder, 0)
    return Run(folder, recipe, data, digits, Checkpoint(device=device.type), checkpoint_every)


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


def train_vae(run: Run, model: LatentFlow, average: LatentFlow) -> Iterator[Report]:
    """Stage 1; leaves vae.safetensors in the folder."""
    compile_where_it_helps(model.vae.encoder, model.vae.decoder)
    yield from run_stage(
        run,
        "vae",
        new_stage(model.vae, average.vae),
        run.recipe.vae,
        o.vae_objective(model.vae, run.digits, run.recipe),
        lambda: o.validate_vae(average.vae, run.digits, run.recipe),
    )
    write_weights(run.folder / VAE_FILE, average.vae)
    run.checkpoint.stage, run.checkpoint.state = "flow", None
    write_checkpoint(run.folder, run.checkpoint)


def train_flow(run: Run, model: LatentFlow, average: LatentFlow) -> Iterator[Report]:
    """Stage 2 on the latents of the VAE that stage 1 left; leaves flow.safetensors in the folder."""
    fit_weights(average.vae, load_file(run.folder / VAE_FILE), VAE_FILE)
    average.to(run.digits.device)
    train, validation = o.encode_digits(average.vae, model.velocity, run.digits, run.recipe)
    compile_where_it_helps(model.velocity)
    yield from run_stage(
        run,
        "flow",
        new_stage(model.velocity, average.velocity),
        run.recipe.flow,
        o.flow_objective(model.velocity, train, run.recipe),
        lambda: o.validate_flow(average.velocity, validation, run.recipe),
    )
    write_weights(run.folder / FLOW_FILE, average.velocity)


def run_stage(
    run: Run,
    name: str,
    stage: Stage,
    settings: VAERecipe | FlowRecipe,
    loss_at: o.Loss,
    validate: Callable[[], dict[str, float]],
) -> Iterator[Report]:
    """Take a stage to its end, with log records at fixed steps and a checkpoint every few seconds."""
    if run.checkpoint.state is not None:
        stage.restore(run.checkpoint.state)
    steps = math.ceil(settings.images / settings.batch)
    clock = Clock(run.checkpoint.seconds[name], run.checkpoint_every)
    total, since, validation = torch.zeros((), device=run.digits.device), 0, {}
    for loss in train_steps(stage, loss_at, steps=steps, lr=settings.lr, ema=settings.ema):
        total, since = total + loss, since + 1
        record_now = is_record(stage.step, steps)
        if not record_now and stage.step % REPORT_EVERY:
            continue
        mean_loss = check_finite(float(total) / since, stage, name, run.folder)  # waits for the device
        if record_now:
            validation = validate()
            record = {
                "stage": name,
                "step": stage.step,
                "images": stage.step * settings.batch,
                "epochs": round(stage.step * settings.batch / len(run.digits.train), 4),
                "seconds": round(clock.read(), 3),
                "loss": mean_loss,
                "validation": validation,
            }
            run.checkpoint.log_bytes = append_log(run.folder, json.dumps(record))
        total, since = torch.zeros_like(total), 0
        run.checkpoint.seconds[name] = clock.read()
        if clock.is_due():
            run.checkpoint.state = stage.state()
            write_checkpoint(run.folder, run.checkpoint)
        seen = stage.step * settings.batch
        yield Report(name, seen, steps * settings.batch, clock.read(), mean_loss, validation)


def is_record(step: int, steps: int) -> bool:
    """Whether validation figures are logged after this step: RECORDS times in a stage, and after the last step."""
    return step * RECORDS // steps > (step - 1) * RECORDS // steps


def check_finite(loss: float, stage: Stage, name: str, folder: Path) -> float:
    """The loss, or `TrainingError` when it or a weight is not a finite number: no checkpoint is written of that."""
    if math.isfinite(loss) and stage.is_finite():
        return loss
    raise TrainingError(
        f"Training of the {name} diverged at step {stage.step}: its loss is not a finite number. "
        f"The last good checkpoint is in {folder}; train again with a lower --set {name}.lr=..."
    )


class Clock:
    """Seconds spent in a stage, earlier sessions included, and when the next checkpoint is due."""

    def __init__(self, spent: float, every: float) -> None:
        self.start = time.perf_counter() - spent
        self.every, self.next = every, spent + every

    def read(self) -> float:
        """Seconds since the stage began, without the time between a kill and a resume."""
        return time.perf_counter() - self.start

    def is_due(self) -> bool:
        """Whether a checkpoint is due; asks for the next one."""
        due = self.read() >= self.next
        if due:
            self.next = self.read() + self.every
        return due


def finish(run: Run, model: LatentFlow) -> None:
    """Write the card, which makes the folder a bundle, then its zip; the checkpoint has served."""
    card = make_card(model, run.data, run.folder, run.checkpoint.seconds)
    write_atomically(run.folder / "card.json", (json.dumps(card, indent=2) + "\n").encode())
    zip_bundle(run.folder, run.folder.with_name(run.folder.name + ".zip"))
    (run.folder / CHECKPOINT).unlink(missing_ok=True)
