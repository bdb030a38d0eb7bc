"""The code lane: a stranger's `.py` or `.ipynb` as three functions on numpy arrays, captured or run.

Given training images, one worker builds the entry and captures it as programs. These are measured as those of every
captured entry, and no code of the entrant runs from then on. What cannot be captured is run by workers of which one at
a time is alive, and the finding `not_captured` says why.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from flowleague.entrant.building import Building
from flowleague.entrant.captured import open_captured
from flowleague.entrant.log import NOTE, log_beside
from flowleague.entrant.model import HINTS, Array, EntrantFinding, Facts, Failure, Model, failing
from flowleague.entrant.running import Code, launch
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.worker import Worker
from flowleague.entrant.source import read_source
from flowleague.entrant.turns import Turns
from flowleague.entrant.weights import Download, Weights
from flowleague.files import temporary_folder
from flowleague.limits import Limits
from flowleague.program.container import is_captured
from flowleague.program.values import ProgramError

CODE = (".py", ".ipynb")
CAPTURED_ON = 2000  # training images
Training = Callable[[], Array]  # training images (N, 1, 28, 28) to capture on


@contextmanager
def open_entry(
    path: str | Path,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    weights: str | Path | None = None,
    trust: bool = False,
    training: Training | None = None,
) -> Iterator[Model]:
    """The model in a file or folder, until the context ends; see `open_bundle` and `open_code` for what they raise."""
    if is_captured(path):
        with open_captured(path, name=name, limits=limits) as model:
            yield model
    elif is_code(path):
        with open_code(path, name=name, limits=limits, weights=weights, trust=trust, training=training) as model:
            yield model
    else:
        from flowleague.entrant.bundle import open_bundle

        with open_bundle(path, name=name, limits=limits) as model:
            yield model


def is_code(path: str | Path) -> bool:
    """Whether a path goes to the code lane."""
    return Path(path).suffix.lower() in CODE


@contextmanager
def open_code(
    path: str | Path,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    weights: str | Path | None = None,
    trust: bool = False,
    download: Download | None = None,
    training: Training | None = None,
) -> Iterator[Model]:
    """The model in an entry's source until the context ends: captured on images of `training`; run without them.

    Raises `EntryError` when the file cannot be read and `WallError` when this system has no wall. What the code does
    wrong, while loading or later, is raised by the model's functions as `Failure`, for the judge to make findings of.

    `weights` is a folder of files that the entry finds by name; without it, its links are fetched by `download`.
    `trust` runs the code without a wall, as if it were one's own. The thread that opens an entry must outlive it: the
    kernel ends what is behind the wall when its parent ends.
    """
    path, limits, found = Path(path), limits or Limits(), ()
    name, log = name or path.name, log_beside(path, Path(weights) if weights else None)
    with _prepared(path, limits, weights, trust, download) as (folder, building), ExitStack() as stack:
        if training:
            worker = stack.enter_context(closing(launch("capture", folder, limits, trust)))
            made = _captured(stack, worker, building, training(), folder / "captured.zip", name, limits)
            if isinstance(made, Model):
                yield replace(made, facts=_with_log(made.facts, log))
                return
            found = (made,)
        started = stack.enter_context(
            closing(Turns(lambda role: launch(role, folder, limits, trust), building, limits.output_kib))
        )
        entry = Code(started, building)
        entry.prepare()
        facts = _with_log(replace(entry.facts(name), findings=found), log)
        yield Model(entry.encode, entry.decode, entry.generate, facts, started.said, failure=started.failure)


def _with_log(facts: Facts, log: tuple[dict[str, Any], ...] | None) -> Facts:
    return replace(facts, log=log, notes=(*facts.notes, NOTE)) if log else facts


@contextmanager
def _prepared(
    path: Path, limits: Limits, weights: str | Path | None, trust: bool, download: Download | None
) -> Iterator[tuple[Path, Building]]:
    """A folder with the entry's source and weights for its workers, and how they build it."""
    source = read_source(path)
    if not trust:
        wall.require_wall()
    with temporary_folder() as folder:
        (folder / "entry.json").write_bytes(msgspec.json.encode({"cells": source.cells, "notebook": source.notebook}))
        seen_at = str(folder / "weights") if trust else "/weights"
        files = Weights(folder / "weights", seen_at, limits, Path(weights) if weights else None, download)
        yield folder, Building(files, limits)


def try_code(path: str | Path, weights: Sequence[Path] = (), limits: Limits | None = None) -> None:
    """Build an entry's source in the sandbox, with weight files of its own, and measure nothing.

    Raises `EntryError` with what every measurement would meet, `WallError` without a sandbox, and `NetworkError` where
    its weights cannot be fetched now.
    """
    limits = limits or Limits()
    with temporary_folder() as given:
        for file in weights:
            shutil.copyfile(file, given / file.name)
        handed_in = given if weights else None
        with (
            _prepared(Path(path), limits, handed_in, False, None) as (folder, building),
            closing(launch("encode", folder, limits, False)) as worker,
        ):
            building.read(worker)
            building.find(worker)
            building.load(worker)
            worker.require()


def capture_code(
    path: str | Path, images: Array, *, limits: Limits | None = None, weights: str | Path | None = None
) -> tuple[bytes, list[str]]:
    """The captured entry's file of a source that is built and captured in the sandbox, and notes on how it was read.

    Raises `EntryError` where the file cannot be read or built, `WallError` without a sandbox, and `ProgramError` with
    the reason where it cannot be captured.
    """
    limits = limits or Limits()
    with (
        _prepared(Path(path), limits, weights, False, None) as (folder, building),
        closing(launch("capture", folder, limits, False)) as worker,
    ):
        return building.capture(worker, images), building.notes


def _captured(
    stack: ExitStack, worker: Worker, building: Building, images: Array, file: Path, name: str, limits: Limits
) -> Model | EntrantFinding:
    """The model of what a worker captures, or the finding that says why there is none."""
    try:
        file.write_bytes(building.capture(worker, images))
        model = stack.enter_context(open_captured(file, name=name, limits=limits))
    except Failure as error:  # there is nothing to capture or to run: every call meets it
        facts = Facts(name=name, weights=tuple(building.files.files.values()), notes=tuple(building.notes))
        return failing(facts, error, worker.said)
    except ProgramError as error:
        return EntrantFinding(
            "not_captured", f"It was not captured, so its code was run: {error}", HINTS["not_captured"]
        )
    finally:
        worker.close()
    handed_in, (constants,) = tuple(building.files.files.values()), model.facts.weights
    more = constants.numbers > sum(held.numbers for held in handed_in)  # in the code, or packed into few
    facts = replace(
        model.facts,
        weights=handed_in,  # which are the entry's, by their hashes
        reachable=constants.numbers if more or not handed_in else None,
        notes=tuple(building.notes),
        team=building.team,
    )
    return replace(model, facts=facts, said=worker.said)
