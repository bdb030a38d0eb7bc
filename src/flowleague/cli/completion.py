"""What a shell offers for an argument or an option: names that FlowLeague knows, beside the files that match."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from flowleague.contest.state import State

Offers = Callable[..., list[str]]


def recipes(incomplete: str) -> list[str]:
    """Recipes by name."""
    from flowleague.bundle.recipe import RECIPES

    return _starting(RECIPES, incomplete)


def changes(incomplete: str) -> list[str]:
    """Keys of recipes, as --set takes them."""
    import dataclasses

    from flowleague.bundle.recipe import flatten, quick

    return _starting((f"{key}=" for key in flatten(dataclasses.asdict(quick()))), incomplete)


def entries(incomplete: str) -> list[str]:
    """Shipped models by name, and files."""
    from flowleague.shipped import names

    return [*_starting(names(), incomplete), *_files(incomplete)]


def solvers(incomplete: str) -> list[str]:
    """Solvers by name."""
    from flowleague.bundle.solvers import SOLVERS

    return _starting(SOLVERS, incomplete)


def data_sets(incomplete: str) -> list[str]:
    """Data sets by name, and folders of IDX files."""
    from flowleague.data.datasets import DATA_SETS

    return [*_starting(DATA_SETS, incomplete), *_files(incomplete)]


def teams(ctx: typer.Context, incomplete: str) -> list[str]:
    """Teams of the contest that was named, or of this folder."""
    state = _state(ctx)
    return _starting((team.name for team in state.teams.values()), incomplete) if state else []


def entry_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Entries of that contest by id."""
    state = _state(ctx)
    return _starting(state.submissions, incomplete) if state else []


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _files(incomplete: str) -> list[str]:
    """Files and folders whose path begins so; folders end in a slash."""
    folder, _, begun = incomplete.rpartition("/")
    place = Path(folder or ("/" if incomplete.startswith("/") else ""))
    try:
        found = sorted(path for path in place.iterdir() if path.name.startswith(begun))
    except OSError:
        return []
    before = incomplete[: len(incomplete) - len(begun)]
    hidden = begun.startswith(".")
    return [f"{before}{p.name}{'/' * p.is_dir()}" for p in found if hidden or not p.name.startswith(".")]


def _state(ctx: typer.Context) -> "State | None":
    """The state of the contest in the folder of --contest; None where there is none, since a shell asks anywhere."""
    from flowleague.contest.past import read_past
    from flowleague.errors import FlowLeagueError

    try:
        return read_past(Path(ctx.params.get("contest") or "")).state
    except (FlowLeagueError, OSError):
        return None
