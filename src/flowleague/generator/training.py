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
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file

from flowleague.data import TrainingData
from flowleague.errors import TrainingError
from flowleague.files import write_atomically
from flowleague.generator import objectives as o
from flowleague.generator.bundle import FLOW_FILE, VAE_FILE, fit_weights, write_weights
from flowleague.generator.card import make_card
from flowleague.generator.checkpoint import CHECKPOINT, append_log
from flowleague.generator.device import choose_device, compile_where_it_helps
from flowleague.generator.mirror import Mirror
from flowleague.generator.model import LatentFlow
from flowleague.generator.recipes import FlowRecipe, Recipe, VAERecipe
from flowleague.generator.run import Run, fetch_further, is_finished, open_run
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


def train(
    recipe: Recipe,
    folder: str | Path,
    data: TrainingData,
    *,
    device: str | None = None,
    resume: bool = False,
    checkpoint_every: float = 10.0,
    mirror: Mirror | None = None,
) -> Iterator[Report]:
    """Train both stages into `folder`; a generator that works while it is iterated.

    With `resume` a run that was cut off goes on, and ends in the same weights, bit for bit on the same machine, as
    if it had not been; a finished one yields nothing. Without it the folder must be new or empty. A zip of the
    bundle is written beside the folder. With a `mirror` checkpoints and the bundle are copied there too, and `resume`
    goes on from whichever of both is further. Raises `TrainingError` and `OutputError`; the last checkpoint stays.
    """
    folder, place = Path(folder), choose_device(device)
    if mirror and resume:
        fetch_further(mirror, folder, recipe, place)
    elif mirror:
        mirror.check_new()
    run = open_run(recipe, folder, data, place, resume, checkpoint_every, mirror)
    if is_finished(run.folder):
        if mirror:  # it may not have taken the bundle the last time
            run.keep_bundle()
        return
    torch.manual_seed(run.recipe.seed)
    model = LatentFlow(run.recipe).to(run.digits.device)
    average = LatentFlow(run.recipe).to(run.digits.device)
    if run.checkpoint.stage == "vae":
        yield from train_vae(run, model, average)
    yield from train_flow(run, model, average)
    finish(run, average)


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
    run.keep()


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
            run.keep()
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
    """Write the card, which makes the folder a bundle, and its zip, here and in the mirror; checkpoints have served."""
    card = make_card(model, run.data, run.folder, run.checkpoint.seconds)
    write_atomically(run.folder / "card.json", (json.dumps(card, indent=2) + "\n").encode())
    run.keep_bundle()
    (run.folder / CHECKPOINT).unlink(missing_ok=True)
