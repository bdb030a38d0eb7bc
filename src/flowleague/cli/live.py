"""Commands that take a bundle out of Python: into the open format, and into a page."""

from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.options import BundleArgument, ForceOption, output


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
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write (.html).")],
    seed: Annotated[int, typer.Option(help="The seed that the page starts with.", min=0, max=2**32 - 1)] = 0,
    force: ForceOption = False,
) -> None:
    """Write a page in which the model runs: draw digits, follow the flow, drag through the latents."""
    from flowleague.bundle.read import read_bundle
    from flowleague.live import live_page

    content = read_bundle(bundle)
    with output(out, force) as write:
        write(live_page(content, content.recipe.name, seed=seed).encode())
