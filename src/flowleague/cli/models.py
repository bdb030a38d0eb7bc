"""The command that lists the shipped models."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flowleague.bundle.read import Bundle
    from flowleague.scorecard.card import Scorecard


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print their figures as JSON.")] = False,
) -> None:
    """List the models that come with the package, with figures from their scorecards."""
    from flowleague import shipped
    from flowleague.bundle.read import read_bundle
    from flowleague.cli.layout import print_beside, print_json, say
    from flowleague.scorecard.card import read_scorecard

    cards = {name: read_scorecard(shipped.scorecard(name)) for name in shipped.names()}
    bundles = {name: read_bundle(shipped.bundle(name)) for name in cards}
    if as_json:
        print_json({name: _figures(cards[name], bundles[name]) for name in cards})
        return
    cells = [_cells(cards[name], bundles[name]) for name in cards]
    rows = [(label, [of_one[label] for of_one in cells]) for label in cells[0]]
    print_beside(list(cards), rows, "Shipped models: flowleague score NAME, flowleague generate NAME --out samples.png")
    say("Every figure is from the scorecard that came with the model; flowleague score NAME measures it again.")


def _cells(card: "Scorecard", bundle: "Bundle") -> dict[str, str]:
    """What is said of a model, by label."""
    from flowleague.bundle.read import training_seconds
    from flowleague.cli.tables import value_and_error
    from flowleague.text import number

    found, seconds = card.metrics(), training_seconds(bundle.card) or 0
    confidence, hardware = found["quality.confidence"], bundle.card["hardware"]
    return {
        "parameters with buffers": number(found["efficiency.tensors_total"].value or 0),
        "MSE, first 256": number(found["reconstruction.mse"].detail["first_256"] or 0),
        "SSIM, first 256": number(found["reconstruction.ssim"].detail["first_256"] or 0),
        f"confidence (real {number(confidence.reference or 0)})": value_and_error(confidence),
        "entropy": value_and_error(found["quality.entropy"]),
        "Fréchet distance": value_and_error(found["quality.frechet"]),
        "class KL": value_and_error(found["diversity.class_divergence"]),
        "evaluations per sample": number(found["efficiency.nfe"].value or 0),
        "trained in": f"{number(round(seconds / 60))} min",
        "on": f"{hardware['name']}, {hardware['threads']} threads",
        "SHA-256 of the weights": " ".join(f"{digest[:8]}…" for digest in bundle.sha256.values()),
        "trained by": f"flowleague train {bundle.recipe.name} --seed {bundle.recipe.seed}",
    }


def _figures(card: "Scorecard", bundle: "Bundle") -> dict[str, object]:
    """All metrics of a model with their standard errors, and how it was trained."""
    metrics = {name: [metric.value, metric.standard_error] for name, metric in card.metrics().items()}
    training = {key: bundle.card[key] for key in ("recipe", "seed", "training", "hardware")}
    return {"metrics": metrics, "sha256": bundle.sha256} | training
