"""The code lane: a stranger's `.py` or `.ipynb` as three functions on numpy arrays, captured or run.

Given training images, one worker builds the entry and captures it as programs. These are measured as those of every
captured entry, and no code of the entrant runs from then on. What cannot be captured is run by three workers, and the
finding `not_captured` says why.

Encoding, decoding and generating are asked of separate fresh processes, images and latents in an order drawn anew for
each call: what an encoder remembers in attributes, files or by counting cannot reach the decoder.

Samples are asked for in portions, each after torch was seeded with the seed of that block of a bundle's noise. So an
entry that draws ``torch.randn(n, D)`` starts from the rows that a bundle starts from: a packed bundle gets its figures.

Decoders and generators of the contest return probabilities or logits. Which of the two is decided once per entry and
function, on a probe: values that leave [0, 1] there are logits, and then the sigmoid is applied to all that follows.
(The contest decided for each batch, so that one stray value changed a whole batch.)
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.entrant.building import Building
from flowleague.entrant.captured import is_captured, open_captured
from flowleague.entrant.model import HINTS, Array, EntrantFinding, Facts, Failure, Model, account
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.sandbox.worker import Worker, request
from flowleague.entrant.source import read_source
from flowleague.entrant.weights import Download, Weights
from flowleague.errors import WallError
from flowleague.limits import Limits
from flowleague.model.randomness import NOISE_BLOCK, noise_seed, whole
from flowleague.program.capturing.interface import PROBED, leaves_range, probe
from flowleague.program.values import ProgramError

CODE = (".py", ".ipynb")
_ROLES = ("encode", "decode", "generate")
_MOST_NUMBERS = 4 * 28 * 28  # per image, in any reply
_PACKAGE = Path(__file__).parents[1]
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

        yield open_bundle(path, name)


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
    name = name or path.name
    with _prepared(path, limits, weights, trust, download) as (folder, building), ExitStack() as stack:
        if training:
            worker = stack.enter_context(closing(launch("capture", folder, limits, trust)))
            made = _captured(stack, worker, building, training(), folder / "captured.zip", name, limits)
            if isinstance(made, Model):
                yield made
                return
            found = (made,)
        workers = {role: stack.enter_context(closing(launch(role, folder, limits, trust))) for role in _ROLES}
        entry = Code(workers, building)
        facts = entry.facts(name)
        facts = replace(facts, findings=(*found, *facts.findings))
        yield Model(entry.encode, entry.decode, entry.generate, facts, entry.said)


@contextmanager
def _prepared(
    path: Path, limits: Limits, weights: str | Path | None, trust: bool, download: Download | None
) -> Iterator[tuple[Path, Building]]:
    """A folder with the entry's source and weights for its workers, and how they build it."""
    source = read_source(path)
    if not trust:
        wall.require_wall()
    with tempfile.TemporaryDirectory(prefix="flowleague-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        (folder / "entry.json").write_bytes(msgspec.json.encode({"cells": source.cells, "notebook": source.notebook}))
        seen_at = str(folder / "weights") if trust else "/weights"
        files = Weights(folder / "weights", seen_at, limits, Path(weights) if weights else None, download)
        yield folder, Building(files, limits)


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
        call = _raising(error)
        return Model(call, call, call, facts, worker.said)
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
    )
    return replace(model, facts=facts, said=worker.said)


def _raising(error: Failure) -> Callable[..., Array]:
    def call(*_: Any) -> Array:
        raise error.with_traceback(None)

    return call


def launch(role: str, folder: Path, limits: Limits, trust: bool) -> Worker:
    """Start one worker on the source and weights in a folder."""
    requests, requests_end = os.pipe()
    replies_end, replies = os.pipe()
    threads = str(torch.get_num_threads())
    patience = {"seconds": limits.total_seconds / 8}  # for the checks of each of three functions, beside the rest
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
    settings = {"requests": requests, "replies": replies}
    try:
        if trust:
            settings |= {"limits": None, "paths": [p for p in sys.path if p.endswith("-packages")]}
            settings |= {"source": str(folder / "entry.json"), "weights": str(folder / "weights")}
            settings |= {"folder": str(folder / role), "capture": patience | {"paths": [str(_PACKAGE.parent)]}}
            started = wall.start_openly(str(wall.INSIDE / "worker.py"), settings, (requests, replies), environment)
        else:
            settings |= {"limits": limits.words()}
            settings |= {"capture": patience | {"paths": ["/capture"]}}
            settings |= {"paths": ["/site"], "source": "/entry.json", "weights": "/weights", "folder": "/tmp/entry"}
            binds = [(folder / "entry.json", "/entry.json"), (folder / "weights", "/weights")]
            binds += _program() if role == "capture" else []
            started = wall.start("/inside/worker.py", settings, limits, binds, (requests, replies), environment)
    except WallError:
        os.close(requests_end)
        os.close(replies_end)
        raise
    finally:
        os.close(requests)
        os.close(replies)
    return Worker(started.process, started.init, requests_end, replies_end, limits)


def _program() -> list[wall.Bind]:
    """What capture needs of this package, and where the sandbox sees it."""
    names = ("__init__.py", "archive.py", "errors.py", "files.py", "program")
    needed = [(_PACKAGE / name, f"/capture/flowleague/{name}") for name in names]
    return [*needed, (Path(msgspec.__file__).parent, "/capture/msgspec")]


class Code:
    """The three workers of one entry, loaded and probed."""

    def __init__(self, workers: dict[str, Worker], building: Building):
        self._workers, self._building = workers, building
        self._order = np.random.default_rng()  # not seeded: nobody shall know the order
        self._latent_shape: tuple[int, ...] = ()
        self._logits = {"decode": False, "generate": False}
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(building.read, workers.values()))
            try:
                building.find(workers[_ROLES[0]])
            except Failure as error:
                for worker in workers.values():
                    worker.give_up(error)
            list(pool.map(building.load, workers.values()))
            for probe in [pool.submit(self._probe_reconstruction), pool.submit(self._probe_generation)]:
                probe.result()
            self._censuses = list(pool.map(self._census, workers.values()))

    def encode(self, images: Array) -> Array:
        """Latents (B, D) of images (B, 1, 28, 28)."""
        order = self._order.permutation(len(images))
        latents = self._ask("encode", wire.ENCODE, images[order])
        if latents.ndim < 2 or len(latents) != len(images):
            return latents
        self._latent_shape = latents.shape[1:]
        return _restored(latents.reshape(len(latents), -1), order)

    def decode(self, latents: Array) -> Array:
        """Images (B, 1, 28, 28) of latents (B, D)."""
        order = self._order.permutation(len(latents))
        fits = int(np.prod(self._latent_shape)) == latents.shape[1]
        shaped = latents[order].reshape(-1, *self._latent_shape) if fits else latents[order]
        images = self._ask("decode", wire.DECODE, shaped)
        if images.size != len(latents) * 28 * 28:
            return images
        return _restored(self._cleaned("decode", images), order)

    def generate(self, n: int, seed: int) -> Array:
        """n images (n, 1, 28, 28), asked for in portions with a seed each."""
        portions = []
        for number, start in enumerate(range(0, n, NOISE_BLOCK)):
            count = min(NOISE_BLOCK, n - start)
            images = self._generate(whole(count), noise_seed(seed, number))  # a few more than needed, left away below
            if images.size % (28 * 28):
                return images
            portions.append(self._cleaned("generate", images))
            missing = whole(count) - len(portions[-1])
            if missing:  # of what was asked for; whoever counts the images finds as many missing
                return portions[-1][: max(count - missing, 0)] if missing > 0 else portions[-1]
        return np.concatenate(portions)[:n]

    def _generate(self, n: int, seed: int) -> Array:
        most = 4 * n * _MOST_NUMBERS
        return self._workers["generate"].call(wire.GENERATE, request(n, seed), most=most)

    def _ask(self, role: str, kind: int, array: NDArray[Any]) -> Array:
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        return self._workers[role].call(kind, raw, array.shape, most=4 * len(array) * _MOST_NUMBERS)

    def _cleaned(self, role: str, images: Array) -> Array:
        images = images.reshape(-1, 1, 28, 28)
        if not self._logits[role] or not np.isfinite(images).all():  # of infinity the sigmoid would make a pixel
            return images
        return torch.from_numpy(images.copy()).sigmoid().numpy()

    def _probe_reconstruction(self) -> None:
        with suppress(Failure):  # the judge's own calls will meet it again
            latents = self._ask("encode", wire.ENCODE, probe().numpy())
            self._latent_shape = latents.shape[1:]
            self._logits["decode"] = leaves_range(self._ask("decode", wire.DECODE, latents))

    def _probe_generation(self) -> None:
        with suppress(Failure):
            self._logits["generate"] = leaves_range(self._generate(PROBED, noise_seed(0, 0)))

    def _census(self, worker: Worker) -> dict[str, Any]:
        with suppress(Failure):
            return worker.call(wire.CENSUS)
        return {}

    def facts(self, name: str) -> Facts:
        """What the files and the censuses tell."""
        files = tuple(self._building.files.files.values())
        parameters, held, findings = account(files, self._censuses)
        notes = tuple(self._building.notes)
        return Facts(name=name, weights=files, parameters=parameters, reachable=held, findings=findings, notes=notes)

    def said(self) -> str:
        """What the workers printed, each distinct text once."""
        texts = {text: role for role, worker in reversed(self._workers.items()) if (text := worker.said())}
        return "\n".join(f"--- {role} ---\n{text}" for text, role in reversed(texts.items()))


def _restored(rows: Array, order: NDArray[np.int64]) -> Array:
    """Rows that were computed in a drawn order, in their own."""
    own = np.empty_like(rows)
    own[order] = rows
    return own
