"""What a run logs, sent on to TensorBoard, Trackio or Weights & Biases. The run's training.jsonl stays the source.

Each record is sent once: `tracked.json` in the run's folder counts them, so that a run that is resumed, and logs some
steps again, sends only what is new. The count is written first; a kill in between loses a record there, not in the log.
"""

import dataclasses
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flowleague.bundle.files import LOG_FILE
from flowleague.bundle.recipe import Recipe, flatten
from flowleague.errors import TrainingError
from flowleague.files import write_atomically

STATE_FILE = "tracked.json"
_PROJECT = "flowleague"

Figures = dict[str, float]
_Log = Callable[[Figures, int], None]  # figures by name, and the images that the stage has seen


@contextmanager
def tracked(tracker: str, folder: Path, recipe: Recipe) -> Iterator[Callable[[], None]]:
    """Yield a function that sends what the run in a folder has logged since it was last called.

    `tracker` is tensorboard, trackio or wandb. Raises `TrainingError` where its library is not installed, before
    anything is trained.
    """
    if find_spec(tracker) is None:
        raise TrainingError(
            f"--log-to {tracker} needs {tracker}, which is not installed; get it with: "
            f"pip install 'flowleague[{tracker}]'."
        )
    log: _Log | None = None
    finish: Callable[[], Any] = list

    def send() -> None:
        nonlocal log, finish
        lines = (folder / LOG_FILE).read_text().splitlines() if (folder / LOG_FILE).exists() else []
        state = _state(folder)
        mine = state.setdefault(tracker, {"sent": 0, "id": uuid.uuid4().hex})
        fresh = lines[mine["sent"] :]
        if not fresh:
            return
        if log is None:
            log, finish = _OPEN[tracker](folder, flatten(dataclasses.asdict(recipe)), mine["id"], mine["sent"] > 0)
        mine["sent"] = len(lines)
        write_atomically(folder / STATE_FILE, json.dumps(state).encode())
        for line in fresh:
            record = json.loads(line)
            log(_figures(record), record["images"])

    try:
        yield send
    finally:
        finish()


def _state(folder: Path) -> dict[str, Any]:
    """How many records each tracker has, and what it calls the run."""
    try:
        return json.loads((folder / STATE_FILE).read_bytes())
    except FileNotFoundError:
        return {}


def _figures(record: dict[str, Any]) -> Figures:
    """The figures of a record, by stage and name."""
    stage = record["stage"]
    figures = {"loss": record["loss"], "seconds": record["seconds"]}
    figures |= {f"validation_{name}": value for name, value in record["validation"].items()}
    return {f"{stage}/{name}": value for name, value in figures.items()}


def _tensorboard(folder: Path, config: dict[str, Any], run_id: str, resumed: bool) -> tuple[_Log, Callable[[], Any]]:
    """Event files in the run's folder; steps are images of the stage."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder / "tensorboard")
    if not resumed:
        writer.add_text("recipe", "\n\n".join(f"{key} = {value}" for key, value in {**config, "run": run_id}.items()))

    def log(figures: Figures, images: int) -> None:
        for name, value in figures.items():
            writer.add_scalar(name, value, images)
        writer.flush()

    return log, writer.close


def _trackio(folder: Path, config: dict[str, Any], run_id: str, resumed: bool) -> tuple[_Log, Callable[[], Any]]:
    """Trackio's own store on this machine; the name tells runs apart."""
    trackio = import_module("trackio")

    name = f"{folder.name}-{run_id[:6]}"
    run = trackio.init(project=_PROJECT, name=name, config=config, resume="must" if resumed else "never")
    return _by_stage(run.log), run.finish


def _wandb(folder: Path, config: dict[str, Any], run_id: str, resumed: bool) -> tuple[_Log, Callable[[], Any]]:
    """Weights & Biases, with the user's own sign-in."""
    wandb = import_module("wandb")

    resume = "must" if resumed else "never"
    run = wandb.init(project=_PROJECT, name=folder.name, id=run_id, config=config, resume=resume, dir=folder)
    return _by_stage(run.log), run.finish


def _by_stage(send: Callable[[dict[str, float]], Any]) -> _Log:
    """Logs a stage's images as a figure of their own, since steps of all stages are counted as one."""

    def log(figures: Figures, images: int) -> None:
        stage = next(iter(figures)).partition("/")[0]
        send({**figures, f"{stage}/images": images})

    return log


_OPEN = {"tensorboard": _tensorboard, "trackio": _trackio, "wandb": _wandb}
