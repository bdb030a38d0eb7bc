"""Category 5, efficiency: size, evaluations, operations, and time against a fixed piece of work.

Seconds differ between machines and with what else they do. So the model and a reference workload (see
`flowleague.judge.timing`) run in turns, and the metric is the ratio of their times per image: the median over the
turns, with the standard error of a median, 1.2533 sd / √turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flowleague.scorecard.metrics._base import CategoryKind, Figure, MetricKind, missing, standard_error


class _File(Protocol):
    @property
    def bytes(self) -> int: ...
    @property
    def numbers(self) -> int: ...


class Facts(Protocol):
    """What images do not show; None is unknown. `weights`: size in bytes of each file, and numbers in its tensors."""

    @property
    def weights(self) -> Sequence[_File]:
        """The weight files."""
        ...

    @property
    def parameters(self) -> int | None:
        """Parameters without buffers."""
        ...

    @property
    def nfe(self) -> int | None:
        """Evaluations of the velocity network per sample."""
        ...

    @property
    def flops(self) -> int | None:
        """Operations per sample."""
        ...

    @property
    def reachable(self) -> int | None:
        """Numbers that its programs hold."""
        ...


@dataclass(frozen=True)
class Turns:
    """Seconds per image of the model and of the reference workload in each turn (T,); `n` images timed in all."""

    model: NDArray[np.float64]
    workload: NDArray[np.float64]
    n: int


def _tensors_total(facts: Facts) -> Figure:
    """All values in the tensors of the weight files, of the autoencoder and the flow, buffers included.

    Or those that its programs hold, whichever is more. *Why:* small models; the only one of this category in the
    default rules. *Gaming:* values in the code's text, in lists, in tensors beside the parameters: what a captured
    entry computes with is a constant of its programs and counts (`parameters_disagree`), in units of 32 bits where it
    is packed, and so does what the list of operations, or a weight file beside its tensors, holds beyond 16 KiB. A
    model without any value is not measured. Code that cannot be captured is not ranked; what it can hide is in
    [security.md](security.md).
    """
    stored = sum(file.numbers for file in facts.weights) if facts.weights else None
    counted = {name: n for name, n in (("weight_files", stored), ("reachable", facts.reachable)) if n is not None}
    if not counted:
        return missing("not reported")
    if max(counted.values()) == 0:
        return missing("no numbers were found, in files or in memory")
    return Figure(float(max(counted.values())), detail={name: float(n) for name, n in counted.items()})


def _weight_bytes(facts: Facts) -> Figure:
    """Size of the weight files.

    *Why:* half precision and packing count here. *Gaming:* as tensors_total.
    """
    return _count(sum(file.bytes for file in facts.weights) if facts.weights else None)


def _nfe(facts: Facts) -> Figure:
    """How often the velocity network runs to make one sample: steps times the solver's stages.

    *Why:* the price of a sample that no machine changes. *Gaming:* counted from a bundle's recipe; code could claim any
    number, so it is not asked.
    """
    return _count(facts.nfe)


def _flops(facts: Facts) -> Figure:
    """Arithmetic operations to make one sample, by a formula for every operation of the program that makes it.

    Of a bundle it is the program that its networks are, so that every format is counted alike. *Why:* few evaluations
    of a large network are not cheap. *Gaming:* counted off the program; nothing that an entry says is used.
    """
    return _count(facts.flops)


def _time_ratio(turns: Turns) -> Figure:
    """Time to make an image, over that of a fixed workload on the same machine.

    The workload is 2,000 images through a 784-512-512-784 network, the two run in turns; median over 7 turns. *Why:*
    time, freed from most of the machine. *Noise:* 1.2533 sd/√7, the error of a median; another machine may still give
    another ratio. *Gaming:* work in advance: workers of a code entry stand still between calls, and the clock is the
    parent's.
    """
    return _median(turns.model / turns.workload, turns.n)


def _parameters_official(facts: Facts) -> Figure:
    """Trainable parameters as the contest of 2025 counted them; buffers are free.

    *Why:* to stand beside its board. *Gaming:* buffers escape it; tensors_total counts them.
    """
    return _count(facts.parameters)


def _time_per_image(turns: Turns) -> Figure:
    """Time to make one image on the machine that measured.

    *Why:* what a person waits; machines differ. *Gaming:* shown.
    """
    return _median(turns.model, turns.n)


def _count(n: int | None) -> Figure:
    return missing("not reported") if n is None else Figure(float(n))


def _median(values: NDArray[np.float64], n: int) -> Figure:
    return Figure(float(np.median(values)), 1.2533 * standard_error(values), n, repeats=tuple(values.tolist()))


EFFICIENCY = CategoryKind(
    "efficiency",
    "model efficiency",
    "efficiency",
    'Sizes are counted by the judge. What is not known reads "not reported", and ranks last where it ranks.',
    (
        MetricKind(
            "tensors_total", "parameters and buffers", "numbers", "lower", "facts", _tensors_total, short="parameters"
        ),
        MetricKind("weight_bytes", "size of the weight files", "bytes", "lower", "facts", _weight_bytes),
        MetricKind("nfe", "function evaluations", "evaluations", "lower", "facts", _nfe),
        MetricKind("flops", "FLOPs per sample", "FLOP", "lower", "facts", _flops),
        MetricKind("time_ratio", "relative time per image", "ratio", "lower", "turns", _time_ratio),
        MetricKind(
            "parameters_official", "contest's parameter count", "parameters", "shown", "facts", _parameters_official
        ),
        MetricKind("time_per_image", "time per image", "s", "shown", "turns", _time_per_image),
    ),
)
