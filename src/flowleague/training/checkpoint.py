"""The state of an unfinished run: one file, replaced atomically, and the log cut back to where that file was written.

A run that was killed goes on from here and ends with the same bits as one that was not: the weights, the optimiser
and the step are in the file, randomness is a function of the step, and the number of threads, on which the order
of floating point sums depends, is restored too.

A snapshot is the whole run at one moment as a single zip, so that it is copied whole or not at all:

    quick.checkpoint-2-000001200.zip     stage 2, the flow, of the run `quick`, after 1,200 steps

It holds config.json, the log as long as the checkpoint says, checkpoint.pt and the files of earlier stages; its
checksums reveal a torn copy. The name holds the progress, because the clocks of two machines differ.
"""

import io
import pickle
import re
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from flowleague.archive import read_zip, write_zip
from flowleague.bundle.files import FLOW_FILE, LOG_FILE, VAE_FILE
from flowleague.errors import TrainingError
from flowleague.files import cannot_write, sync, write_atomically

CHECKPOINT = "checkpoint.pt"
FEATURES_FILE = "critic.safetensors"  # the feature network's weights, only while a run lasts
_STAGES = ("start", "vae", "flow", "critic", "tune", "end")
FINISHED = (len(_STAGES), 0)  # further than any checkpoint
_NAME = re.compile(r"(?P<run>.+)\.checkpoint-(?P<stage>\d)-(?P<step>\d{9})\.zip")
_FILES = ("config.json", LOG_FILE, VAE_FILE, FLOW_FILE, FEATURES_FILE, CHECKPOINT)  # put back in this order
_LARGEST = 2**30  # bytes of one of them
Progress = tuple[int, int]  # stage and steps done in it; tuples compare as runs do


@dataclass
class Checkpoint:
    """Where a run stands: its stage, that stage's state, seconds spent in each, and length of the log in bytes.

    `aside` is the stage that is trained beside this one: its state, seconds, and records that the log is still to get.
    `overlap` are the seconds of stages that passed beside other stages.
    """

    stage: str = "vae"
    state: dict[str, Any] | None = None  # None at the start of a stage
    aside: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    overlap: float = 0.0
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
    path = folder / LOG_FILE
    with path.open("ab") as log:
        log.truncate(length)


def append_log(folder: Path, line: str) -> int:
    """Append a line to the run's log and return its new length in bytes; raises `OutputError`."""
    path = folder / LOG_FILE
    try:
        with path.open("ab") as log:
            log.write(line.encode() + b"\n")
            sync(log)
            return log.tell()
    except OSError as error:
        raise cannot_write(path, error) from error


def progress_of(checkpoint: Checkpoint) -> Progress:
    """How far a checkpoint is."""
    return _STAGES.index(checkpoint.stage), checkpoint.state["step"] if checkpoint.state else 0


def snapshot_name(run: str, checkpoint: Checkpoint) -> str:
    """The file name of a snapshot."""
    stage, step = progress_of(checkpoint)
    return f"{run}.checkpoint-{stage}-{step:09d}.zip"


def named_progress(name: str, run: str) -> Progress | None:
    """How far the snapshot of that name is; None for other files and other runs."""
    found = _NAME.fullmatch(name)
    return (int(found["stage"]), int(found["step"])) if found and found["run"] == run else None


def take_snapshot(folder: Path, checkpoint: Checkpoint) -> bytes:
    """The content of a snapshot of the run in a folder, right after `checkpoint` was written there."""
    files = {name: (folder / name).read_bytes() for name in _FILES if (folder / name).exists()}
    if LOG_FILE in files:
        files[LOG_FILE] = files[LOG_FILE][: checkpoint.log_bytes]
    return write_zip(files, zipfile.ZIP_STORED)  # weights hardly compress


def read_snapshot(raw: bytes) -> dict[str, bytes] | None:
    """The files of a snapshot, in the order in which they are put back; None when it is torn."""
    try:
        files = read_zip(raw, dict.fromkeys(_FILES, _LARGEST))
    except ValueError:
        return None
    if not {"config.json", LOG_FILE, CHECKPOINT} <= files.keys():
        return None
    return {name: files[name] for name in _FILES if name in files}
