"""A captured entry as the subject of a report: what three programs and a log can show, without recipe and networks."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from flowleague.entrant.captured import open_captured
from flowleague.entrant.model import Facts, Model
from flowleague.judge.evidence import RealDigits, Seen
from flowleague.judge.measure import Progress
from flowleague.program.container import read_bytes, unpacked
from flowleague.program.format import Entry
from flowleague.report import latents
from flowleague.report.analysis import Analysis, Sizes, attempt, from_outside
from flowleague.report.losses import NAMES
from flowleague.report.missing import Missing, finite
from flowleague.scorecard.card import Scorecard

_NO_RECIPE = "A captured entry holds programs and no recipe, so its flow is not looked into; a report on its bundle is."


@dataclass(frozen=True)
class Replayed:
    """The programs of a captured entry as functions on tensors, each on a CPU."""

    model: Model

    def encode(self, images: Tensor) -> Tensor:
        """Latents (N, D) of images (N, 1, 28, 28)."""
        return torch.from_numpy(self.model.encode(images.numpy()))

    def decode(self, z: Tensor) -> Tensor:
        """Images (N, 1, 28, 28) of latents (N, D)."""
        return torch.from_numpy(self.model.decode(z.numpy()))

    def generate(self, n: int, seed: int = 0) -> Tensor:
        """n samples (n, 1, 28, 28)."""
        return torch.from_numpy(self.model.generate(n, seed))


@dataclass(frozen=True)
class Captured:
    """A captured entry by its name: its programs, and what replays them while the context lasts."""

    name: str
    programs: Entry
    model: Model
    sha256: str

    @property
    def flow(self) -> Replayed:
        """The three functions on tensors."""
        return Replayed(self.model)

    @property
    def facts(self) -> Facts:
        """The facts that the judge takes."""
        return self.model.facts

    @property
    def dataset(self) -> str:
        """The data set that it was trained on, as it declares."""
        return self.model.dataset

    @property
    def about(self) -> str:
        """What the report says of it below its name."""
        return "A captured entry"

    @contextmanager
    def measured(self) -> Iterator[Model]:
        """The model for the judge."""
        yield self.model


@contextmanager
def open_captured_subject(path: Path, name: str) -> Iterator[Captured]:
    """Open a captured entry until the context ends. Raises `ProgramError`."""
    raw = read_bytes(path)
    with open_captured(path, name=name) as model:
        yield Captured(name, unpacked(raw), model, hashlib.sha256(raw).hexdigest())


def analyse_captured(
    subject: Captured, digits: RealDigits, seen: Sequence[Seen], card: Scorecard | Missing, sizes: Sizes, tell: Progress
) -> Analysis:
    """Compute the parts of a report that need no recipe; `Missing` stands for the others."""
    log = subject.facts.log or ()
    told = {str(line.get("stage")) for line in log} or {"vae", "flow"}
    tell("latent space", 0.0)
    encoded = attempt(lambda: _encode(subject, digits, sizes))
    stages = [stage for stage in NAMES if stage in told]
    return from_outside(subject.flow, encoded, log, stages, digits, seen, card, sizes, tell, Missing(_NO_RECIPE))


def _encode(subject: Captured, digits: RealDigits, sizes: Sizes) -> latents.Encoded:
    """Latents of test digits; those of samples are inside a program."""
    images = torch.from_numpy(digits.test.pixels(sizes.encoded))
    z = finite(subject.flow.encode(images).numpy(), "the latents of test digits")
    return latents.Encoded(z, digits.test.labels[: sizes.encoded], np.zeros((0, z.shape[1]), np.float32))
