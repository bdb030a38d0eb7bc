"""TOML files of a contest; every error names its line.

A key's line is found with the parser itself: the first line after the longest head of the file that parses and does
not hold the key yet. That is slow and always right, and needed only once there is a fault.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from flowleague.errors import FlowLeagueError

Keys = tuple[str | int, ...]


class RulesError(FlowLeagueError):
    """A contest's rules or marks cannot be read, or contradict themselves."""


def read_text(path: Path) -> str:
    """The text of a file of the contest; raises `RulesError`."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows begins it with a byte order mark
    except FileNotFoundError as error:
        raise RulesError(
            f"There is no contest in {path.parent}: it holds no {path.name}; make one with `flowleague contest new`."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{path} cannot be read ({error}); it must be a text file in UTF-8.") from error


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tree of a TOML text; raises `RulesError`, naming the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = (place and place[1]) or len(text.splitlines())
        what = str(error)[: place.start()] if place else str(error)
        raise RulesError(f"{where}, line {line}: this is not TOML: {what}.") from error
    except RecursionError as error:
        raise RulesError(f"{where} is not TOML that can be read: it is nested too deeply.") from error


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


def quoted(text: str) -> str:
    """A TOML string: JSON's, but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
