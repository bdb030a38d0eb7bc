"""A run at one moment as a single file, so that it is copied whole or not at all.

    quick.checkpoint-2-000001200.zip     stage 2, the flow, of the run `quick`, 1,200 steps done

The zip holds config.json, the log as long as the checkpoint says, checkpoint.pt and what earlier stages left; its
checksums tell a torn copy. The name says how far the run was, because clocks of two machines differ.
"""

import re
import zipfile
from pathlib import Path

from flowleague.archive import read_zip, write_zip
from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.training.checkpoint import CHECKPOINT, CRITIC_FILE, LOG, Checkpoint

STAGES = ("start", "vae", "flow", "critic", "tune", "end")
FINISHED = (len(STAGES), 0)  # further than any checkpoint
NAME = re.compile(r"(?P<run>.+)\.checkpoint-(?P<stage>\d)-(?P<step>\d{9})\.zip")
FILES = ("config.json", LOG, VAE_FILE, FLOW_FILE, CRITIC_FILE, CHECKPOINT)  # as they are put back: it needs the rest
LARGEST = 2**30  # bytes of one of them
Progress = tuple[int, int]  # stage and steps done in it: what is further compares greater


def progress_of(checkpoint: Checkpoint) -> Progress:
    """How far a checkpoint is."""
    return STAGES.index(checkpoint.stage), checkpoint.state["step"] if checkpoint.state else 0


def snapshot_name(run: str, checkpoint: Checkpoint) -> str:
    """The file name of a snapshot."""
    stage, step = progress_of(checkpoint)
    return f"{run}.checkpoint-{stage}-{step:09d}.zip"


def named_progress(name: str, run: str) -> Progress | None:
    """How far the snapshot of that name is; None for other files and other runs."""
    found = NAME.fullmatch(name)
    return (int(found["stage"]), int(found["step"])) if found and found["run"] == run else None


def take_snapshot(folder: Path, checkpoint: Checkpoint) -> bytes:
    """The content of a snapshot of the run in a folder, right after `checkpoint` was written there."""
    files = {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
    if LOG in files:
        files[LOG] = files[LOG][: checkpoint.log_bytes]
    return write_zip(files, zipfile.ZIP_STORED)  # weights hardly compress


def read_snapshot(raw: bytes) -> dict[str, bytes] | None:
    """The files of a snapshot, in the order in which they are put back; None when it is torn."""
    try:
        files = read_zip(raw, dict.fromkeys(FILES, LARGEST))
    except ValueError:
        return None
    if not {"config.json", LOG, CHECKPOINT} <= files.keys():
        return None
    return {name: files[name] for name in FILES if name in files}
