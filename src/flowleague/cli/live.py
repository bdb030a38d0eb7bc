"""Commands that take a model out of Python: into the open format, and into a page."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.options import BundleArgument, EntryArgument, ForceOption, output
from flowleague.errors import printable


def export(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for encoder, velocity and decoder (.onnx).")],
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write the three networks of a bundle in ONNX."""
    from flowleague.bundle.read import read_bundle
    from flowleague.live import write_export

    for path in write_export(read_bundle(bundle), out, force=force):
        print(f"Wrote {path}")


def live(
    entry: EntryArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write (.html).")],
    seed: Annotated[int, typer.Option(help="The seed that the page starts with.", min=0, max=2**32 - 1)] = 0,
    force: ForceOption = False,
) -> None:
    """Write a page in which the model runs: draw digits, follow the flow, drag through the latents."""
    from flowleague.bundle.read import read_bundle
    from flowleague.entrant.captured import is_captured
    from flowleague.live import live_page
    from flowleague.program.container import read as read_programs

    if is_captured(entry):
        content, name = read_programs(entry), printable(entry.stem)
    else:
        content = read_bundle(entry)
        name = content.recipe.name
    with output(out, force) as write:
        write(live_page(content, name, seed=seed).encode())
