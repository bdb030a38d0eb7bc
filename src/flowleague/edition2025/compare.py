"""Where a scorecard's figures would stand in the class of 2025, in the columns that compare.

Its other four columns, of judge and clock, do not compare with other judges and machines.
"""

from flowleague.edition2025 import Standing, standings
from flowleague.scorecard.card import Scorecard


def beside_2025(card: Scorecard) -> list[Standing]:
    """Parameters, and MSE and SSIM of the first 256 test images; empty for other digits or without a figure."""
    if card.dataset != "mnist":
        return []
    found = card.metrics()
    values = {
        "total_params": found["efficiency.parameters_official"].value,
        "mse": found["reconstruction.mse"].detail.get("first_256"),
        "ssim": found["reconstruction.ssim"].detail.get("first_256"),
    }
    return standings({name: value for name, value in values.items() if value is not None})
