"""The peers as two Markdown tables: the seven columns of 2025, and the six categories."""

import json
from pathlib import Path
from typing import Any

from flowleague import shipped
from flowleague.bundle.read import read_bundle
from flowleague.scorecard.card import Metric, Scorecard, read_scorecard
from flowleague.text import figure, number

SEVEN = {
    "parameters": "efficiency.parameters_official",
    "µs an image": "efficiency.time_per_image",
    "MSE": "reconstruction.mse",
    "SSIM": "reconstruction.ssim",
    "entropy": "quality.entropy",
    "class divergence": "diversity.class_divergence",
    "confidence": "quality.confidence",
}
SIX = {
    "digit kept": "reconstruction.digit_kept",
    "Gaussian gap": "consistency.gaussian_confidence_gap",
    "midpoint gap": "consistency.midpoint_confidence_gap",
    "confidence gap": "quality.confidence_gap",
    "Fréchet": "quality.frechet",
    "precision": "quality.precision",
    "recall": "diversity.recall",
    "coverage": "diversity.coverage",
    "numbers": "efficiency.tensors_total",
    "relative time": "efficiency.time_ratio",
}


def print_tables(folder: Path, names: list[str]) -> None:
    """Print what the scorecards of a folder say of these names; those without one are left out."""
    cards = {name: read_scorecard(path) for name in names if (path := folder / f"{name}.scorecard.json").exists()}
    if not cards:
        return
    print(f"\n{conditions(list(cards.values()))}\n")
    print(table(cards, SEVEN, {}))
    print()
    print(table(cards, SIX, {name: told(folder, name) for name in cards}))


def table(cards: dict[str, Scorecard], columns: dict[str, str], told: dict[str, tuple[str, str]]) -> str:
    """One row a model, and a last one for the real images; `told` adds evaluations and seconds of training."""
    heads = ["model", *columns, *(("evaluations", "training, s") if told else ())]
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for name, card in cards.items():
        found = card.metrics()
        lines.append(line(f"`{name}`", [cell(found[key]) for key in columns.values()] + list(told.get(name, ()))))
    found = next(iter(cards.values())).metrics()
    real = ["" if found[key].reference is None else number(found[key].reference or 0) for key in columns.values()]
    lines.append(line("real images", real + [""] * (2 if told else 0)))
    return "\n".join(lines)


def line(name: str, cells: list[str]) -> str:
    return "| " + " | ".join([name, *cells]) + " |"


def cell(metric: Metric) -> str:
    """Value and standard error; seconds become microseconds."""
    if metric.value is None:
        return metric.reason
    scale = 1e6 if metric.unit == "s" else 1.0
    error = None if metric.standard_error is None else scale * metric.standard_error
    return figure(scale * metric.value, error)


def told(folder: Path, name: str) -> tuple[str, str]:
    """Evaluations of the velocity for a sample, and processor seconds of training; of shipped models, of the wall."""
    note = folder / f"{name}.training.json"
    if not note.exists():
        card = read_bundle(shipped.bundle(name)).card
        return number(card["cost"]["evaluations"]), f"{sum(card['training']['seconds'].values()):,.0f} (wall)"
    training = json.loads(note.read_text())
    return evaluations(folder, name, training), number(round(training["processor_seconds"]))


def evaluations(folder: Path, name: str, training: dict[str, Any]) -> str:
    """Counted for a bundle; of code what its source says."""
    counted = read_scorecard(folder / f"{name}.scorecard.json").metrics()["efficiency.nfe"].value
    return number(training["evaluations"] if counted is None else counted)


def conditions(cards: list[Scorecard]) -> str:
    """How and on what was measured, in a line."""
    card, found = cards[0], cards[0].metrics()
    samples, images = found["quality.frechet"].n, found["reconstruction.mse"].n
    machine = f"{card.hardware.machine}, {card.hardware.threads} threads, torch {card.hardware.torch}"
    return f"Plan {card.plan}, {card.evaluator}: n = {samples:,} samples, {images:,} test images; {machine}."
