"""`flowleague judges`: measure the judges from their weights, or train them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import print_beside, print_json, say
from flowleague.text import SPACE, figure, number

app = typer.Typer(help="Show or train the two classifiers that measure every model.", invoke_without_command=True)
SHOWN = {  # title: figure, scale
    "accuracy, %": ("accuracy", 100),
    "expected calibration error, %": ("calibration_error", 100),
    "entropy, nats": ("entropy", 1),
    "confidence": ("confidence", 1),
}
_LINES = 20  # about so many a judge, where there is no terminal for a bar
Dataset = Annotated[str, typer.Option(help="mnist, fashion-mnist, kmnist, or a folder of 28x28 IDX files.")]


@app.callback()
def show(
    context: typer.Context,
    dataset: Dataset = "mnist",
    judges: Annotated[str, typer.Option(help="Folder of trained judges; the shipped ones by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure both judges on the test images: accuracy, calibration error, entropy, confidence, speed."""
    if context.invoked_subcommand is not None:
        return
    import time

    from flowleague.data import load_test
    from flowleague.judge.judges import figures, load_judges

    loaded, test = load_judges(judges or dataset), load_test(dataset)
    pixels = test.pixels()
    columns, exact = [], {}
    for judge in loaded:
        start = time.perf_counter()
        log_p = judge.read(pixels).log_probabilities
        speed = len(test) / (time.perf_counter() - start)
        found = figures(log_p, test.labels)
        exact[judge.name] = found | {"images_per_second": speed, "sha256": judge.sha256}
        scaled = [(found[name], scale) for name, scale in SHOWN.values()]
        cells = [figure(scale * f["value"], scale * f["standard_error"]) for f, scale in scaled]
        columns.append([*cells, number(round(speed)), number(judge.card["parameters"]), judge.sha256[:12]])
    if as_json:
        print_json(exact)
        return
    title = f"{Path(dataset).name}: {number(len(test))} test images (± 1 s.e.)"
    labels = [*SHOWN, "images read per second", "parameters", "SHA-256"]
    rows = [(label, cells) for label, *cells in zip(labels, *columns, strict=True)]
    print_beside([judge.name for judge in loaded], rows, title)


@app.command()
def train(
    out: Annotated[str, typer.Option(help="New folder for weights, cards and the fixed sample.")],
    dataset: Dataset = "mnist",
) -> None:
    """Train both judges from scratch; 60,000 images take about an hour and a quarter on one core."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

    from flowleague.judge.make_judges import make_judges
    from flowleague.judge.train_judges import RECIPES, JudgeRecipe, Step

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), "loss {task.fields[loss]}")
    terminal = sys.stdout.isatty()
    with Progress(*columns, TimeRemainingColumn(), disable=not terminal) as progress:
        tasks: dict[JudgeRecipe, TaskID] = {}

        def watch(recipe: JudgeRecipe, step: Step) -> None:
            if recipe not in tasks:
                tasks[recipe] = progress.add_task(recipe.network, loss=number(step.loss))
            progress.update(tasks[recipe], total=step.steps, completed=step.step, loss=number(step.loss))
            if not terminal and step.step * _LINES // step.steps > (step.step - 1) * _LINES // step.steps:
                print(f"{recipe.network}: step {step.step:,} of {step.steps:,}, loss {number(step.loss)}", flush=True)

        judges = make_judges(dataset, out, RECIPES, watch)
    for judge in judges:
        right = judge.card["test"]["accuracy"]
        share = f"{figure(100 * right['value'], 100 * right['standard_error'])}{SPACE}%"
        say(f"{judge.name}: {share} of {number(right['n'])} test images classified correctly.")
    say(f"The judges are in {out}.")
