"""What a sweep's folder was begun with: the same words continue it, others are refused.

sweep.json     what is written here             journal.log   Optuna's, every trial
MY.toml        the recipe, if it is a file      runs/         a training for each trial and seed, with its card
jobs/          what is at work                  index.html, front.svg
"""

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from flowleague.bundle.recipe import RECIPES, Recipe, flatten
from flowleague.errors import SweepError
from flowleague.files import write_atomically
from flowleague.sweep.space import Dial, Objective
from flowleague.text import listed

FILE, JOURNAL, RUNS, JOBS = "sweep.json", "journal.log", "runs", "jobs"


class Plan(Struct, frozen=True, kw_only=True):
    """A sweep: `values` are those of the recipe that all trials share, dotted; `data_sha256` the validation images'."""

    recipe: str
    values: dict[str, Any]
    dials: tuple[Dial, ...]
    objectives: tuple[Objective, ...]
    seeds: tuple[int, ...]
    budget: float | None
    threads: int
    evaluator: str
    data_sha256: str

    @property
    def file(self) -> str:
        """The name of the recipe's file; empty for one that ships."""
        return "" if self.recipe in RECIPES else Path(self.recipe).name


_WORDS = {
    "values": "the recipe's values",
    "dials": "--vary",
    "objectives": "--minimise or --maximise",
    "seeds": "--seeds",
    "budget": "--budget",
    "threads": "--threads",
    "evaluator": "the installed FlowLeague",
    "data_sha256": "the validation images",
}


def values_of(recipe: Recipe) -> dict[str, Any]:
    """What a recipe holds, dotted, but for what a sweep sets."""
    flat = flatten(dataclasses.asdict(recipe))
    return {key: value for key, value in flat.items() if key not in ("seed", "budget")}


def begin(folder: Path, plan: Plan) -> Plan:
    """Begin a sweep in a new or empty folder, or go on with the same one; raises `SweepError` for another one's."""
    path = folder / FILE
    if path.exists():
        begun = read_plan(folder)
        if others := [word for name, word in _WORDS.items() if getattr(begun, name) != getattr(plan, name)]:
            raise SweepError(
                f"{folder} holds another sweep: {listed(others)} differ. Give the words it was begun with, or another "
                "folder with --out."
            )
        return begun
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SweepError(f"{folder} holds something that is no sweep; choose a new folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    if plan.file:
        shutil.copyfile(plan.recipe, folder / plan.file)  # later changes of the file change no trial
    write_atomically(path, msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    return plan


def read_plan(folder: Path) -> Plan:
    """What a sweep was begun with; raises `SweepError` where that cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise SweepError(f"{folder / FILE} cannot be read as a sweep ({error}); choose another folder.") from error


@contextmanager
def alone_with(folder: Path) -> Iterator[None]:
    """Keep other coordinators off a sweep; raises `SweepError` where one is at work. The lock dies with its process."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f".{folder.name}.sweep.lock"), timeout=0):
            yield
    except Timeout as error:
        raise SweepError(
            f"Another process runs the sweep in {folder}; wait for it, or choose another folder."
        ) from error
