"""A model measured as the contest of 2025 did, by its seven columns."""

from pathlib import Path
from typing import TYPE_CHECKING

from flowleague.cli.layout import say

if TYPE_CHECKING:
    from flowleague.entrant.model import Model


def score_official(
    model: "Model", data: Path | None, classifier: Path | None, csv: Path | None, name: str | None = None
) -> None:
    """Measure the contest's seven columns in both of its modes, print them, and append the eval row to a CSV.

    Its team is `name`, else what the entry calls itself, else the file's name.
    """
    from flowleague.cli.tables import print_official
    from flowleague.data import load_test
    from flowleague.edition2025.protocol import load_official_judge, measure_official
    from flowleague.edition2025.protocol_csv import append_row
    from flowleague.errors import JudgeError

    if classifier is None:
        raise JudgeError(
            "The protocol dlaie-2025 needs the contest's classifier, which its organiser shares: give the safetensors "
            "file with --classifier."
        )
    judge, test = load_official_judge(classifier), load_test(model.dataset, data)
    rows = {mode: measure_official(model, judge, test, mode) for mode in ("train", "eval")}
    print_official(rows)
    if csv is not None:
        append_row(csv, name or model.facts.team or model.facts.name, rows["eval"], _shape_of_latents(model))
        say(f"The row of the eval mode is appended to {csv}.")


def _shape_of_latents(model: "Model") -> tuple[int, ...]:
    """The shape of one latent."""
    import numpy as np

    return model.facts.latent_shape or model.encode(np.zeros((1, 1, 28, 28), np.float32)).shape[1:]
