"""Commands that describe: a bundle, the recipes, the digits."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.options import BundleArgument, DataOption
from flowleague.text import number, rough


def show(
    bundle: BundleArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Describe a bundle or captured entry: parameters, cost per sample, and how a bundle was trained."""
    from rich.console import Console
    from rich.table import Table

    from flowleague.bundle.files import shown
    from flowleague.bundle.read import read_bundle
    from flowleague.entrant.captured import is_captured
    from flowleague.model.cost import cost
    from flowleague.model.latent_flow import LatentFlow
    from flowleague.training.card import training_flops_of

    if is_captured(bundle):
        _show_captured(bundle, as_json)
        return
    content = read_bundle(bundle)
    if as_json:
        print(json.dumps(content.card, indent=2))
        return
    LatentFlow.from_bundle(content, shown(bundle))  # its weights fit its recipe
    recipe = content.recipe
    costs = cost(recipe.vae, recipe.flow)
    table = Table(title=f"{bundle}: recipe {recipe.name}, seed {recipe.seed}, {recipe.dataset}", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for part, parameters in costs.by_part.items():
        table.add_row(f"{part} parameters", number(parameters))
    table.add_row("total with buffers", number(costs.with_buffers))
    table.add_row("total as the contest counted", number(costs.parameters))
    table.add_row("latent dimensions", f"{recipe.vae.latent}{' (7x7 grid)' if recipe.vae.grid else ''}")
    table.add_row("solver", f"{recipe.flow.solver}, {recipe.flow.steps} steps")
    for key, value in content.card.get("trained_with", {}).items():
        table.add_row(f"{key} in training", str(value))
    table.add_row("evaluations per sample (NFE)", str(costs.evaluations))
    table.add_row("FLOPs per sample, products alone", number(costs.sample_flops))
    table.add_row("FLOPs of training", rough(training_flops_of(content), 3))
    for stage, seconds in content.card.get("training", {}).get("seconds", {}).items():
        table.add_row(f"seconds of the {stage} stage", number(round(seconds)))
    data = content.card.get("data", {})
    if images := data.get("images"):
        table.add_row("trained on the images of", images)
    for part, digest in data.get("sha256", {}).items():
        table.add_row(f"SHA-256 of {part}", f"{digest[:16]}…")
    hardware = content.card.get("hardware", {})
    table.add_row("trained on", f"{hardware.get('name')}, {hardware.get('threads')} threads")
    for name, digest in content.sha256.items():
        table.add_row(f"SHA-256 of {name}", f"{digest[:16]}…")
    Console().print(table)


def _show_captured(path: Path, as_json: bool) -> None:
    """Say what a captured entry computes and costs."""
    from rich.console import Console
    from rich.table import Table

    from flowleague.program.container import declared_in, read_bytes, unpacked
    from flowleague.program.cost import cost
    from flowleague.program.format import latent_size

    raw = read_bytes(path)
    entry, declared = unpacked(raw), declared_in(raw)
    if as_json:
        print(json.dumps(declared.card, indent=2))
        return
    latent, costs = latent_size(entry), cost(entry)
    table = Table(title=f"{path.name}: captured entry, {entry.batch} rows at a time", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, program in entry.programs.items():
        table.add_row(f"operations of {name}", number(len(program.steps)))
    for name, flops in costs.flops.items():
        table.add_row(f"FLOPs of {name} per row", number(round(flops)))
    table.add_row("parameters", number(round(costs.numbers)))
    table.add_row("latent dimensions", str(latent))
    table.add_row("evaluations per sample (NFE)", number(costs.nfe))
    table.add_row("compressed list of operations", f"{number(costs.list_bytes)} bytes")
    table.add_row("declared: records of the training log", number(len(declared.log)))
    for stage, seconds in declared.card.get("training", {}).get("seconds", {}).items():
        table.add_row(f"declared: seconds of the {stage} stage", number(round(seconds)))
    Console().print(table)


def recipes() -> None:
    """List the recipes and every value that --set can change."""
    import dataclasses

    from rich.console import Console
    from rich.table import Table

    from flowleague.bundle.recipe import RECIPES, flatten

    made = {name: flatten(dataclasses.asdict(make())) for name, make in RECIPES.items()}
    table = Table(title="Recipes: flowleague train NAME --set KEY=VALUE")
    table.add_column("key", style="bold", no_wrap=True)
    for name in made:
        table.add_column(name)
    for key in next(iter(made.values())):
        table.add_row(key, *(str(values[key]) for values in made.values()))
    Console().print(table)


def data(
    name: Annotated[str, typer.Argument(help="mnist, fashion-mnist, kmnist, or images of your own.")] = "mnist",
    folder: DataOption = None,
) -> None:
    """Find or download a data set, check it, and print its splits and checksums."""
    from flowleague.data import DATA_SETS, load_test, load_training
    from flowleague.files import cache_folder

    training, test = load_training(name, folder), load_test(name, folder)
    place = Path(name) if name not in DATA_SETS else folder or cache_folder("data", name)
    print(f"{name} in {place}:")
    for split, images in (("train", training.train), ("validation", training.validation), ("test", test)):
        print(f"  {split:<10} {len(images):>6,} images of 28x28")
    for part, digest in training.sha256.items():
        print(f"  SHA-256 of {part}: {digest}")
