"""Category 6, training performance: how fast training came to something good, from the log of the bundle.

VAE targets are fixed: validation MSE 0.010 (readable digits) and 0.006 (near the contest's best entries).
Flow losses have no common scale: the part of |x1 - x0 - v|² that no network can remove is the variance of the data
given x_t, which the latents decide, and latents that shrink towards a point have loss 0. So the flow's target is
relative: the first validation that has made 95 % of the fall from the first validation loss to the best one.

Areas are means over a fixed stretch, ten epochs of MNIST for the VAE and a hundred for the flow, which sees latents
and learns at a hundredth of the cost: before the first validation the curve has its first value, after the last its
last, so that a short run and a long one are measured alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal

from flowleague.scorecard.metrics._base import CategoryKind, Figure, MetricKind, Unmeasurable, missing
from flowleague.text import number

_EASY_MSE, _HARD_MSE = 0.010, 0.006
_FALL = 0.95
_SURE, _AGREE = 0.05, 1.02  # epochs that are exact enough to be compared; how far ratios may be apart
_SHORTEST = 1e-5  # seconds of a step: launching the few kernels of the smallest network takes longer
_FASTEST = 1e17  # operations a second: eight of the fastest accelerators of 2025 do a third of that, in 8 bits
_TICK = 0.01  # seconds to which a clock may be rounded
_CLAIMED = 0.5  # of the error on validation images: least share that a log may end with; docs/log.md: honest ones
LARGEST = 1e300  # an integer may be larger than any float
VAE_HORIZON, _FLOW_HORIZON = 550_000, 5_500_000  # images

_Quantity = Literal["images", "epochs", "seconds"]
_UNITS: dict[_Quantity, str] = {"images": "images", "epochs": "epochs", "seconds": "s"}


@dataclass(frozen=True)
class Point:
    """A validation: when, in images, epochs and seconds since the stage began, and what it gave."""

    images: float
    epochs: float
    seconds: float
    value: float
    step: int | None = None


@dataclass(frozen=True)
class Log:
    """The curves of a training: the VAE's validation MSE and loss, the flow's validation loss."""

    vae_mse: Sequence[Point]
    vae_loss: Sequence[Point]
    flow_loss: Sequence[Point]


def read_log(lines: Sequence[Mapping[str, Any]] | None) -> Log:
    """The curves in the lines of a training log, empty without one; raises `Unmeasurable` for nonsense."""
    lines = lines or ()
    return Log(curve(lines, "vae", "mse"), curve(lines, "vae", "loss"), curve(lines, "flow", "loss"))


def check_end(log: Log, mse: float | None) -> None:
    """Raise `Unmeasurable` where the VAE's stage ends far below the squared error (intensity²) of the weights.

    `mse` is that of validation images, encoded and decoded by the entry; later stages may have made it worse.
    """
    end = log.vae_mse[-1].value if log.vae_mse else None
    if end is not None and mse is not None and end < _CLAIMED * mse:
        raise _nonsense(f"it ends with an MSE of {number(end)}, and that of validation images is {number(mse)}")


def check_pace(log: Log, flops: int | None, nfe: int | None) -> None:
    """Raise `Unmeasurable` where no machine trains that fast.

    `flops` are those of a sample, `nfe` its evaluations of the velocity. A training image costs no less than three
    passes: through the decoder in the VAE's stage, through the velocity in the flow's. Of a sample that is nfe
    velocities and a decoder these are at least 3 min(images of the VAE, images of the flow / nfe) flops.
    """
    ends = [points[-1] for points in (log.vae_mse or log.vae_loss, log.flow_loss) if points]
    for end in ends:
        if end.step is not None and _SHORTEST * end.step > end.seconds + _TICK:
            raise _nonsense(f"{end.step:,} steps in {number(end.seconds)} s are more than a machine can do")
    if len(ends) == 2 and flops is not None and nfe is not None:
        images = min(ends[0].images, ends[1].images / nfe if nfe else math.inf)
        if 3 * images * flops > _FASTEST * (sum(end.seconds for end in ends) + _TICK):
            raise _nonsense("it claims more operations a second than any machine does")


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
            line["step"] if _is_count(line.get("step")) else None,
        )
        for line in held
    ]
    if any(b.images <= a.images or b.seconds < a.seconds for a, b in pairwise(points)):
        raise _nonsense(f"the {stage} stage goes back in images or seconds")
    _check_ratio(
        [p.images / p.epochs for p in points if p.epochs > _SURE], f"epochs of the {stage} stage", "images / n"
    )
    _check_ratio([p.images / p.step for p in points if p.step], f"images of the {stage} stage", "step x batch")
    return points


def _check_ratio(ratios: Sequence[float], what: str, meaning: str) -> None:
    """Raise `Unmeasurable` when numbers that stand in one ratio throughout a training do not."""
    if ratios and max(ratios) > _AGREE * min(ratios):
        raise _nonsense(f"the {what} are not {meaning}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST


def _number(line: Mapping[str, Any], name: str) -> float:
    value = line.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST:
        raise _nonsense(f"{name} is {str(value)[:50]!r} where a number not below 0 is due")
    return float(value)


def _nonsense(what: str) -> Unmeasurable:
    """The finding for a log that cannot be true."""
    return Unmeasurable(
        "training_log", f"The training log is not usable: {what}.", "Send the log as the trainer wrote it."
    )


def _until(points: Sequence[Point], target: float, quantity: _Quantity) -> Figure:
    """Images, epochs or seconds until the first validation at or below a target."""
    reached = next((point for point in points if point.value <= target), None)
    if reached:
        return Figure(getattr(reached, quantity))
    best = min((point.value for point in points), default=None)
    return missing("not reported" if best is None else f"not reached: the best is {number(best)}")


def falling(points: Sequence[Point]) -> list[Point]:
    """The curve as the share of its fall, from the first to the best value, that is still ahead: 1 down to 0.

    Empty when there is no fall: a loss that never got lower has not converged, however early.
    """
    best = min((point.value for point in points), default=0.0)
    fall = points[0].value - best if points else 0.0
    if fall <= 0:
        return []
    return [Point(p.images, p.epochs, p.seconds, (p.value - best) / fall) for p in points]


def _last(points: Sequence[Point]) -> Figure:
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


def _vae_reaches(log: Log, target: float, quantity: _Quantity) -> Figure:
    """How long the autoencoder trained until its validation error fell to the target; without that, no value.

    In images seen, passes over the training images, or seconds; MSE 0.010 is readable digits, 0.006 near the best
    entries of 2025. *Why:* speed of learning, which in images and epochs no machine changes. *Noise:* in steps of the
    validations; another machine gives other seconds, so the default rules do not rank them. *Gaming:* validate often; a
    faster machine; train longer elsewhere and start from there (the card says what was pretrained; the award asks).
    """
    return _until(log.vae_mse, target, quantity)


def _flow_reaches(log: Log, quantity: _Quantity) -> Figure:
    """How long the flow trained until its validation loss had made 95 % of its fall; without a fall, no value.

    The fall is from the first validation to the best. *Why:* flow losses have no common scale (the latents decide what
    loss is possible), so the target is relative. *Gaming:* a bad first value makes 95 % easy; the metrics of samples
    say whether the best value is any good.
    """
    return _until(falling(log.flow_loss), 1 - _FALL, quantity)


def _vae_final_mse(log: Log) -> Figure:
    """The autoencoder's error on validation images when its training ended.

    *Why:* where training ended, on a common scale. *Gaming:* a forged log; one that ends below half of the
    error of validation images, which the entry encodes and decodes here, is `training_log`.
    """
    return _last(log.vae_mse)


def _vae_curve_area(log: Log) -> Figure:
    """The autoencoder's mean validation error over its first ten epochs (550,000 images).

    Straight between validations, level before the first and after the last. *Why:* the whole curve instead of one
    crossing. *Gaming:* a late first validation hides a slow beginning.
    """
    return area(log.vae_mse, VAE_HORIZON)


def _flow_curve_area(log: Log) -> Figure:
    """Mean share of the flow's fall in loss still to go, over its first 100 epochs (5,500,000 images).

    *Why:* as vae_curve_area. *Gaming:* as flow_images_to_target.
    """
    return area(falling(log.flow_loss), _FLOW_HORIZON)


def _final_loss(log: Log, stage: Literal["vae", "flow"]) -> Figure:
    """The loss at the last validation of the stage.

    *Why:* the contest names it; its scale is the entrant's choice. *Gaming:* any factor before the loss changes it.
    """
    return _last(log.vae_loss if stage == "vae" else log.flow_loss)


def _until_target(name: str, title: str, formula: Callable[..., Figure]) -> tuple[MetricKind, ...]:
    """Images, epochs and seconds until a target of a stage, "STAGE_{}_to_TARGET", is reached."""
    return tuple(
        MetricKind(name.format(what), title.format(what), unit, "lower", "log", partial(formula, quantity=what))
        for what, unit in _UNITS.items()
    )


TRAINING = CategoryKind(
    "training_performance",
    "training performance",
    "training",
    "From the training.jsonl of a bundle or captured entry, or beside code: the entrant declares it. Images are steps "
    "times batch, epochs are images / n, the figures are those of the validation split. A log must keep to that, go "
    "forward in images and seconds, take no step in less than 10 µs, and end no lower than half of the MSE of "
    "validation images that the entry encodes and decodes here (`training_log`); beyond that a forged one is not told "
    "from a true one: where it decides a prize, ask for the training to be repeated. Without a log the category reads "
    '"not reported". One training is one training: no noise.',
    (
        *_until_target("vae_{}_to_easy_target", "VAE {} to MSE 0.010", partial(_vae_reaches, target=_EASY_MSE)),
        *_until_target("vae_{}_to_hard_target", "VAE {} to MSE 0.006", partial(_vae_reaches, target=_HARD_MSE)),
        *_until_target("flow_{}_to_target", "flow {} to 95 %", _flow_reaches),
        MetricKind("vae_final_mse", "VAE final MSE", "intensity²", "lower", "log", _vae_final_mse),
        MetricKind("vae_curve_area", "VAE mean MSE, 10 epochs", "intensity²", "lower", "log", _vae_curve_area),
        MetricKind("flow_curve_area", "flow mean remaining fall", "share", "lower", "log", _flow_curve_area),
        MetricKind("vae_final_loss", "VAE final loss", "1", "shown", "log", partial(_final_loss, stage="vae")),
        MetricKind("flow_final_loss", "flow final loss", "1", "shown", "log", partial(_final_loss, stage="flow")),
    ),
)
