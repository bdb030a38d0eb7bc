"""The runs in a folder: what was trained, how far it is, and in what it differs from its recipe. Without torch."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from flowleague.bundle.files import CARD_FILE, LIMITS, LOG_FILE
from flowleague.bundle.read import read_card, read_config, read_records
from flowleague.bundle.recipe import RECIPES, Recipe, flatten
from flowleague.errors import FlowLeagueError, OutputError
from flowleague.files import read_regular


@dataclass(frozen=True)
class KnownRun:
    """A run: its folder, its state, what it changed of the recipe it is named after, its card, its last validations.

    `state` is done, at work (a process trains it), resumable, or damaged; then `problem` says why.
    """

    folder: Path
    state: str
    recipe: Recipe | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    validation: dict[str, dict[str, float]] = field(default_factory=dict)
    problem: str = ""


def find_runs(folder: Path) -> Iterator[KnownRun]:
    """The runs directly in a folder, by name; the folder itself if it is one. Raises `OutputError` if there is none."""
    if not folder.is_dir():
        raise OutputError(f"There is no folder {folder}; give the one that your runs are in.")
    inside = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    yield from (_read(path) for path in inside if (path / "config.json").is_file())


def _read(folder: Path) -> KnownRun:
    try:
        recipe = read_config(_bytes(folder, "config.json"), str(folder / "config.json"))
        finished = (folder / CARD_FILE).exists()
        card = read_card(_bytes(folder, CARD_FILE), str(folder / CARD_FILE)) if finished else {}
        validation = _last_validations(folder)
    except (FlowLeagueError, OSError) as error:
        return KnownRun(folder, "damaged", problem=str(error))
    state = "done" if finished else "at work" if is_at_work(folder) else "resumable"
    return KnownRun(folder, state, recipe, changes(recipe), card, validation)


def changes(recipe: Recipe) -> dict[str, Any]:
    """The values in which a recipe differs from the shipped one of its name, by dotted key, but for its seed.

    >>> from flowleague.bundle.recipe import get_recipe
    >>> changes(get_recipe("quick", ["vae.latent=16", "vae.grid=false", "flow.clusters=0", "seed=3"]))
    {'vae.latent': 16, 'vae.grid': False, 'flow.clusters': 0}
    """
    if recipe.name not in RECIPES:
        return {}
    shipped, own = (flatten(dataclasses.asdict(one)) for one in (RECIPES[recipe.name](), recipe))
    return {key: value for key, value in own.items() if value != shipped[key] and key != "seed"}


def _last_validations(folder: Path) -> dict[str, dict[str, float]]:
    """The last validation of every stage that was logged; a line that is being written is left out."""
    try:
        whole, _, _ = _bytes(folder, LOG_FILE).rpartition(b"\n")
    except FileNotFoundError:  # the run has only begun
        return {}
    records = read_records(whole, str(folder / LOG_FILE))
    return {record["stage"]: record.get("validation", {}) for record in records if "stage" in record}


def _bytes(folder: Path, name: str) -> bytes:
    return read_regular(folder / name, LIMITS[name])


def lock_of(folder: Path) -> Path:
    """The file, beside the folder of a run, that the process which trains it holds locked."""
    return folder.with_name(f".{folder.name}.lock")


def is_at_work(folder: Path) -> bool:
    """Whether a process trains the run in a folder."""
    path = lock_of(folder)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError, NotImplementedError):
        return True
