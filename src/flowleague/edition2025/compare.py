"""Our metrics beside the seven columns of 2025: which one measures what, and where a scorecard would place.

Three columns compare. The other four depend on the judge and the clock of 2025.
"""

from flowleague.edition2025 import CLASS_2025, Standing, standings
from flowleague.ranking.schemes import Table, columns
from flowleague.scorecard.card import Scorecard

_OURS = {  # our metric for each column of 2025
    "total_params": "efficiency.parameters_official",
    "time_per_sample": "efficiency.time_ratio",
    "mse": "reconstruction.mse",
    "ssim": "reconstruction.ssim",
    "entropy": "quality.entropy",
    "kl_div_classes": "diversity.class_divergence",
    "gen_confidence": "quality.confidence",
}


def beside_2025(card: Scorecard) -> list[Standing]:
    """The places of a scorecard's parameters, MSE and SSIM (first 256 test images); empty unless measured on MNIST."""
    if card.dataset != "mnist":
        return []
    found = card.metrics()
    values = {
        "total_params": found["efficiency.parameters_official"].value,
        "mse": found["reconstruction.mse"].detail.get("first_256"),
        "ssim": found["reconstruction.ssim"].detail.get("first_256"),
    }
    return standings({name: value for name, value in values.items() if value is not None})


def seven_columns() -> Table:
    """The scheme of 2025 for our scorecards: the mean of seven ranks, in the metrics that match its columns."""
    return columns((_OURS[column.name], column.better) for column in CLASS_2025)


def alternatives() -> dict[str, Table]:
    """Schemes by name that `flowleague.ranking.sensitivity` tries beside a contest's own."""
    return {"the seven columns of 2025": seven_columns()}
