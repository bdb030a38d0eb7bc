"""Quality against evaluations, numbers and training time, from what `benchmarks.peers` measured.

    python -m benchmarks.plots FOLDER [FOLDER ...] [--out docs/plots]
    python -m benchmarks.plots --front docs/log.md [--out docs/plots]

The first folder gives the plot against numbers, and the one against evaluations where benchmarks.peers.steps left its
steps.json there; all of them, trained with different budgets, the plot against training time. Bars: one standard error.
The front is consistency against reconstruction: every row of the log's tables with the columns Gaussian, midpoint and
MSE is a point, and so is what the scorecards of the shipped models and of the peers say.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from flowleague import shipped
from flowleague.report.themes import DPI, LIGHT, style
from flowleague.scorecard.card import Scorecard, read_scorecard

PANELS = {"frechet": "Fréchet distance, features²", "confidence_gap": "confidence gap, probability"}
Point = tuple[float, dict[str, tuple[float, float]]]  # place on the x axis, and value and error by panel


def draw(curves: dict[str, list[Point]], floors: dict[str, float], label: str, path: Path, named: bool) -> None:
    """A picture of two panels: a curve for each name, which `named` writes beside its points instead of in a legend."""
    with mpl.rc_context(style(LIGHT)):
        figure = Figure(figsize=(10, 4.2), layout="constrained")
        for axes, (key, title) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
            for number, (name, points) in enumerate(curves.items()):
                xs, ys, errors = zip(
                    *((x, *found[key]) for x, found in sorted(points, key=lambda p: p[0])), strict=True
                )
                colour = LIGHT.classes[number % 10]
                axes.errorbar(xs, ys, errors, marker="o", markersize=4, capsize=2, color=colour, label=name)
                if named:
                    axes.annotate(name, (xs[-1], ys[-1]), (4, 4), textcoords="offset points", fontsize=9, color=colour)
            axes.axhline(floors[key], color=LIGHT.soft, linestyle=":", label="real images")
            axes.set(xscale="log", yscale="log", xlabel=label, ylabel=title)
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.margins(x=0.15)
        if not named:
            figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center")
        figure.savefig(path, dpi=DPI)


def cards(folder: Path) -> Iterator[tuple[str, Scorecard]]:
    for path in sorted(folder.glob("*.scorecard.json")):
        yield path.name.removesuffix(".scorecard.json"), read_scorecard(path)


def quality(card: Scorecard) -> dict[str, tuple[float, float]]:
    found = {key: card.metrics()[f"quality.{key}"] for key in PANELS}
    return {key: (metric.value or 0.0, metric.standard_error or 0.0) for key, metric in found.items()}


FRONT = {"Gaussian": "gaussian_confidence", "midpoint": "midpoint_confidence"}  # columns of the log, metrics of cards


def trials(log: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """What was done, "untuned" or "tuned", and the figures by column, of each row of the log's tables that has all."""
    heads: list[str] = []
    for line in log.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            heads = []
        elif not heads:
            heads = cells
        elif {"MSE", *FRONT} <= set(heads) and not cells[0].startswith("---"):
            told = dict(zip(heads, cells, strict=True))
            yield (
                "untuned" if "MSE, not refined" in told else "tuned",
                {key: float(told[key]) for key in ("MSE", *FRONT)},
            )


def draw_front(log: Path, path: Path) -> None:
    """A picture of two panels: the confidence gap of Gaussian draws and of midpoints, against the MSE."""
    points = list(trials(log))
    files = {name: shipped.scorecard(name) for name in shipped.names()} | shipped.peers()
    named = {name: read_scorecard(file).metrics() for name, file in files.items()}
    with mpl.rc_context(style(LIGHT)):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        for axes, (column, metric) in zip(figure.subplots(1, 2), FRONT.items(), strict=True):
            real = named["base"][f"consistency.{metric}"].reference or 1.0
            for number, kind in enumerate(("untuned", "tuned")):
                rows = [row for which, row in points if which == kind]
                xs, ys = [row["MSE"] for row in rows], [real - row[column] for row in rows]
                axes.plot(xs, ys, "o", markersize=4, color=LIGHT.classes[number], label=f"trial, {kind}")
            for number, (name, found) in enumerate(named.items()):
                x, y = found["reconstruction.mse"].value or 0.0, real - (found[f"consistency.{metric}"].value or 0.0)
                axes.plot(x, y, "s", markersize=5, color=LIGHT.soft)
                at, side = ((-5, -11), "right") if number % 2 else ((5, 4), "left")
                axes.annotate(name, (x, y), at, textcoords="offset points", fontsize=8, ha=side)
            label = f"confidence below real digits', {column}"
            axes.set(xscale="log", yscale="log", xlabel="MSE of reconstructions", ylabel=label)
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.margins(x=0.15)
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        figure.savefig(path, dpi=DPI)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--front", type=Path, help="the log whose trials are drawn")
    parser.add_argument("--out", type=Path, default=Path("docs/plots"))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.front:
        draw_front(chosen.front, chosen.out / "front.png")
    if not chosen.folders:
        return
    first = dict(cards(chosen.folders[0]))
    any_card = next(iter(first.values())).metrics()
    floors = {key: any_card[f"quality.{key}"].reference or 0.0 for key in PANELS}

    if (measured := chosen.folders[0] / "steps.json").exists():
        steps: dict[str, list[Point]] = defaultdict(list)
        for line in map(json.loads, measured.read_text().splitlines()):
            steps[line["name"]].append((line["evaluations"], {key: tuple(line[key]) for key in PANELS}))
        draw(steps, floors, "evaluations of the velocity for a sample", chosen.out / "evaluations.png", named=False)

    sizes = {
        name: [(card.metrics()["efficiency.tensors_total"].value or 1.0, quality(card))] for name, card in first.items()
    }
    draw(sizes, floors, "numbers in the weights", chosen.out / "numbers.png", named=True)

    times: dict[str, list[Point]] = defaultdict(list)
    for folder in chosen.folders:
        for name, card in cards(folder):
            note = folder / f"{name}.training.json"
            if note.exists():
                times[name].append((json.loads(note.read_text())["processor_seconds"], quality(card)))
    draw(times, floors, "processor seconds of training", chosen.out / "training-time.png", named=False)


if __name__ == "__main__":
    main()
