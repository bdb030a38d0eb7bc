"""`flowleague capture`: any model as an entry without code."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.options import DataOption, ForceOption
from flowleague.shipped import resolve
from flowleague.text import number


def capture(
    entry: Annotated[
        Path,
        typer.Argument(
            metavar="ENTRY",
            help="A bundle, a shipped model, or your own .py with SubmissionInterface, which runs here.",
            callback=resolve,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The captured entry to write (.zip).")],
    dataset: Annotated[str, typer.Option(help="The data set of the model.")] = "mnist",
    data: DataOption = None,
    force: ForceOption = False,
) -> None:
    """Record what a model computes as three programs: an entry without code that any system can measure."""
    import torch

    from flowleague.data import load_training
    from flowleague.entrant.own import own_functions
    from flowleague.errors import OutputError
    from flowleague.program.capturing.entry import capture as record
    from flowleague.program.container import read
    from flowleague.program.cost import cost

    out = out.resolve()
    if out.is_dir() or (out.exists() and not force):
        raise OutputError(f"{out} exists; choose another name, or add --force to replace it.")
    images = torch.from_numpy(load_training(dataset, data).train.pixels()[:4000])
    with own_functions(entry) as functions:
        encode, decode, generate = functions["encode"], functions["decode"], functions["generate"]
        made = record(encode=encode, decode=decode, generate=generate, out=out, images=images)
    for name, one in made.items():
        notes = "".join(f"; {note}" for note in one.notes)
        operations, off = number(len(one.program.steps)), number(one.largest, 1)
        print(f"{name}: {operations} operations, equal in {one.checks} checks to {off}{notes}")
    costs = cost(read(out))
    parameters, evaluations, flops = number(costs.numbers), number(costs.nfe), number(costs.flops["generate"])
    print(f"{parameters} parameters, {evaluations} evaluations and {flops} FLOPs per sample")
    print(f"The captured entry is {out}; flowleague score {out.name} measures it.")
