"""The three functions of a model, and the facts about it that no measurement of images shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class WeightFile:
    """A weight file: name, SHA-256, size in bytes, and numbers in all of its tensors, buffers included."""

    name: str
    sha256: str
    bytes: int
    numbers: int


@dataclass(frozen=True)
class EntrantFinding:
    """Something wrong that shows before any image is seen: a stable name, what happened, what to do, and where."""

    name: str
    sentence: str
    hint: str
    category: str = "efficiency"


@dataclass(frozen=True)
class Facts:
    """What is known of a model beside its outputs; None stands for "not reported".

    `parameters` is the contest's count (parameters without buffers), `nfe` the evaluations of the velocity network
    per sample, `flops` the floating-point operations per generated image, `log` the lines of the training log,
    `reachable` the numbers in all tensors that can be reached from the loaded model, `findings` what is wrong, and
    `notes` sentences about how the entry was read.
    """

    name: str = "unnamed"
    weights: tuple[WeightFile, ...] = ()
    parameters: int | None = None
    nfe: int | None = None
    flops: int | None = None
    log: Sequence[Mapping[str, Any]] | None = None
    reachable: int | None = None
    findings: tuple[EntrantFinding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """`encode` (B, 1, 28, 28) -> (B, D); `decode` back; `generate` n, seed -> (n, 1, 28, 28); and the facts.

    `said` gives what the entry printed so far, tracebacks included, for the person who must mend it. `dataset` is what
    it is made for: what a bundle says; the contest's, MNIST, for code.
    """

    encode: Callable[[Array], Array]
    decode: Callable[[Array], Array]
    generate: Callable[[int, int], Array]
    facts: Facts = Facts()
    said: Callable[[], str] = str
    dataset: str = "mnist"
