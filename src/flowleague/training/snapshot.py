"""A run at one moment as a single file, so that it is copied whole or not at all.

    quick.checkpoint-2-000001200.zip     stage 2, the flow, of the run `quick`, 1,200 steps done

The zip holds config.json, the log as long as the checkpoint says, checkpoint.pt and what earlier stages left; its
checksums tell a torn copy. The name says how far the run was, because clocks of two machines differ.
"""

import io
import re
import zipfile
import zlib
from pathlib import Path

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.training.checkpoint import CHECKPOINT, CRITIC_FILE, LOG, Checkpoint

STAGES = ("start", "vae", "flow", "critic", "tune", "end")
FINISHED = (len(STAGES), 0)  # further than any checkpoint
NAME = re.compile(r"(?P<run>.+)\.checkpoint-(?P<stage>\d)-(?P<step>\d{9})\.zip")
FILES = ("config.json", LOG, VAE_FILE, FLOW_FILE, CRITIC_FILE, CHECKPOINT)  # as they are put back: it needs the rest
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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # weights hardly compress
        for name in FILES:
            if (folder / name).exists():
                content = (folder / name).read_bytes()
                archive.writestr(name, content[: checkpoint.log_bytes] if name == LOG else content)
    return buffer.getvalue()


def read_snapshot(raw: bytes) -> dict[str, bytes] | None:
    """The files of a snapshot, in the order in which they are put back; None when it is torn."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            files = {name: archive.read(name) for name in FILES if name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, NotImplementedError):
        return None
    return files if {"config.json", LOG, CHECKPOINT} <= files.keys() else None
