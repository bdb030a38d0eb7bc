"""What is measured: the six categories of the contest and their metrics, as one table without torch.

`direction` says how a metric ranks: "lower" or "higher" is better, "shown" is printed and never ranked (raw
figures beside a ranked distance, and losses whose scale the entrant chooses).
"""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower", "higher", "shown"]


@dataclass(frozen=True)
class MetricKind:
    """One metric: its name inside the category, its title, unit and direction, and what its reference is."""

    name: str
    title: str
    unit: str
    direction: Direction
    reference: str = ""


@dataclass(frozen=True)
class CategoryKind:
    """One category of the contest and its metrics, in the order in which they are shown."""

    name: str
    title: str
    metrics: tuple[MetricKind, ...]


REAL = "real test images"
FLOOR = "training against test images"


def _stages(stage: str, target: str, title: str) -> tuple[MetricKind, ...]:
    units = (("images", "images"), ("epochs", "epochs"), ("seconds", "s"))
    short = {"vae": "VAE", "flow": "flow"}[stage]
    return tuple(
        MetricKind(f"{stage}_{name}_to_{target}", f"{short} {name} to {title}", unit, "lower") for name, unit in units
    )


def _reading(source: str, title: str) -> tuple[MetricKind, ...]:
    """Raw statistics of the judges' readings of one kind of decoded image, shown beside the real ones."""
    return (
        MetricKind(f"{source}_confidence", f"{title}: confidence", "probability", "shown", REAL),
        MetricKind(f"{source}_confidence_p05", f"{title}: confidence tail", "probability", "shown", REAL),
        MetricKind(f"{source}_entropy", f"{title}: entropy", "nats", "shown", REAL),
        MetricKind(f"{source}_entropy_p95", f"{title}: entropy tail", "nats", "shown", REAL),
        MetricKind(f"{source}_unfamiliar", f"{title}: unfamiliar", "share", "shown", REAL),
    )


def _gaps(source: str, title: str) -> tuple[MetricKind, ...]:
    """Distances of those statistics from the real ones: these rank."""
    return (
        MetricKind(f"{source}_confidence_gap", f"{title}: confidence gap", "probability", "lower", FLOOR),
        MetricKind(f"{source}_entropy_gap", f"{title}: entropy gap", "nats", "lower", FLOOR),
    )


CATALOGUE: tuple[CategoryKind, ...] = (
    CategoryKind(
        "reconstruction",
        "VAE reconstruction quality",
        (
            MetricKind("mse", "mean squared error", "intensity²", "lower", "the image itself"),
            MetricKind("ssim", "structural similarity", "1", "higher", "the image itself"),
            MetricKind("digit_kept", "digit kept", "share", "higher", REAL),
            MetricKind("mse_8_bit", "MSE, latents in 8 bits", "intensity²", "shown", "the image itself"),
            MetricKind("ssim_8_bit", "SSIM, latents in 8 bits", "1", "shown", "the image itself"),
        ),
    ),
    CategoryKind(
        "consistency",
        "VAE generation consistency",
        (
            *_gaps("gaussian", "Gaussian"),
            *_gaps("midpoint", "midpoints"),
            *_reading("gaussian", "Gaussian"),
            *_reading("midpoint", "midpoints"),
            *_reading("standard_normal", "N(0, I)"),
        ),
    ),
    CategoryKind(
        "quality",
        "flow sample quality",
        (
            MetricKind("confidence_gap", "confidence gap", "probability", "lower", FLOOR),
            MetricKind("entropy_gap", "entropy gap", "nats", "lower", FLOOR),
            MetricKind("frechet", "Fréchet distance", "features²", "lower", FLOOR),
            MetricKind("precision", "precision", "share", "higher", FLOOR),
            MetricKind("density", "density", "1", "higher", FLOOR),
            MetricKind("confidence", "confidence", "probability", "shown", REAL),
            MetricKind("confidence_p05", "confidence tail", "probability", "shown", REAL),
            MetricKind("entropy", "entropy", "nats", "shown", REAL),
            MetricKind("entropy_p95", "entropy tail", "nats", "shown", REAL),
            MetricKind("unfamiliar", "unfamiliar", "share", "shown", REAL),
        ),
    ),
    CategoryKind(
        "diversity",
        "flow generative diversity",
        (
            MetricKind("class_divergence", "class divergence", "nats", "lower", "a perfect sampler"),
            MetricKind("recall", "recall", "share", "higher", FLOOR),
            MetricKind("coverage", "coverage", "share", "higher", FLOOR),
            MetricKind("class_spread_gap", "class spread gap", "ratio", "lower", FLOOR),
            MetricKind("near_duplicates", "near-duplicates", "share", "lower", REAL),
            MetricKind("training_copies", "training copies", "share", "lower", REAL),
            MetricKind("class_spread", "class spread", "ratio", "shown", FLOOR),
            MetricKind("nearest_training", "nearest training image", "intensity", "shown", REAL),
        ),
    ),
    CategoryKind(
        "efficiency",
        "model efficiency",
        (
            MetricKind("tensors_total", "numbers in all tensors", "numbers", "lower"),
            MetricKind("weight_bytes", "size of the weight files", "bytes", "lower"),
            MetricKind("nfe", "function evaluations", "evaluations", "lower"),
            MetricKind("flops", "FLOPs per sample", "FLOP", "lower"),
            MetricKind("time_ratio", "relative time per image", "ratio", "lower"),
            MetricKind("parameters_official", "contest's parameter count", "parameters", "shown"),
            MetricKind("time_per_image", "time per image", "s", "shown"),
        ),
    ),
    CategoryKind(
        "training_performance",
        "training performance",
        (
            *_stages("vae", "easy_target", "MSE 0.010"),
            *_stages("vae", "hard_target", "MSE 0.006"),
            *_stages("flow", "target", "95 %"),
            MetricKind("vae_final_mse", "VAE final MSE", "intensity²", "lower"),
            MetricKind("vae_curve_area", "VAE mean MSE, 10 epochs", "intensity²", "lower"),
            MetricKind("flow_curve_area", "flow mean fall to go", "share", "lower"),
            MetricKind("vae_final_loss", "VAE final loss", "1", "shown"),
            MetricKind("flow_final_loss", "flow final loss", "1", "shown"),
        ),
    ),
)

KINDS: dict[str, MetricKind] = {
    f"{category.name}.{metric.name}": metric for category in CATALOGUE for metric in category.metrics
}
TITLES: dict[str, str] = {category.name: category.title for category in CATALOGUE}
