"""Where a weight file is looked for: at any place below the working directory, by its name.

Notebooks ask first and load then, `if os.path.exists("/content/drive/MyDrive/run/vae.pt")`, and train or do nothing
where the answer is no. A file of that name that was handed in is then linked to the place.
"""

import ntpath
import os
import pathlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

asked: list[str] = []  # paths elsewhere on a disk, under the name of a file that was handed in
_exists, _is_file = os.path.exists, os.path.isfile
_path_exists, _path_is_file = pathlib.Path.exists, pathlib.Path.is_file


def place_of(wanted: str, folder: str, weights: str) -> str:
    """The place below the folder of a file that was handed in under that name; empty for others."""
    handed_in = is_handed_in(wanted, weights)
    place = os.path.realpath(wanted)
    return place if handed_in and place.startswith(os.path.realpath(folder) + os.sep) else ""


def is_handed_in(wanted: str, weights: str) -> bool:
    """Whether a file of that name was handed in; folders may stand before it as any system writes them."""
    return _handed_in(wanted, weights) is not None


def _handed_in(wanted: str, weights: str) -> str | None:
    """The file of that name; as on Windows and Macs, capitals do not matter where only one name fits."""
    name, there = ntpath.basename(wanted), os.listdir(weights)
    found = [name] if name in there else [one for one in there if one.lower() == name.lower()]
    return os.path.join(weights, found[0]) if len(found) == 1 else None


def link(place: str, weights: str) -> None:
    """Put a link to the handed-in file at a place."""
    if (file := _handed_in(place, weights)) is None:
        return
    with suppress(OSError):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(file, place)


def answer(folder: str, weights: str) -> None:
    """Let questions whether a file exists find what was handed in."""

    def found(ask: Callable[..., bool]) -> Callable[..., bool]:
        def there(path: Any, *rest: Any, **options: Any) -> bool:
            if not ask(path, *rest, **options):
                with suppress(TypeError, ValueError):  # a number, or bytes
                    if place := place_of(os.fspath(path), folder, weights):
                        link(place, weights)
                    elif os.path.isabs(path) and is_handed_in(os.fspath(path), weights):
                        asked.append(os.fspath(path))
            return ask(path, *rest, **options)

        return there

    os.path.exists, os.path.isfile = found(_exists), found(_is_file)
    pathlib.Path.exists, pathlib.Path.is_file = found(_path_exists), found(_path_is_file)
