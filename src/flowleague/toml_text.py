"""TOML that a person wrote: every fault is told with its line.

A key's line is found with the parser itself: the first line after the longest head of the file that parses and does
not hold the key yet. That is slow and always right, and needed only once there is a fault.
"""

import re
import tomllib
from typing import Any

from flowleague.errors import FlowLeagueError

Keys = tuple[str | int, ...]


class TomlError(FlowLeagueError):
    """A text is not TOML."""


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tree of a TOML text; raises `TomlError`, naming the line.

    >>> parse_toml("seed = ", "my.toml")
    Traceback (most recent call last):
    flowleague.toml_text.TomlError: my.toml, line 1: this is not TOML: Invalid value.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = (place and place[1]) or len(text.splitlines())
        what = str(error)[: place.start()] if place else str(error)
        raise TomlError(f"{where}, line {line}: this is not TOML: {what}.") from error
    except RecursionError as error:
        raise TomlError(f"{where} is not TOML that can be read: it is nested too deeply.") from error


def line_of(text: str, path: Keys) -> int:
    """The line, from 1, on which a key's value begins; the nearest table around it when the key is not there."""
    lines = text.split("\n")
    while path and not _holds(tomllib.loads(text), path):
        path = path[:-1]
    if not path:
        return 1
    before = 0
    for n in range(1, len(lines) + 1):
        try:
            tree = tomllib.loads("\n".join(lines[:n]))
        except tomllib.TOMLDecodeError:
            continue  # inside a value of several lines
        if _holds(tree, path):
            break
        before = n
    while lines[before].strip() == "" or lines[before].lstrip().startswith("#"):
        before += 1
    return before + 1


def _holds(tree: Any, keys: Keys) -> bool:
    for key in keys:
        try:
            tree = tree[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
