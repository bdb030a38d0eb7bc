"""Commands that take a model out of Python: into the open format, and into a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import EntryArgument, ForceOption, output
from flowleague.errors import printable

if TYPE_CHECKING:
    from flowleague.bundle.read import Bundle
    from flowleague.program.format import Entry


def export(
    entry: EntryArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the three networks (.onnx).")],
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a model in ONNX: the networks of a bundle, the three programs of a captured entry or of a cut flow."""
    from flowleague.bundle.read import Bundle
    from flowleague.live import write_export

    content, _ = _content(entry)
    if isinstance(content, Bundle) and content.recipe.flow.cut < 1:
        content = _recorded(content, entry)
    for path in write_export(content, out, force=force):
        say(f"Wrote {path}")


def live(
    entry: EntryArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write (.html).")],
    seed: Annotated[int, typer.Option(help="The seed that the page starts with.", min=0, max=2**32 - 1)] = 0,
    force: ForceOption = False,
) -> None:
    """Write a page in which the model runs: draw digits, follow the flow, drag through the latents."""
    from flowleague.live import live_page

    content, name = _content(entry)
    with output(out, force) as write:
        write(live_page(content, name, seed=seed).encode())


def _content(path: Path) -> "tuple[Bundle | Entry, str]":
    """A bundle or captured entry, and its name."""
    from flowleague.bundle.read import read_bundle
    from flowleague.files import open_regular
    from flowleague.program.container import holds_programs, read

    if path.is_file():
        with open_regular(path) as file:
            captured = holds_programs(file)
        if captured:
            return read(path), printable(path.stem)
    bundle = read_bundle(path)
    return bundle, bundle.recipe.name


def _recorded(bundle: "Bundle", path: Path) -> "Entry":
    """The programs that a bundle is measured by: where the flow is cut, encode and decode run a part of it."""
    from flowleague.bundle.files import shown
    from flowleague.entrant.bundle import programs_of
    from flowleague.model.latent_flow import LatentFlow

    return programs_of(LatentFlow.from_bundle(bundle, shown(path)))
