"""One training of a trial, and its card: what is to be run next for it, as a command that a person could type.

Whatever happened before, the files say what is next: without a card of the training it is trained, or resumed to the
bit; without a scorecard it is scored, on validation.
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flowleague.bundle.files import CARD_FILE
from flowleague.engines.job import Job
from flowleague.errors import SweepError
from flowleague.scorecard.card import Scorecard, read_scorecard
from flowleague.sweep.plan import JOBS, RUNS, Plan
from flowleague.sweep.space import Value, as_set

_FLOWLEAGUE = (sys.executable, "-m", "flowleague")
_CARD = "scorecard.json"
MEMORY_GIB = 2.0  # of a job: twice what the recipes that ship take
_DAY, _LEAST = 86_400.0, 3600.0  # seconds of a job: without a budget, and however small it is
_OF_BUDGET = 10  # how often a budget may be exceeded: on a busy machine, and in scoring
Step = Literal["train", "score"]


@dataclass(frozen=True)
class Run:
    """A training: which trial, with which seed, in which sweep, and the values of its dials."""

    sweep: Path
    trial: int
    seed: int
    values: Mapping[str, Value]

    @property
    def name(self) -> str:
        """Its folder among the runs."""
        return f"{self.trial:04d}-seed{self.seed}"

    @property
    def folder(self) -> Path:
        """Where it is trained."""
        return self.sweep / RUNS / self.name

    def next(self) -> Step | None:
        """What is to be done for it; None when its card is there."""
        if (self.folder / _CARD).exists():
            return None
        return "score" if (self.folder / CARD_FILE).exists() else "train"

    def attempts(self, step: Step) -> int:
        """How often a step was begun."""
        begun = (self.sweep / JOBS).glob(f"{self.name}-{step}-*")
        return max((int(place.name.rpartition("-")[2]) for place in begun), default=0)

    def job(self, plan: Plan, step: Step, attempt: int, data: Path | None) -> Job:
        """A step as a job of an engine whose workers see the sweep's folder."""
        if step == "train" and not (self.folder / "config.json").exists():
            shutil.rmtree(self.folder, ignore_errors=True)  # killed before anything was written that counts
        words = [*_FLOWLEAGUE, *(self._training(plan) if step == "train" else self._scoring())]
        words += ["--data", str(data)] if data else []
        seconds = max(_LEAST, _OF_BUDGET * plan.budget) if plan.budget else _DAY
        place = (self.sweep / JOBS / f"{self.name}-{step}-{attempt}").absolute()
        return Job(tuple(words), place, plan.threads, seconds, MEMORY_GIB)

    def _training(self, plan: Plan) -> list[str]:
        recipe = str((self.sweep / plan.file).absolute()) if plan.file else plan.recipe
        words = ["train", recipe, "--out", str(self.folder.absolute()), "--resume", "--seed", str(self.seed)]
        return words + settings(self.values) + (["--budget", str(plan.budget)] if plan.budget else [])

    def _scoring(self) -> list[str]:
        folder = self.folder.absolute()
        return ["score", str(folder), "--split", "validation", "--dry-run", "--out", str(folder / _CARD)]

    def card(self, plan: Plan) -> Scorecard:
        """Its scorecard; raises `SweepError` for one that was not measured on the validation images."""
        card = read_scorecard(self.folder / _CARD)
        if (
            card.data_sha256.get("test") != plan.data_sha256
        ):  # where the card names the images that were held against it
            raise SweepError(
                f"{self.folder / _CARD} was not measured on the validation images, by which alone a sweep may choose; "
                "remove it, and the same command measures again."
            )
        return card


def settings(values: Mapping[str, Value]) -> list[str]:
    """Values of dials as options of `flowleague train`."""
    return [word for key, value in values.items() for word in ("--set", f"{key}={as_set(value)}")]
