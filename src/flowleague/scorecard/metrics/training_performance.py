"""Category 6, training performance: how fast training came to something good, from the log of the bundle.

VAE targets are fixed: validation MSE 0.010 (readable digits) and 0.006 (near the contest's best entries).
Flow losses have no common scale: the part of |x1 - x0 - v|² that no network can remove is the variance of the data
given x_t, which the latent code decides, and a code that shrinks towards a point has loss 0. So the flow's target
is relative: the first validation that has made 95 % of the fall from the first validation loss to the best one.
Final losses are shown, and the final validation MSE, which has a common scale, is ranked.

Areas are means over a fixed stretch, ten epochs of MNIST for the VAE and a hundred for the flow, which sees latents
and learns at a hundredth of the cost: before the first validation the curve has its first value, after the last its
last, so that a short run and a long one are measured alike.
The log is what the entrant says about the training; whoever ranks it may ask for it to be repeated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flowleague.judge.checked import Unmeasurable
from flowleague.scorecard.statistics import Figure, missing

EASY_MSE, HARD_MSE = 0.010, 0.006
FALL = 0.95
LARGEST = 1e300  # an integer may be larger than any float
VAE_HORIZON, FLOW_HORIZON = 550_000, 5_500_000  # images


@dataclass(frozen=True)
class Point:
    """A validation: when, in images, epochs and seconds since the stage began, and what it gave."""

    images: float
    epochs: float
    seconds: float
    value: float


def curve(log: Sequence[Mapping[str, Any]], stage: str, quantity: str) -> list[Point]:
    """The validations of a stage in the log that hold a quantity, in order; raises `Unmeasurable` for nonsense."""
    lines = [line for line in log if line.get("stage") == stage and isinstance(line.get("validation"), Mapping)]
    held = [line for line in lines if quantity in line["validation"]]
    points = [
        Point(
            _number(line, "images"),
            _number(line, "epochs"),
            _number(line, "seconds"),
            _number(line["validation"], quantity),
        )
        for line in held
    ]
    if any(b.images <= a.images or b.seconds < a.seconds for a, b in pairwise(points)):
        raise nonsense(f"the {stage} stage goes back in images or seconds")
    return points


def _number(line: Mapping[str, Any], name: str) -> float:
    value = line.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST:
        raise nonsense(f"{name} is {str(value)[:50]!r} where a number not below 0 is due")
    return float(value)


def nonsense(what: str) -> Unmeasurable:
    """The finding for a log that cannot be true."""
    return Unmeasurable(
        "training_log", f"The training log is not usable: {what}.", "Send the log as the trainer wrote it."
    )


def measure_training(log: Sequence[Mapping[str, Any]] | None) -> dict[str, Figure]:
    """All figures of the category from the lines of a training log; without one, "not reported"."""
    vae, loss, flow = (curve(log or (), *key) for key in (("vae", "mse"), ("vae", "loss"), ("flow", "loss")))
    figures = until(vae, EASY_MSE, "vae", "easy_target") | until(vae, HARD_MSE, "vae", "hard_target")
    figures |= until(falling(flow), 1 - FALL, "flow", "target")
    figures["vae_final_mse"] = last(vae)
    figures["vae_final_loss"] = last(loss)
    figures["flow_final_loss"] = last(flow)
    figures["vae_curve_area"] = area(vae, VAE_HORIZON)
    figures["flow_curve_area"] = area(falling(flow), FLOW_HORIZON)
    return figures


def until(points: Sequence[Point], target: float, stage: str, name: str) -> dict[str, Figure]:
    """Images, epochs and seconds until the first validation at or below a target."""
    reached = next((point for point in points if point.value <= target), None)
    if reached:
        found = {quantity: Figure(getattr(reached, quantity)) for quantity in ("images", "epochs", "seconds")}
    else:
        best = min((point.value for point in points), default=None)
        reason = "not reported" if best is None else f"not reached: the best is {best:.4g}"
        found = {quantity: missing(reason) for quantity in ("images", "epochs", "seconds")}
    return {f"{stage}_{quantity}_to_{name}": figure for quantity, figure in found.items()}


def falling(points: Sequence[Point]) -> list[Point]:
    """The curve as the share of its fall, from the first to the best value, that is still ahead: 1 down to 0.

    Empty when there is no fall: a loss that never got lower has not converged, however early.
    """
    best = min((point.value for point in points), default=0.0)
    fall = points[0].value - best if points else 0.0
    if fall <= 0:
        return []
    return [Point(p.images, p.epochs, p.seconds, (p.value - best) / fall) for p in points]


def last(points: Sequence[Point]) -> Figure:
    """The value of the last validation."""
    return Figure(points[-1].value) if points else missing("not reported")


def area(points: Sequence[Point], horizon: int) -> Figure:
    """Mean of a curve over the first `horizon` images: straight between validations, level before and after."""
    if not points:
        return missing("not reported")
    corners = [(0.0, points[0].value), *((p.images, p.value) for p in points), (math.inf, points[-1].value)]
    total = 0.0
    for (a, va), (b, vb) in pairwise(corners):
        end = min(b, horizon)
        if end > a:
            v_end = vb if b == end or math.isinf(b) else va + (vb - va) * (end - a) / (b - a)
            total += (end - a) * (va + v_end) / 2
    return Figure(total / horizon)
