"""A second copy of a run, in a folder that may be slow, fill up, or vanish: a mounted drive.

    FOLDER/quick.checkpoint-2-000001200.zip    the newest snapshots of an unfinished run, two of them
    FOLDER/quick.zip                           the bundle of a finished one

A separate thread copies, so that a slow or hanging mount never delays training; of several waiting snapshots only the
newest is copied. A copy is written under a temporary name, moved to its place and read back. A failure is reported
once, retried with the next snapshot, and never stops the training.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flowleague.bundle.files import read_files
from flowleague.errors import BundleError, OutputError
from flowleague.files import sync
from flowleague.program.container import holds_programs
from flowleague.training.checkpoint import (
    FINISHED,
    Checkpoint,
    Progress,
    named_progress,
    read_snapshot,
    snapshot_name,
    take_snapshot,
)

PARTIAL = ".flowleague-partial"  # one name: what a killed session left is overwritten by the next
KEPT = 2  # snapshots: a mount may lose what it was given last
PATIENCE = 300.0  # seconds that the end of a training waits for the copy of its bundle


@dataclass(frozen=True)
class Copy:
    """An intact copy in a mirror: its path, its progress, and its files in the order to restore them."""

    path: Path
    progress: Progress
    files: dict[str, bytes]


class Mirror:
    """The copies of one run, `name`, in a folder; `tell` is called from a thread with sentences for the user.

    `every` is the least number of seconds between two copies. The folder is created, its parents are not: raises
    `OutputError` where a drive is not mounted.
    """

    def __init__(self, folder: Path, name: str, tell: Callable[[str], None], every: float = 60.0):
        self.folder, self.name, self._tell = folder, name, tell
        self._every, self._next = every, time.monotonic() + every
        self._waiting: tuple[str, bytes] | None = None
        self._fails = False
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        try:
            folder.mkdir(exist_ok=True)  # not its parents: where Drive is not mounted, they would be made on this disk
        except OSError as error:
            raise OutputError(
                f"Checkpoints cannot go to {folder} ({error.strerror}); mount the drive first, or name another folder."
            ) from error

    def check_new(self) -> None:
        """Raise `OutputError` when a run of this name is here already."""
        if any(self._places()) or self.entry.exists():
            raise OutputError(
                f"{self.folder} already holds a run named {self.name}; go on with --resume, or choose another --out."
            )

    def found(self) -> Iterator[Copy]:
        """The intact copies of the run, the furthest first; torn copies are skipped."""
        try:
            files = read_files(self.entry)
            yield Copy(self.entry, FINISHED, {n: files[n] for n in sorted(files, key="card.json".__eq__)})
        except BundleError:
            pass  # missing or torn
        for progress, path in sorted(self._places(), reverse=True):
            try:
                files = read_snapshot(path.read_bytes())
            except OSError:
                continue
            if files:
                yield Copy(path, progress, files)

    def holds_captured(self) -> bool:
        """Whether the run has ended, and its entry is a captured one."""
        try:
            with self.entry.open("rb") as file:
                return holds_programs(file)
        except OSError:
            return False

    def offer(self, folder: Path, checkpoint: Checkpoint) -> None:
        """Copy the run in a folder, whose checkpoint was just written, if a copy is due; returns at once."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            self._hand_over(snapshot_name(self.name, checkpoint), take_snapshot(folder, checkpoint))

    def finish(self, bundle: Path) -> None:
        """Copy the zip of a finished bundle, wait for it, and remove the snapshots, which are no longer needed.

        An identical copy is not written again.
        """
        with suppress(OSError):
            if self.entry.read_bytes() == bundle.read_bytes():
                return
        self._hand_over(self.entry.name, bundle.read_bytes())
        with self._change:
            done = self._change.wait_for(lambda: self._waiting is None, PATIENCE)
        if not done or self._fails:
            self._tell(f"The bundle is not in {self.folder}; copy {bundle} there when it can be written again.")

    @property
    def entry(self) -> Path:
        """Where the bundle of the finished run goes, or the captured entry of own networks."""
        return self.folder / f"{self.name}.zip"

    def _places(self) -> list[tuple[Progress, Path]]:
        """Snapshots of the run by name, whole or torn."""
        try:
            paths = list(self.folder.iterdir())
        except OSError:
            return []
        named = [(named_progress(path.name, self.name), path) for path in paths]
        return [(progress, path) for progress, path in named if progress]

    def _hand_over(self, name: str, content: bytes) -> None:
        with self._change:
            self._waiting = (name, content)
            self._change.notify_all()
        if self._thread is None:
            # a daemon: a mount that hangs must not keep the program from ending
            self._thread = threading.Thread(target=self._work, name=f"copies to {self.folder}", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting is not None)
                task = self._waiting
            assert task is not None
            self._attempt(*task)
            with self._change:
                if self._waiting is task:
                    self._waiting = None
                self._change.notify_all()

    def _attempt(self, name: str, content: bytes) -> None:
        try:
            write_verified(self.folder / name, content)
            self._remove_old(finished=name == self.entry.name)
        except OSError as error:
            if not self._fails:
                self._tell(
                    f"Checkpoints do not reach {self.folder} ({error.strerror or error}); the training goes on and "
                    "they will be tried again. Free some space there or mount it again."
                )
            self._fails = True
            return
        if self._fails:
            self._tell(f"Checkpoints reach {self.folder} again.")
        self._fails = False

    def _remove_old(self, finished: bool) -> None:
        for _, path in sorted(self._places(), reverse=True)[0 if finished else KEPT :]:
            path.unlink(missing_ok=True)


def write_verified(path: Path, content: bytes) -> None:
    """Write a file under another name, move it to its place and read it back; raises `OSError`."""
    partial = path.with_name(PARTIAL)
    try:
        with partial.open("wb") as file:  # its folder is not made: a mount that vanished is not this disk
            file.write(content)
            sync(file)
        os.replace(partial, path)
    except OSError:
        _remove(partial)
        raise
    if path.read_bytes() != content:
        path.unlink(missing_ok=True)
        raise OSError("what was written there reads back differently")


def _remove(path: Path) -> None:
    with suppress(OSError):  # where writing fails, removing may fail too; the first failure is the one to tell
        path.unlink(missing_ok=True)
