"""A contest's held-out judge, as its folder shows it: a classifier that only the organiser has.

It lies in `private/judge`, which git ignores, and ranks nothing: where it sees an entry otherwise than the judges that
everybody has, measuring finds `judge_tuning`. The records hold the SHA-256 of its weights, which tells nothing about
them, and every score says which one looked. Published after the prizes, it can be checked against the records.

Within a round all entries meet the same one, or none. To change it, remove the folder, train another, and rescore.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowleague.bundle.runs import is_at_work
from flowleague.contest.events import Event, HeldOut, Score
from flowleague.contest.folder import PRIVATE_FOLDER, Contest, ContestError, hide_private
from flowleague.contest.records import Writer
from flowleague.errors import printable
from flowleague.files import write_atomically
from flowleague.text import duration, percent

_JUDGE, _PROGRESS, _LOG = "judge", "judge.progress.json", "judge.log"  # in the private folder
TRAINER = (sys.executable, "-m", "flowleague", "contest", "judges", "--foreground", "--contest")
_GO_ON = "`flowleague contest judges`"
_NICENESS = 10  # of a training in the background


def judge_folder(folder: Path) -> Path:
    """Where the held-out judge of a contest is, or will be."""
    return folder / PRIVATE_FOLDER / _JUDGE


def held_out(folder: Path) -> str:
    """The SHA-256 of the weights of the held-out judge; empty where none is finished here. Raises `ContestError`."""
    for path in judge_folder(folder).glob("*.json"):
        try:
            return printable(json.loads(path.read_text(encoding="utf-8"))["sha256"], 64)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ContestError(f"{path} is damaged; remove {path.parent}, and train another judge.") from error
    return ""


@dataclass(frozen=True)
class Training:
    """A training that is not finished: the share done, the seconds that took, and whether a process is at it."""

    done: float
    seconds: float
    at_work: bool

    def __str__(self) -> str:
        left = f", about {duration(self.seconds * (1 / self.done - 1))} left" if self.done and self.at_work else ""
        return f"{percent(self.done)} done{left}"


def training_of(folder: Path) -> Training | None:
    """The training that was begun and is not finished; None where none was, or it is finished."""
    if held_out(folder) or not (judge_folder(folder).exists() or log_of(folder).exists()):
        return None
    try:
        kept = json.loads((folder / PRIVATE_FOLDER / _PROGRESS).read_text(encoding="utf-8"))
        done, seconds = float(kept["done"]), float(kept["seconds"])
    except (OSError, ValueError, LookupError, TypeError):
        done = seconds = 0.0  # it has only begun
    return Training(done, seconds, is_at_work(judge_folder(folder)))


def keep_progress(folder: Path, done: float, seconds: float) -> None:
    """Note how far the training is, for `training_of`."""
    path = hide_private(folder) / _PROGRESS
    write_atomically(path, json.dumps({"done": done, "seconds": seconds}).encode(), private=True)


def log_of(folder: Path) -> Path:
    """What the training in the background prints."""
    return folder / PRIVATE_FOLDER / _LOG


def train_in_background(folder: Path, trainer: Sequence[str] = TRAINER) -> subprocess.Popen[bytes]:
    """Begin or go on with the training, in a process that outlives this one, and prints into `log_of`."""
    hide_private(folder)
    with log_of(folder).open("ab") as output:
        return subprocess.Popen(
            [*trainer, str(folder.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "NO_COLOR": "1"},
            start_new_session=True,
            preexec_fn=_step_back if hasattr(os, "nice") else None,  # this program has no other threads
        )


def _step_back() -> None:
    os.nice(_NICENESS)


def note_held_out(writer: Writer) -> None:
    """Record the SHA-256 of the held-out judge, once it is trained."""
    sha256 = held_out(writer.folder)
    if sha256 and sha256 != writer.state.held_out:
        writer.append("held-out", {"sha256": sha256})


def said_of(contest: Contest) -> tuple[str, bool]:
    """What there is to say of the held-out judge, empty where nothing speaks of one, and whether entries can meet it.

    Raises `ContestError` for a damaged one.
    """
    folder, recorded = contest.folder, contest.state.held_out
    if sha256 := held_out(folder):
        return f"here; its SHA-256 is {sha256[:12]}…", True
    if training := training_of(folder):
        if training.at_work:
            return f"it is being trained, {training}; measure when it is there", False
        return f"its training stopped, {training}: {_GO_ON} goes on, {PRIVATE_FOLDER}/{_LOG} may say why", False
    if recorded:
        where = f"{PRIVATE_FOLDER}/{_JUDGE} is not here: measure where it is, or train another with {_GO_ON}"
        return f"the records name one with the SHA-256 {recorded[:12]}…, and {where}", False
    return "", True


def check_same(contest: Contest) -> None:
    """Raises `ContestError` when entries of this round met another held-out judge, or met none where one is now."""
    now = held_out(contest.folder)
    scores = [one for one in contest.state.measured[-1].values() if isinstance(one, Score) and one.source == "here"]
    met = {score.held_out for score in scores}
    if not met - {now}:
        return
    if not now:
        where = f"{PRIVATE_FOLDER}/{_JUDGE}"
        raise ContestError(f"Entries of this round met a held-out judge; measure where its folder {where} is.")
    was = "another held-out judge than" if met - {now, ""} else "no held-out judge, and not"
    raise ContestError(
        f"Entries of this round met {was} the one that is here. Measure everything again with `flowleague contest "
        "rescore`, so that all meet the same."
    )


def faults_of(folder: Path, events: Sequence[Event]) -> Iterator[str]:
    """What does not fit between scores, records and the judge that is here."""
    known: list[str] = []
    for event in events:
        match event:
            case HeldOut():
                known.append(event.sha256)
            case Score() if event.held_out and event.held_out not in known:
                yield f"Record {event.number} names a held-out judge that was not on record before."
    try:
        here = held_out(folder)
    except ContestError as error:
        yield str(error)
        return
    if here and known and here not in known:
        yield f"The judge in {PRIVATE_FOLDER}/{_JUDGE} is not the one whose SHA-256 was recorded."
