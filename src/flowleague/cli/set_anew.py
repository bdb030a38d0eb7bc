"""`flowleague set`: give a finished bundle another solver, other steps, another temperature, other refinement."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.bundle.solvers import SOLVERS
from flowleague.cli.layout import say
from flowleague.cli.options import BundleArgument, ForceOption, output


def set_anew(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The new bundle to write (.zip).")],
    solver: Annotated[str | None, typer.Option(help=f"One of {', '.join(SOLVERS)}.")] = None,
    steps: Annotated[int | None, typer.Option(help="Solver steps.", min=1, max=1000)] = None,
    temperature: Annotated[
        float | None, typer.Option(help="By which the noise of samples is multiplied; below 1 clearer, less diverse.")
    ] = None,
    refine: Annotated[int | None, typer.Option(help="Steps that refine a latent in encoding.", min=0, max=100)] = None,
    force: ForceOption = False,
) -> None:
    """Write a finished bundle again with another solver, steps, temperature or refinement; the weights stay."""
    from flowleague.errors import OutputError
    from flowleague.model.afterwards import set_anew as write_anew

    if out.suffix != ".zip":
        raise OutputError(f"{out} has no known ending; a bundle in one file ends in .zip.")
    said: dict[str, str | float | None] = {
        "flow.solver": solver,
        "flow.steps": steps,
        "flow.temperature": temperature,
        "vae.refine": refine,
    }
    values = {key: value for key, value in said.items() if value is not None}
    if not values:
        raise OutputError("Nothing is to be changed; give --solver, --steps, --temperature or --refine.")
    with output(out, force) as write:
        content, changed = write_anew(bundle, values)
        write(content)
    for key, (before, after) in changed.items():
        say(f"{key}: {before} -> {after}")
    say(f"The weights are those of {bundle}, which nothing has trained for these values. Next: flowleague score {out}")
