"""`flowleague capture`: any model as an entry without code."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import DataOption, ForceOption
from flowleague.shipped import resolve
from flowleague.text import number


def capture(
    entry: Annotated[
        Path,
        typer.Argument(
            metavar="ENTRY",
            help="A bundle, a shipped model, or a .py or .ipynb with SubmissionInterface.",
            callback=resolve,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The captured entry to write (.zip).")],
    dataset: Annotated[str, typer.Option(help="The data set of the model.")] = "mnist",
    data: DataOption = None,
    weights: Annotated[
        Path | None, typer.Option(help="For a .py or .ipynb: folder of its weight files; nothing is then fetched.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run your own .py here, in its folder, without the sandbox.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Record what a model computes as three programs: an entry without code that any system can measure."""
    import torch

    from flowleague.data import load_training
    from flowleague.entrant.code import CAPTURED_ON, capture_code, is_code
    from flowleague.entrant.log import training_files
    from flowleague.entrant.own import own_functions
    from flowleague.errors import OutputError
    from flowleague.program.capturing.entry import record
    from flowleague.program.container import unpacked, write
    from flowleague.program.cost import cost

    given, out = out, out.resolve()
    if out.is_dir() or (out.exists() and not force):
        raise OutputError(f"{out} exists; choose another name, or add --force to replace it.")
    split, declared = load_training(dataset, data).train, training_files(entry, is_code(entry), weights)
    if is_code(entry) and not trust:
        raw, notes = capture_code(entry, split.pixels(CAPTURED_ON), weights=weights)
        captured = unpacked(raw)  # by the strict reader: it is a stranger's
        write(captured, out, declared)
        say(*notes)
    else:
        with own_functions(entry) as functions:
            encode, decode, generate = functions["encode"], functions["decode"], functions["generate"]
            made, captured = record(
                encode=encode, decode=decode, generate=generate, images=torch.from_numpy(split.pixels(4000))
            )
        write(captured, out, declared)
        for name, one in made.items():
            said = f"equal in {one.checks} checks to {number(one.largest, 1)}" + "".join(f"; {n}" for n in one.notes)
            say(f"{name}: {number(len(one.program.steps))} operations, {said}")
    costs = cost(captured)
    parameters, evaluations, flops = number(costs.numbers), number(costs.nfe), number(costs.flops["generate"])
    say(f"{parameters} parameters, {evaluations} evaluations and {flops} FLOPs per sample")
    say(f"The captured entry is {given}; flowleague score {given} measures it.")
