"""TOML files of a contest; every error names its line."""

import json
from pathlib import Path
from typing import Any

from flowleague import toml_text
from flowleague.errors import JOINERS, FlowLeagueError
from flowleague.toml_text import Keys, line_of

__all__ = ["Keys", "RulesError", "line_of", "parse_toml", "quoted", "read_text"]


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
    except PermissionError as error:
        raise RulesError(f"{path} cannot be read ({error.strerror}); it is for its owner.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{path} cannot be read ({error}); it must be a text file in UTF-8.") from error


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The tree of a TOML text; raises `RulesError`, naming the line."""
    try:
        return toml_text.parse_toml(text, where)
    except toml_text.TomlError as error:
        raise RulesError(str(error)) from error


def quoted(text: str) -> str:
    """A TOML string, which reads as the text; what cannot be printed stands as an escape.

    >>> quoted("Zoë \\u202e")
    '"Zoë \\\\u202e"'
    """
    return "".join(c if c.isprintable() or c in JOINERS else _escaped(c) for c in json.dumps(text, ensure_ascii=False))


def _escaped(character: str) -> str:
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"
