"""Commands that describe: a bundle, the recipes, the digits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowleague.cli import completion
from flowleague.cli.layout import print_beside, print_facts, print_json, say
from flowleague.cli.options import BundleArgument, DataOption
from flowleague.cli.terminal import lacks_extra
from flowleague.text import number, rough

if TYPE_CHECKING:
    from flowleague.bundle.read import Bundle
    from flowleague.bundle.recipe import FlowRecipe


def show(
    bundle: BundleArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Describe a bundle or captured entry: parameters, cost per sample, and how a bundle was trained."""
    from flowleague.bundle.files import shown
    from flowleague.bundle.read import read_bundle
    from flowleague.bundle.solvers import SOLVERS
    from flowleague.program.container import is_captured

    if is_captured(bundle):
        _show_captured(bundle, as_json)
        return
    content = read_bundle(bundle)
    if as_json:
        print_json(content.card)
        return
    recipe, flow = content.recipe, content.recipe.flow
    operations, lacking = _operations(content, shown(bundle))
    facts = []
    for part, parameters in content.by_part.items():
        facts.append((f"{part} parameters", number(parameters)))
    facts.append(("total with buffers", number(sum(content.by_part.values()))))
    facts.append(("total as the contest counted", number(content.parameters)))
    facts.append(("latent dimensions", f"{recipe.vae.latent}{' (7x7 grid)' if recipe.vae.grid else ''}"))
    facts += _solver(flow)
    for key, value in content.card.get("trained_with", {}).items():
        facts.append((f"{key} in training", str(value)))
    facts.append(("evaluations per sample (NFE)", str(SOLVERS[flow.solver].evaluations * flow.steps)))
    facts += operations
    facts += _seconds(content.card)
    data = content.card.get("data", {})
    if images := data.get("images"):
        facts.append(("trained on the images of", images))
    for part, digest in data.get("sha256", {}).items():
        facts.append((f"SHA-256 of {part}", f"{digest[:16]}…"))
    hardware = content.card.get("hardware", {})
    facts.append(("trained on", f"{hardware.get('name')}, {hardware.get('threads')} threads"))
    for name, digest in content.sha256.items():
        facts.append((f"SHA-256 of {name}", f"{digest[:16]}…"))
    print_facts(facts, f"{shown(bundle)}: recipe {recipe.name}, seed {recipe.seed}, {recipe.dataset}")
    if lacking:
        say(f"Without FLOPs. {lacking}")


def _solver(flow: "FlowRecipe") -> list[tuple[str, str]]:
    """The solver and its steps, and how many of them lead to a latent where the flow is cut."""
    facts = [("solver", f"{flow.solver}, {flow.steps} steps")]
    if flow.cut < 1:
        facts.append(
            (f"steps to the cut at t = {number(flow.cut)}", f"{flow.steps_to_cut(flow.steps)}, the rest decode")
        )
    return facts


def _seconds(card: dict[str, Any]) -> list[tuple[str, str]]:
    """What each stage of the training took, and all of it where stages ran side by side.

    >>> _seconds({"training": {"seconds": {"vae": 60.2, "critic": 50.0}, "wall_seconds": 71.0}})[1:]
    [('seconds of the critic stage', '50'), ('seconds in all, stages side by side', '71')]
    """
    training = card.get("training", {})
    facts = [
        (f"seconds of the {name} stage", number(round(spent))) for name, spent in training.get("seconds", {}).items()
    ]
    if wall := training.get("wall_seconds"):
        facts.append(("seconds in all, stages side by side", number(round(wall))))
    return facts


def _operations(content: "Bundle", name: str) -> tuple[list[tuple[str, str]], str]:
    """FLOPs of a sample and of the training; where torch, which counts them, is not there, what to install.

    With torch it is also seen that the weights fit the recipe.
    """
    try:
        from flowleague.model.cost import cost
        from flowleague.model.latent_flow import LatentFlow
        from flowleague.training.card import training_flops_of
    except ModuleNotFoundError as error:
        if lacking := lacks_extra(error):
            return [], lacking
        raise
    LatentFlow.from_bundle(content, name)
    sample = number(cost(content.recipe.vae, content.recipe.flow).sample_flops)
    training = rough(training_flops_of(content), 3)
    return [("FLOPs per sample, products alone", sample), ("FLOPs of training", training)], ""


def _show_captured(path: Path, as_json: bool) -> None:
    """Say what a captured entry computes and costs."""
    from flowleague.program.container import declared_in, read_bytes, unpacked
    from flowleague.program.cost import cost
    from flowleague.program.format import latent_size

    raw = read_bytes(path)
    entry, declared = unpacked(raw), declared_in(raw)
    if as_json:
        print_json(declared.card)
        return
    latent, costs = latent_size(entry), cost(entry)
    facts = []
    for name, program in entry.programs.items():
        facts.append((f"operations of {name}", number(len(program.steps))))
    for name, flops in costs.flops.items():
        facts.append((f"FLOPs of {name} per row", number(round(flops))))
    facts.append(("parameters", number(round(costs.numbers))))
    facts.append(("latent dimensions", str(latent)))
    facts.append(("evaluations per sample (NFE)", number(costs.nfe)))
    facts.append(("compressed list of operations", f"{number(costs.list_bytes)} bytes"))
    facts.append(("declared: records of the training log", number(len(declared.log))))
    facts += [(f"declared: {what}", value) for what, value in _seconds(declared.card)]
    print_facts(facts, f"{path.name}: captured entry, {entry.batch} rows at a time")


def recipes(
    as_json: Annotated[bool, typer.Option("--json", help="Print the recipes as JSON.")] = False,
) -> None:
    """List the recipes and every value that --set can change."""
    import dataclasses

    from flowleague.bundle.recipe import RECIPES, flatten

    made = {name: flatten(dataclasses.asdict(make())) for name, make in RECIPES.items()}
    if as_json:
        print_json(made)
        return
    say(*(f"{name}: {values['about']}." for name, values in made.items()))
    print()
    keys = [key for key in next(iter(made.values())) if key not in ("name", "about")]
    rows = [(key, [as_set(values[key]) for values in made.values()]) for key in keys]
    print_beside(list(made), rows, "Train one with: flowleague train NAME --set KEY=VALUE")


def as_set(value: object) -> str:
    """A value as --set takes it, - where there is none."""
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def data(
    name: Annotated[
        str,
        typer.Argument(
            help="mnist, fashion-mnist, kmnist, or images of your own.", autocompletion=completion.data_sets
        ),
    ] = "mnist",
    folder: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print sizes and checksums as JSON.")] = False,
) -> None:
    """Find or download a data set, check it, and print its splits and checksums."""
    from flowleague.data import DATA_SETS, load_test, load_training
    from flowleague.files import cache_folder

    training, test = load_training(name, folder), load_test(name, folder)
    place = Path(name) if name not in DATA_SETS else folder or cache_folder("data", name)
    sizes = {"train": len(training.train), "validation": len(training.validation), "test": len(test)}
    if as_json:
        print_json({"name": name, "folder": str(place), "images": sizes, "sha256": training.sha256})
        return
    say(f"{name} in {place}:" if name in DATA_SETS else f"{name}:")
    for split, count in sizes.items():
        print(f"  {split:<10} {count:>6,} images of 28x28")
    for part, digest in training.sha256.items():
        say(f"SHA-256 of {part}: {digest}", indent="  ")
