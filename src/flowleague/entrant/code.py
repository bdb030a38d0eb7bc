"""The code lane: a stranger's `.py` or `.ipynb` as three functions on numpy arrays, run by three workers.

Encoding, decoding and generating are asked of separate fresh processes, images and latents in an order drawn anew for
each call: what an encoder remembers in attributes, files or by counting cannot reach the decoder.

Samples are asked for in portions, each after torch was seeded with the seed of that block of a bundle's noise. So an
entry that draws ``torch.randn(n, D)`` starts from the rows that a bundle starts from: a packed bundle gets its figures.

Decoders and generators of the contest return probabilities or logits. Which of the two is decided once per entry and
function, on a probe: values that leave [0, 1] there are logits, and then the sigmoid is applied to all that follows.
(The contest decided for each batch, so that one stray value changed a whole batch.)
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.entrant.model import Array, Facts, Failure, Model, account, failure, refusal
from flowleague.entrant.sandbox import wall
from flowleague.entrant.sandbox.inside import wire
from flowleague.entrant.sandbox.worker import Worker, request
from flowleague.entrant.source import read_source
from flowleague.entrant.weights import Download, Weights
from flowleague.errors import WallError, printable
from flowleague.limits import Limits
from flowleague.model.randomness import NOISE_BLOCK, noise_seed, whole

CODE = (".py", ".ipynb")
_ROLES = ("encode", "decode", "generate")
PROBED = 16  # images of a probe
OUTSIDE = 1e-4  # how far a value may leave [0, 1] and still be a probability, rounded
_MOST_NUMBERS = 4 * 28 * 28  # per image, in any reply


@contextmanager
def open_entry(
    path: str | Path,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    weights: str | Path | None = None,
    trust: bool = False,
) -> Iterator[Model]:
    """The model in a file or folder, until the context ends; see `open_bundle` and `open_code` for what they raise."""
    from flowleague.entrant.captured import is_captured, open_captured

    if is_captured(path):
        with open_captured(path, name=name, limits=limits) as model:
            yield model
    elif is_code(path):
        with open_code(path, name=name, limits=limits, weights=weights, trust=trust) as model:
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
) -> Iterator[Model]:
    """The model in an entry's source, running until the context ends.

    Raises `EntryError` when the file cannot be read and `WallError` when this system has no wall. What the code does
    wrong, while loading or later, is raised by the model's functions as `Failure`, for the judge to make findings of.

    `weights` is a folder of files that the entry finds by name; without it, its links are fetched by `download`.
    `trust` runs the code without a wall, as if it were one's own. The thread that opens an entry must outlive it: the
    kernel ends what is behind the wall when its parent ends.
    """
    path, limits, source = Path(path), limits or Limits(), read_source(path)
    if not trust:
        wall.require_wall()
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="flowleague-", ignore_cleanup_errors=True))
        )
        (folder / "entry.json").write_bytes(msgspec.json.encode({"cells": source.cells, "notebook": source.notebook}))
        seen_at = str(folder / "weights") if trust else "/weights"
        files = Weights(folder / "weights", seen_at, limits, Path(weights) if weights else None, download)
        workers = {}
        for role in _ROLES:
            workers[role] = stack.enter_context(closing(launch(role, folder, limits, trust)))
        entry = Code(workers, files, limits)
        yield Model(entry.encode, entry.decode, entry.generate, entry.facts(name or path.name), entry.said)


def launch(role: str, folder: Path, limits: Limits, trust: bool) -> Worker:
    """Start one worker on the source and weights in a folder."""
    requests, requests_end = os.pipe()
    replies_end, replies = os.pipe()
    threads = str(torch.get_num_threads())
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
    settings = {"requests": requests, "replies": replies}
    try:
        if trust:
            settings |= {"limits": None, "paths": [p for p in sys.path if p.endswith("-packages")]}
            settings |= {"source": str(folder / "entry.json"), "weights": str(folder / "weights")}
            settings |= {"folder": str(folder / role)}
            started = wall.start_openly(str(wall.INSIDE / "worker.py"), settings, (requests, replies), environment)
        else:
            settings |= {"limits": limits.words()}
            settings |= {"paths": ["/site"], "source": "/entry.json", "weights": "/weights", "folder": "/tmp/entry"}
            binds = [(folder / "entry.json", "/entry.json"), (folder / "weights", "/weights")]
            started = wall.start("/inside/worker.py", settings, limits, binds, (requests, replies), environment)
    except WallError:
        os.close(requests_end)
        os.close(replies_end)
        raise
    finally:
        os.close(requests)
        os.close(replies)
    return Worker(started.process, started.init, requests_end, replies_end, limits)


class _Read(msgspec.Struct):
    """What a worker answers to READ."""

    note: str


class _Tried(msgspec.Struct):
    """What a worker answers to TRY: a plan, or the name and sentence of a refusal."""

    plan: dict[str, Any] | None = None
    notes: list[str] = []
    refused: str = ""
    said: str = ""


def told(kind: Any, value: object) -> Any:
    """A worker's answer as a struct; raises `Failure` where it is something else."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise failure("forged_reply", "load", f"the reply is not what it says it is: {error}") from error


class Code:
    """The three workers of one entry, loaded and probed."""

    def __init__(self, workers: dict[str, Worker], files: Weights, limits: Limits):
        self._workers, self._files, self._limits = workers, files, limits
        self._order = np.random.default_rng()  # not seeded: nobody shall know the order
        self._latent_shape: tuple[int, ...] = ()
        self._logits = {"decode": False, "generate": False}
        self._notes: list[str] = []
        with ThreadPoolExecutor(len(workers)) as pool:
            plan = self._plan(list(pool.map(self._read, workers.values())))
            list(pool.map(lambda worker: self._load(worker, plan), workers.values()))
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

    def _read(self, worker: Worker) -> _Read | None:
        """What is left out of the entry, said before any of its lines has run."""
        try:
            return told(_Read, worker.call(wire.READ, seconds=self._limits.start_seconds))
        except Failure as error:
            worker.give_up(error)
            return None

    def _plan(self, read: list[_Read | None]) -> dict[str, Any]:
        """How to build the entry, found by the first worker; all are given up where there is no way."""
        worker = self._workers[_ROLES[0]]
        self._notes += [printable(one.note) for one in read[:1] if one and one.note]
        seconds = self._limits.start_seconds
        try:
            raw = worker.call(
                wire.TRY, json.dumps({"seconds": seconds}).encode(), seconds=seconds, fetch=self._files.answer
            )
            found = told(_Tried, raw)
            if found.plan is not None:
                self._notes += [printable(note) for note in found.notes[:10]]
                return found.plan
            raise refusal(found.refused, found.said)
        except Failure as error:
            failed = self._blame(error)
        for worker in self._workers.values():
            worker.give_up(failed)
        return {}

    def _load(self, worker: Worker, plan: dict[str, Any]) -> None:
        if worker.lost:
            return
        try:
            worker.call(
                wire.LOAD, json.dumps(plan).encode(), seconds=self._limits.start_seconds, fetch=self._files.answer
            )
        except Failure as error:
            worker.give_up(self._blame(error))

    def _blame(self, error: Failure) -> Failure:
        """The failure to tell: where weights could not be had, that; raises `NetworkError` for the network's fault."""
        if error.name not in ("raises", "missing_file"):
            return error
        if self._files.outage:
            raise self._files.outage
        missing = self._files.refusal
        return Failure(missing.name, missing.sentence, missing.hint) if missing else error

    def _probe_reconstruction(self) -> None:
        with suppress(Failure):  # the judge's own calls will meet it again
            latents = self._ask("encode", wire.ENCODE, probe())
            self._latent_shape = latents.shape[1:]
            self._logits["decode"] = _leaves_range(self._ask("decode", wire.DECODE, latents))

    def _probe_generation(self) -> None:
        with suppress(Failure):
            self._logits["generate"] = _leaves_range(self._generate(PROBED, noise_seed(0, 0)))

    def _census(self, worker: Worker) -> dict[str, Any]:
        with suppress(Failure):
            return worker.call(wire.CENSUS)
        return {}

    def facts(self, name: str) -> Facts:
        """What the files and the censuses tell."""
        files = tuple(self._files.files.values())
        parameters, held, findings = account(files, self._censuses)
        notes = tuple(self._notes)
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


def _leaves_range(images: Array) -> bool:
    """Whether values are logits rather than probabilities."""
    return bool((images < -OUTSIDE).any() or (images > 1 + OUTSIDE).any())


def probe() -> Array:
    """Images (16, 1, 28, 28) that are digits as little as they are a secret: black, and bars of growing width."""
    images = np.zeros((PROBED, 1, 28, 28), np.float32)
    for k in range(PROBED):
        images[k, 0, 6:22, 14 - k // 2 : 14 + (k + 1) // 2] = 1.0
    return images
