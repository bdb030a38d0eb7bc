"""Category 5, efficiency: size, evaluations, operations, and time against a fixed piece of work.

Seconds differ between machines and with what else they do. So the model and a reference workload (2,000 images
through a fixed 784-512-512-784 network) run in turns, after a warm-up of both, and the metric is the ratio of
their times per image: the median over the turns, with the standard error of a median, 1.2533 sd / √turns.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch

from flowleague.entrant.model import Facts
from flowleague.judge.checked import CheckedModel
from flowleague.scorecard.statistics import Figure, missing, standard_error

WORKLOAD_IMAGES = 2000
WORKLOAD_SIZES = (784, 512, 512, 784)


def measure_sizes(facts: Facts) -> dict[str, Figure]:
    """Counts from the facts; what is not known is "not reported".

    Of the numbers in the weight files and those that can be reached from the loaded model, the larger count is taken.
    Where both are zero nothing was learned, or what was is hidden: there is no smallest model to be first with.
    """
    stored = sum(file.numbers for file in facts.weights) if facts.weights else None
    counted = {name: n for name, n in (("weight_files", stored), ("reachable", facts.reachable)) if n is not None}
    counts = {
        "tensors_total": max(counted.values(), default=None),
        "weight_bytes": sum(file.bytes for file in facts.weights) if facts.weights else None,
        "nfe": facts.nfe,
        "flops": facts.flops,
        "parameters_official": facts.parameters,
    }
    figures = {name: missing("not reported") if n is None else Figure(float(n)) for name, n in counts.items()}
    if counts["tensors_total"] == 0:
        figures["tensors_total"] = missing("no numbers were found, in files or in memory")
    elif counted:
        figures["tensors_total"] = replace(figures["tensors_total"], detail={k: float(n) for k, n in counted.items()})
    return figures


def measure_time(model: CheckedModel, n: int, turns: int, seed: int) -> dict[str, Figure]:
    """Time per generated image, in seconds and as a ratio to the reference workload's, from `turns` turns."""
    work = reference_workload()
    pairs = in_turns(lambda: model.generate(n, seed), work, turns)
    seconds = np.array([pair.model / n for pair in pairs])
    ratios = seconds / np.array([pair.reference / WORKLOAD_IMAGES for pair in pairs])
    return {"time_ratio": _median(ratios, n * turns), "time_per_image": _median(seconds, n * turns)}


def _median(values: np.ndarray, n: int) -> Figure:
    return Figure(float(np.median(values)), 1.2533 * standard_error(values), n, repeats=tuple(values.tolist()))


def reference_workload() -> Callable[[], torch.Tensor]:
    """A fixed piece of work: one pass of 2,000 images through a network with seeded weights."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(WORKLOAD_IMAGES, WORKLOAD_SIZES[0], generator=generator)
    sizes = pairwise(WORKLOAD_SIZES)
    weights = [torch.randn(rows, columns, generator=generator) / rows**0.5 for rows, columns in sizes]

    def work() -> torch.Tensor:
        with torch.inference_mode():
            h = x
            for weight in weights:
                h = torch.nn.functional.silu(h @ weight)
            return h

    return work


@dataclass(frozen=True)
class Turn:
    """Seconds of one call of the model and of one call of the reference workload, one after the other."""

    model: float
    reference: float


def in_turns(model: Callable[[], object], reference: Callable[[], object], turns: int) -> list[Turn]:
    """Time two functions in turns, after one untimed call of each."""
    model()
    reference()
    return [Turn(_seconds(model), _seconds(reference)) for _ in range(turns)]


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
