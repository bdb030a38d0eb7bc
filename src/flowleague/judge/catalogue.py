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
    return tuple(
        MetricKind(f"{stage}_{name}_to_{target}", f"{name} until {title}", unit, "lower") for name, unit in units
    )


def _reading(source: str, title: str) -> tuple[MetricKind, ...]:
    """Raw statistics of the judges' readings of one kind of decoded image, shown beside the real ones."""
    return (
        MetricKind(f"{source}_confidence", f"{title}, confidence", "probability", "shown", REAL),
        MetricKind(f"{source}_confidence_p05", f"{title}, confidence, 5th percentile", "probability", "shown", REAL),
        MetricKind(f"{source}_entropy", f"{title}, entropy", "nats", "shown", REAL),
        MetricKind(f"{source}_entropy_p95", f"{title}, entropy, 95th percentile", "nats", "shown", REAL),
        MetricKind(f"{source}_unfamiliar", f"{title}, unlike any real digit", "share", "shown", REAL),
    )


def _gaps(source: str, title: str) -> tuple[MetricKind, ...]:
    """Distances of those statistics from the real ones: these rank."""
    return (
        MetricKind(f"{source}_confidence_gap", f"{title}, confidence: distance to real", "probability", "lower", FLOOR),
        MetricKind(f"{source}_entropy_gap", f"{title}, entropy: distance to real", "nats", "lower", FLOOR),
    )


CATALOGUE: tuple[CategoryKind, ...] = (
    CategoryKind(
        "reconstruction",
        "VAE reconstruction quality",
        (
            MetricKind("mse", "mean squared error", "intensity²", "lower", "the image itself"),
            MetricKind("ssim", "structural similarity", "1", "higher", "the image itself"),
            MetricKind("digit_kept", "read as the original's digit", "share", "higher", REAL),
            MetricKind("mse_8_bit", "mean squared error, latents in 8 bits", "intensity²", "shown", "the image itself"),
            MetricKind("ssim_8_bit", "structural similarity, latents in 8 bits", "1", "shown", "the image itself"),
        ),
    ),
    CategoryKind(
        "consistency",
        "VAE generation consistency",
        (
            *_gaps("gaussian", "fitted Gaussian"),
            *_gaps("midpoint", "midpoints"),
            *_reading("gaussian", "fitted Gaussian"),
            *_reading("midpoint", "midpoints"),
            *_reading("standard_normal", "N(0, I)"),
        ),
    ),
    CategoryKind(
        "quality",
        "flow sample quality",
        (
            MetricKind("confidence_gap", "confidence: distance to real", "probability", "lower", FLOOR),
            MetricKind("entropy_gap", "entropy: distance to real", "nats", "lower", FLOOR),
            MetricKind("frechet", "Fréchet distance in judge features", "features²", "lower", FLOOR),
            MetricKind("precision", "precision", "share", "higher", FLOOR),
            MetricKind("density", "density", "1", "higher", FLOOR),
            MetricKind("confidence", "confidence", "probability", "shown", REAL),
            MetricKind("confidence_p05", "confidence, 5th percentile", "probability", "shown", REAL),
            MetricKind("entropy", "entropy", "nats", "shown", REAL),
            MetricKind("entropy_p95", "entropy, 95th percentile", "nats", "shown", REAL),
            MetricKind("unfamiliar", "unlike any real digit", "share", "shown", REAL),
        ),
    ),
    CategoryKind(
        "diversity",
        "flow generative diversity",
        (
            MetricKind("class_divergence", "divergence of class frequencies", "nats", "lower", "a perfect sampler"),
            MetricKind("recall", "recall", "share", "higher", FLOOR),
            MetricKind("coverage", "coverage", "share", "higher", FLOOR),
            MetricKind("class_spread_gap", "spread within a class: distance to real", "ratio", "lower", FLOOR),
            MetricKind("near_duplicates", "near-duplicates among samples", "share", "lower", REAL),
            MetricKind("training_copies", "copies of training images", "share", "lower", REAL),
            MetricKind("class_spread", "spread within a class, ratio to real", "ratio", "shown", FLOOR),
            MetricKind("nearest_training", "distance to the nearest training image", "intensity", "shown", REAL),
        ),
    ),
    CategoryKind(
        "efficiency",
        "model efficiency",
        (
            MetricKind("tensors_total", "numbers in all tensors", "numbers", "lower"),
            MetricKind("weight_bytes", "size of the weight files", "bytes", "lower"),
            MetricKind("nfe", "function evaluations per sample", "evaluations", "lower"),
            MetricKind("flops", "operations per sample", "FLOP", "lower"),
            MetricKind("time_ratio", "time per image over the reference workload's", "ratio", "lower"),
            MetricKind("parameters_official", "parameters as the contest counts them", "parameters", "shown"),
            MetricKind("time_per_image", "time per image", "s", "shown"),
        ),
    ),
    CategoryKind(
        "training_performance",
        "training performance",
        (
            *_stages("vae", "easy_target", "validation MSE 0.010"),
            *_stages("vae", "hard_target", "validation MSE 0.006"),
            *_stages("flow", "target", "95 % of the flow's fall in loss"),
            MetricKind("vae_final_mse", "final VAE validation MSE", "intensity²", "lower"),
            MetricKind("vae_curve_area", "mean validation MSE over ten epochs", "intensity²", "lower"),
            MetricKind("flow_curve_area", "mean share of the flow's fall to go, 100 epochs", "share", "lower"),
            MetricKind("vae_final_loss", "final VAE validation loss", "1", "shown"),
            MetricKind("flow_final_loss", "final flow validation loss", "1", "shown"),
        ),
    ),
)

KINDS: dict[str, MetricKind] = {
    f"{category.name}.{metric.name}": metric for category in CATALOGUE for metric in category.metrics
}
TITLES: dict[str, str] = {category.name: category.title for category in CATALOGUE}
