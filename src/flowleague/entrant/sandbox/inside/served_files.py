"""The way to a file that an entry asks for by its link: a copy in the working directory, under the wanted name."""

import os
from collections.abc import Callable


def _nowhere(url: str, name: str) -> str:
    raise OSError(f"{url} cannot be fetched now.")


fetch: Callable[[str, str], str] = _nowhere  # `standins.install` puts the pipe here


def download(url: str, output: str | None) -> str:
    """Fetch a link to a place; returns the place. Raises OSError with the reason when it is not to be had."""
    name = os.path.basename(output or "") or os.path.basename(url.partition("?")[0]) or "weights"
    place = os.path.join(output, name) if output and output.endswith(os.sep) else output or name
    path = fetch(url, name)
    if os.path.dirname(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.lexists(place):
        os.remove(place)
    os.symlink(path, place)
    return place
