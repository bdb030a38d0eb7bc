"""Loss curves of VAE, flow and, where it was done, few-step fine-tuning, from the bundle's training log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowleague.report.missing import Missing, explain, need
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.scorecard.metrics.training import curve

NAMES = {
    "vae": {"mse": "validation MSE", "loss": "validation loss"},
    "flow": {"loss": "validation loss"},
    "tune": {"distance": "validation distance", "mse": "validation MSE"},
}
STAGES = {"vae": "VAE", "flow": "flow", "critic": "the feature network", "tune": "few-step fine-tuning"}
_LATE = 0.25  # share of a stage's images that counts as its end


@dataclass(frozen=True)
class _Curve:
    """A quantity over the images of a stage, (images, value) in order."""

    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Losses:
    """The curves of one stage, what it took, and the share by which validation still fell in its last quarter."""

    stage: str
    curves: list[_Curve]
    images: float
    seconds: float
    late_fall: float


def losses(log: Sequence[Mapping[str, Any]], stage: str) -> Losses:
    """The curves of a stage; raises `Missing` when the log holds none or is nonsense."""
    lines = [line for line in log if line.get("stage") == stage]
    need(lines, f"training log of the {stage} stage")
    try:
        validations = {name: curve(lines, stage, quantity) for quantity, name in NAMES[stage].items()}
    except Unmeasurable as error:
        raise explain(error) from error
    trained = [
        (line["images"], line["loss"]) for line in lines if _positive(line, "images") and _positive(line, "loss")
    ]
    curves = [_Curve("training loss", sorted(trained))]
    curves += [_Curve(name, [(p.images, p.value) for p in points]) for name, points in validations.items()]
    curves = [c for c in curves if len(c.points) > 1]
    followed = next((points for points in validations.values() if len(points) > 1), None)
    if not curves or followed is None:
        raise Missing(f"The training log of the {stage} stage holds fewer than two records, which make no curve.")
    end = followed[-1]
    before = [p for p in followed if p.images <= (1 - _LATE) * end.images]
    fall = 1 - end.value / before[-1].value if before and before[-1].value > 0 else 0.0
    return Losses(stage, curves, end.images, end.seconds, fall)


def _positive(line: Mapping[str, Any], name: str) -> bool:
    value = line.get(name)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e300
