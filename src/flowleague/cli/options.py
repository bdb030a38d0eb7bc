"""Options and arguments that several commands share, and how they are used: loading a model, writing a file."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flowleague.cli import completion
from flowleague.cli.layout import say

if TYPE_CHECKING:
    from flowleague.engines.job import Engine
    from flowleague.model.latent_flow import LatentFlow


def shipped_or(path: Path) -> Path:
    """The path of a bundle: as given, or of a shipped model if it is the name of one and no such file exists.

    >>> shipped_or(Path("base")).name, shipped_or(Path("runs/quick")).name
    ('base.zip', 'quick')
    """
    from flowleague.shipped import resolve

    return resolve(path)


BundleArgument = Annotated[
    Path,
    typer.Argument(
        metavar="BUNDLE",
        help="Folder or zip that training wrote, or a shipped model.",
        callback=shipped_or,
        autocompletion=completion.entries,
    ),
]
EntryArgument = Annotated[
    Path,
    typer.Argument(
        metavar="ENTRY",
        help="A bundle (folder or zip), a captured entry, or a shipped model.",
        callback=shipped_or,
        autocompletion=completion.entries,
    ),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the four IDX files.", envvar="FLOWLEAGUE_DATA")
]
DeviceOption = Annotated[str | None, typer.Option(help="cuda, mps or cpu; the best there is by default.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
EngineName = Annotated[
    Literal["local", "slurm", "ray"],
    typer.Option(help="Where to measure: on this machine, in a queue of Slurm, or on a cluster of Ray."),
]
Address = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="The cluster of Ray; by default RAY_ADDRESS.")]
Partition = Annotated[str | None, typer.Option(help="The partition of Slurm; by default the cluster's.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def load_model(bundle: Path, device: str | None) -> "LatentFlow":
    """Load a bundle onto a device (cuda, mps or cpu; None: the best available); raises a `FlowLeagueError`."""
    from flowleague.model.latent_flow import LatentFlow
    from flowleague.training.device import choose_device

    return LatentFlow.load(bundle, choose_device(device))


@contextmanager
def output(path: Path, force: bool):
    """Yield a function that writes a file's bytes atomically; print the path at the end.

    Raises `OutputError` before any work is done if the path is a folder, or exists and `force` is false.
    """
    from flowleague.errors import OutputError
    from flowleague.files import write_atomically

    if path.is_dir() or (path.exists() and not force):
        raise OutputError(f"{path} exists; choose another name{'' if path.is_dir() else ' or add --force'}.")
    yield lambda content: write_atomically(path, content)
    say(f"Wrote {path}")


ContestOption = Annotated[Path, typer.Option("--contest", "-C", help="The contest's folder; this one by default.")]
KeyOption = Annotated[str | None, typer.Option(help="The team's key.", envvar="FLOWLEAGUE_KEY")]
EntryId = Annotated[
    str,
    typer.Argument(metavar="ID", help="An entry's id, or the beginning of it.", autocompletion=completion.entry_ids),
]
PublicReason = Annotated[str, typer.Option(help="Why; shown in the records and on the board.")]
HERE = Path()


def engine_of(name: str, address: str | None, partition: str | None) -> "Engine":
    """What the options of an engine name. Raises `EngineError` as `choose_engine` does."""
    from flowleague.engines import choose_engine

    return choose_engine(name, address, partition)
