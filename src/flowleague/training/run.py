"""A training run in a folder, and the loop of any of its stages, with a log, checkpoints, and reports.

Validations are logged at fixed steps; checkpoints are written every few seconds, and no result depends on when.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from flowleague.bundle.read import zip_bundle
from flowleague.bundle.recipe import Recipe, Settings
from flowleague.bundle.runs import lock_of
from flowleague.data import TrainingData
from flowleague.errors import OutputError, TrainingError
from flowleague.model.latent_flow import Networks, shipped_networks
from flowleague.training import objectives as o
from flowleague.training.checkpoint import Checkpoint, append_log, write_checkpoint
from flowleague.training.loop import Stage, train_steps
from flowleague.training.mirror import Mirror

RECORDS = {"vae": 25, "flow": 25, "critic": 5, "tune": 5}  # validations in a stage, evenly spaced; the last are slow
_REPORT_EVERY = 16  # steps


@dataclass(frozen=True)
class Report:
    """Progress of a stage. `loss` is the mean since the last report, `validation` the latest metrics, if any."""

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
    mirror: Mirror | None = None
    networks: Networks = shipped_networks

    @property
    def zipped(self) -> Path:
        """Where the entry goes: beside the folder."""
        return self.folder.with_name(self.folder.name + ".zip")

    def log(self, record: dict[str, Any]) -> None:
        """Append a record to the log."""
        self.checkpoint.log_bytes = append_log(self.folder, json.dumps(record))

    def keep(self) -> None:
        """Write the checkpoint, and offer it to the mirror."""
        write_checkpoint(self.folder, self.checkpoint)
        if self.mirror:
            self.mirror.offer(self.folder, self.checkpoint)

    def keep_entry(self) -> None:
        """Write the zip of the finished bundle beside its folder, if there is one, and copy the entry to the mirror."""
        if self.networks is shipped_networks:
            zip_bundle(self.folder, self.zipped)
        if self.mirror:
            self.mirror.finish(self.zipped)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder; raises `OutputError` where one is at work.

    The lock lies beside the folder and goes with the process. Where the file system keeps no locks, as some mounted
    Drives do, there is none.
    """
    path = lock_of(folder)
    lock, was_there = FileLock(path, thread_local=False), path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OutputError(f"Another training is at work in {folder}; choose another folder, or wait for it.") from error
    except (OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()
        if not was_there:
            with suppress(OSError):  # a run that was begun is in it
                path.parent.rmdir()


def run_stage(
    run: Run,
    name: str,
    stage: Stage,
    settings: Settings,
    loss_at: o.Loss,
    validate: Callable[[], dict[str, float]],
) -> Iterator[Report]:
    """Train a stage to its end, with log records at fixed steps and a checkpoint every few seconds.

    `loss_at` gives the loss of a step, `validate` the metrics of the averaged weights. Raises `TrainingError` when the
    loss or a weight is not finite, `OutputError` when the folder cannot be written.
    """
    if run.checkpoint.state is not None:
        try:
            stage.restore(run.checkpoint.state)
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                f"The checkpoint in {run.folder} is of other networks; resume with those it was begun with."
            ) from error
    steps = math.ceil(settings.images / settings.batch)
    clock = Clock(run.checkpoint.seconds.get(name, 0.0), run.checkpoint_every)
    total, since, validation = torch.zeros((), device=run.digits.device), 0, {}
    for loss in train_steps(stage, loss_at, steps=steps, lr=settings.lr, ema=getattr(settings, "ema", 0.0)):
        total, since = total + loss, since + 1
        record_now = is_record(stage.step, steps, RECORDS[name])
        if not record_now and stage.step % _REPORT_EVERY:
            continue
        mean_loss = _check_finite(float(total) / since, stage, name, run.folder)  # waits for the device
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
            run.log(record)
        total, since = torch.zeros_like(total), 0
        run.checkpoint.seconds[name] = clock.read()
        if clock.is_due():
            run.checkpoint.state = stage.state()
            run.keep()
        seen = stage.step * settings.batch
        yield Report(name, seen, steps * settings.batch, clock.read(), mean_loss, validation)


def is_record(step: int, steps: int, records: int) -> bool:
    """Whether metrics are logged after this step: so many times in a stage, the last time after the last step.

    >>> [step for step in range(1, 101) if is_record(step, 100, 25)][-2:]
    [96, 100]
    """
    return step * records // steps > (step - 1) * records // steps


def _check_finite(loss: float, stage: Stage, name: str, folder: Path) -> float:
    """The loss; raises `TrainingError` when it or a weight is not finite, before a checkpoint is written."""
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
