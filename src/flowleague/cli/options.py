"""Options and arguments that several commands share, and what they come to: a loaded model, a written file."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flowleague.model.latent_flow import LatentFlow


def shipped_or(path: Path) -> Path:
    """What a person gave as a path, which may be the name of a shipped model."""
    from flowleague.shipped import resolve

    return resolve(path)


BundleArgument = Annotated[
    Path,
    typer.Argument(
        metavar="BUNDLE", help="Folder or zip that training wrote, or a shipped model.", callback=shipped_or
    ),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the four IDX files.", envvar="FLOWLEAGUE_DATA")
]
DeviceOption = Annotated[str | None, typer.Option(help="cuda, mps or cpu; the best there is by default.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def load_model(bundle: Path, device: str | None) -> "LatentFlow":
    """A bundle on the wanted device, or the best there is."""
    from flowleague.model.latent_flow import LatentFlow
    from flowleague.training.device import choose_device

    return LatentFlow.load(bundle, choose_device(device))


@contextmanager
def output(path: Path, force: bool):
    """Refuse a file that exists before the work is done; afterwards write it atomically and say so."""
    from flowleague.errors import OutputError
    from flowleague.files import write_atomically

    if path.is_dir() or (path.exists() and not force):
        raise OutputError(f"{path} exists; choose another name{'' if path.is_dir() else ' or add --force'}.")
    yield lambda content: write_atomically(path, content)
    print(f"Wrote {path}")
