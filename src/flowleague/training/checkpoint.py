"""The state of an unfinished run: one file, replaced atomically, and the log cut back to where that file was written.

A run that was killed goes on from here and ends with the same bits as one that was not: the weights, the optimiser
and the step are in the file, randomness is a function of the step, and the number of threads, on which the order
of floating point sums depends, is restored too.
"""

import io
import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from flowleague.errors import TrainingError
from flowleague.files import cannot_write, write_atomically

CHECKPOINT = "checkpoint.pt"
LOG = "training.jsonl"
CRITIC_FILE = "critic.safetensors"  # only while a run lasts


@dataclass
class Checkpoint:
    """Where a run stands: its stage, that stage's state, seconds spent in each, and length of the log in bytes."""

    stage: str = "vae"
    state: dict[str, Any] | None = None  # None at the start of a stage
    seconds: dict[str, float] = field(default_factory=dict)
    log_bytes: int = 0
    threads: int = field(default_factory=torch.get_num_threads)
    device: str = "cpu"


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the run's checkpoint; raises `OutputError`, and then the old one is still there."""
    buffer = io.BytesIO()
    torch.save(asdict(checkpoint), buffer)
    write_atomically(folder / CHECKPOINT, buffer.getvalue())


def read_checkpoint(folder: Path, device: torch.device) -> Checkpoint:
    """The run's checkpoint, or the start of a run where none was written yet; raises `TrainingError`."""
    path = folder / CHECKPOINT
    if not path.exists():
        return Checkpoint(device=device.type)
    try:
        checkpoint = Checkpoint(**torch.load(path, map_location=device, weights_only=True))
    except (OSError, RuntimeError, EOFError, LookupError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{path} is damaged; delete {folder} and train again.") from error
    if checkpoint.device != device.type:
        raise TrainingError(
            f"The run in {folder} was trained on {checkpoint.device}, not {device.type}; "
            f"resume it with --device {checkpoint.device}."
        )
    return checkpoint


def cut_log(folder: Path, length: int) -> None:
    """Drop what was logged after the checkpoint: those steps are done, and logged, again."""
    path = folder / LOG
    with path.open("ab") as log:
        log.truncate(length)


def append_log(folder: Path, line: str) -> int:
    """Append a line to the run's log and return its new length in bytes; raises `OutputError`."""
    path = folder / LOG
    try:
        with path.open("ab") as log:
            log.write(line.encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())
            return log.tell()
    except OSError as error:
        raise cannot_write(path, error) from error
