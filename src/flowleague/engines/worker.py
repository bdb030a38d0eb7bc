"""What a machine of a cluster runs for one job: its command within its limits, then how it ended, as a file.

    python -m flowleague.engines.worker PLACE

`job.json` in the place says what to run. `ended.json` is renamed into it last: while it is missing, the job runs, waits
or was lost. While it runs, the file `beat` is touched every ten seconds. The process ends with the one that started it,
or when it is asked to (SIGTERM), and takes its command along.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from flowleague.engines.job import Ended, Job
from flowleague.engines.local import Local
from flowleague.files import write_atomically

_JOB, _ENDED, _BEAT = "job.json", "ended.json", "beat"
_EVERY = 10.0  # seconds between beats
_PAUSE = 0.05  # seconds between looks at the command


def hand_over(job: Job) -> list[str]:
    """Put a job into its place; returns the command that runs it there, with the Python of whoever runs it."""
    write_atomically(job.place / _JOB, msgspec.json.encode(job, enc_hook=str), private=True)
    return ["-m", "flowleague.engines.worker", str(job.place)]


def how_it_ended(place: Path) -> Ended | None:
    """What a worker wrote about the end of a job; None where it did not."""
    try:
        return msgspec.json.decode((place / _ENDED).read_bytes(), type=Ended)
    except FileNotFoundError:
        return None


def last_beat(place: Path) -> int | None:
    """When a worker last gave a sign of life, by the clock of its file system; None where it has not begun."""
    try:
        return (place / _BEAT).stat().st_mtime_ns
    except OSError:
        return None


def _main(place: Path) -> None:
    said = msgspec.json.decode((place / _JOB).read_bytes())
    job = Job(**said | {"command": tuple(said["command"]), "place": place})
    asked: list[str] = []
    parent, engine = os.getppid(), Local()
    signal.signal(signal.SIGTERM, lambda *_: asked.append("to end"))
    beaten = _beat(place)
    engine.launch(job)
    while (ended := engine.poll(job)) is None:
        if asked or os.getppid() != parent:
            return engine.cancel(job)
        if time.monotonic() - beaten > _EVERY:
            beaten = _beat(place)
        time.sleep(_PAUSE)
    return write_atomically(place / _ENDED, msgspec.json.encode(ended))


def _beat(place: Path) -> float:
    """Give a sign of life; returns when."""
    with contextlib.suppress(OSError):  # the job itself may yet end well
        (place / _BEAT).touch()
    return time.monotonic()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
