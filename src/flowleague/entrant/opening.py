"""Whatever an entrant sent, opened: a bundle in the safe lane, a `.py` or `.ipynb` in the code lane."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowleague.entrant.model import Model
from flowleague.limits import Limits

CODE = (".py", ".ipynb")


@contextmanager
def open_entry(
    path: str | Path,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    weights: str | Path | None = None,
    trust: bool = False,
) -> Iterator[Model]:
    """The model in a file or folder, until the context ends; see `open_bundle` and `open_code` for what they raise."""
    if is_code(path):
        from flowleague.entrant.code import open_code

        with open_code(path, name=name, limits=limits, weights=weights, trust=trust) as model:
            yield model
    else:
        from flowleague.entrant.bundle import open_bundle

        yield open_bundle(path, name)


def is_code(path: str | Path) -> bool:
    """Whether a path goes to the code lane."""
    return Path(path).suffix.lower() in CODE
