"""Replay of the log: the first share of a bundle's VAE stage, or all of a training, from its own recipe, seed and data.

Training is a function of recipe, data and threads: on one kind of machine an honest log comes back to the last bit. On
another processor, with other threads or another version of PyTorch, sums are rounded in another order, and the log
comes back nearly. A log may also have been made for the purpose, beside weights of another training; only a whole
replay compares those.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import Bundle, read_records
from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData, no_test_images
from flowleague.hardware import this_machine
from flowleague.judge.provenance.shadows import Progress, silent
from flowleague.training.device import describe_hardware
from flowleague.training.train import train


@dataclass(frozen=True)
class Replay:
    """What was replayed: `images` of `of_images` in all stages, how many `records` of the log, and the difference.

    `difference` is the largest relative one of validation figures; `weights` says whether the weight files came back,
    where all was replayed. `circumstances` are what differs between both machines, in words. `reason` says why nothing
    was replayed.
    """

    images: int = 0
    of_images: int = 0
    records: int = 0
    difference: float | None = None
    weights: bool | None = None
    circumstances: tuple[str, ...] = ()
    reason: str = ""


def replay(bundle: Bundle, data: TrainingData, folder: Path, *, full: bool = False, show: Progress = silent) -> Replay:
    """Train again into an empty folder: up to the first record of the log, or with `full` to the end.

    It uses as many threads as the card says, if there are as many cores. Raises `TrainingError`.
    """
    recipe = replace(bundle.recipe, budget=None)
    if not bundle.log:
        return Replay(reason="the bundle has no log")
    if bundle.card.get("hardware", {}).get("device") != "cpu":
        return Replay(reason="it was not trained on a processor, or does not say so")
    before = torch.get_num_threads()
    torch.set_num_threads(min(_threads(bundle), this_machine().cores or 1))
    try:
        differing = tuple(_circumstances(bundle))
        with no_test_images():
            for report in train(recipe, folder, data, device="cpu"):
                show(report)
                if report.validation and not full:
                    break
        return _compare(bundle, recipe, folder, differing, full)
    finally:
        torch.set_num_threads(before)


def _compare(bundle: Bundle, recipe: Recipe, folder: Path, circumstances: tuple[str, ...], full: bool) -> Replay:
    again = read_records((folder / "training.jsonl").read_bytes(), "the replayed log")
    logged = {_place(record): record.get("validation") for record in bundle.log}  # a stranger's: of any type
    differences = [_difference(logged.get(_place(record)), record["validation"]) for record in again]
    images = {record["stage"]: record["images"] for record in again}
    weights = None
    if full:
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (VAE_FILE, FLOW_FILE)}
        weights = files == bundle.sha256
    of_images = sum(stage.images for stage in recipe.stages().values())
    return Replay(sum(images.values()), of_images, len(again), max(differences), weights, circumstances)


def _place(record: dict[str, Any]) -> str:
    return f"{record.get('stage')} {record.get('step')}"


def _difference(logged: Any, found: dict[str, float]) -> float:
    """The largest relative difference of validation figures; infinite where the log has none, or others."""
    if not isinstance(logged, dict) or set(logged) != set(found):
        return math.inf
    if not all(isinstance(value, float | int) for value in logged.values()):
        return math.inf
    return max(abs(logged[name] - value) / max(abs(value), 1e-12) for name, value in found.items())


def _threads(bundle: Bundle) -> int:
    threads = bundle.card.get("hardware", {}).get("threads", 1)
    return threads if isinstance(threads, int) and threads > 0 else 1


def _circumstances(bundle: Bundle) -> Iterator[str]:
    """What differs between the machine of the card and this one, of what changes rounding."""
    here, there = describe_hardware(torch.device("cpu")), bundle.card.get("hardware", {})
    for word in ("name", "threads"):
        if here[word] != there.get(word):
            yield f"{'processor' if word == 'name' else word} {here[word]} instead of {there.get(word, 'unknown')}"
    mine, theirs = torch.__version__, bundle.card.get("versions", {}).get("torch", "unknown")
    if mine != theirs:
        yield f"torch {mine} instead of {theirs}"
