"""How far models of one recipe differ when only the seed changes.

    python -m benchmarks.seeds FOLDER [RECIPE] [SEEDS] [WORDS ...]

Trains RECIPE (`quick`) with SEEDS (5) seeds from 0 on, and with more WORDS for `flowleague train` if there are,
measures each by the full plan, and prints mean and standard deviation over the seeds beside the standard error that
one scorecard states. It can be cut off and goes on where it was: FOLDER holds a bundle and its scorecard for every
seed.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from flowleague.scorecard.card import Scorecard, parse_scorecard

METRICS = (
    "reconstruction.mse",
    "reconstruction.ssim",
    "consistency.gaussian_confidence",
    "quality.confidence",
    "quality.entropy",
    "quality.frechet",
    "quality.precision",
    "diversity.class_divergence",
    "diversity.recall",
    "diversity.coverage",
)


def main() -> None:
    folder, recipe, seeds = Path(sys.argv[1]), [*sys.argv[2:3], "quick"][0], int([*sys.argv[3:4], "5"][0])
    bundles = [folder / f"{recipe}-{seed}" for seed in range(seeds)]
    cards = [measured(bundle, recipe, seed, sys.argv[4:]) for seed, bundle in enumerate(bundles)]
    print(f"| {recipe}, {seeds} seeds | mean | standard deviation | error of one card |")
    print("|---|---:|---:|---:|")
    for place in ("mse", "ssim"):
        line(
            f"{place}, first 256",
            [value_of(card.metrics()[f"reconstruction.{place}"].detail["first_256"]) for card in cards],
        )
    for name in METRICS:
        found = [card.metrics()[name] for card in cards]
        line(name, [value_of(metric.value) for metric in found], found[0].standard_error)
    spent = [seconds(bundle) for bundle in bundles]
    for stage in spent[0]:
        line(f"seconds of {stage}", [of_one[stage] for of_one in spent])


def measured(bundle: Path, recipe: str, seed: int, words: list[str]) -> Scorecard:
    """The scorecard of one seed; trains and measures what is not there yet."""
    card = bundle / "scorecard.json"
    if not card.exists():
        command("train", recipe, "--out", bundle, "--seed", seed, "--resume", *words)
        command("score", bundle)
    return parse_scorecard(card.read_bytes(), str(card))


def command(*words: object) -> None:
    """Run one of the product's commands; ends the program when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "flowleague", *map(str, words)], check=False, stdout=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(f"flowleague {words[0]} failed.")


def seconds(bundle: Path) -> dict[str, float]:
    """How long each stage of the training took."""
    rows = [json.loads(text) for text in (bundle / "training.jsonl").read_text().splitlines()]
    return {row["stage"]: row["seconds"] for row in rows}  # the last row of a stage stays


def value_of(value: float | None) -> float:
    """A value that was measured; ends the program where there is none."""
    return value if value is not None else sys.exit("A metric was not measured; look at the scorecards.")


def line(name: str, values: list[float], error: float | None = None) -> None:
    """One row of the table."""
    stated = f"{error:.2g}" if error else ""
    print(f"| {name} | {statistics.mean(values):.4g} | {statistics.stdev(values):.2g} | {stated} |")


if __name__ == "__main__":
    main()
