"""Recipe files: a recipe of one's own as TOML, which says what differs from one that ships.

    base = "quick"          the recipe that it changes
    seed = 3
    vae.latent = 16         or a table [vae] with latent = 16
    vae.grid = false

Keys and limits are those of ``--set``. Without a `name` the recipe is called as its file, and without an `about` it is
described by its changes, so that config, card and report of a run say what it was made of.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowleague.bundle.recipe import RECIPES, Recipe, flatten, keys, with_values
from flowleague.errors import RecipeError, printable
from flowleague.toml_text import TomlError, line_of, parse_toml

ENDING = ".toml"
_LARGEST = 2**20  # bytes


def read_recipe_file(file: str | Path, changes: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe in a file, with changes by dotted key; raises `RecipeError`, which names the line."""
    path = Path(file)
    text = _text(path)
    try:
        tree = parse_toml(text, str(path))
    except TomlError as error:
        raise RecipeError(str(error)) from error
    base, values = _base(tree, path, text), flatten(tree)
    for key in values:
        if key not in keys():
            raise RecipeError(
                f"{path}, line {_line(text, key)}: a recipe has no {printable(key, 50)}; it has: {', '.join(keys())}."
            )
    values = {"name": path.stem, "about": _about(base, values)} | values
    try:
        return with_values(RECIPES[base](), values | dict(changes or {}))
    except RecipeError as error:
        raise _located(error, path, text, base, values) from error


def _base(tree: dict[str, Any], path: Path, text: str) -> str:
    """The recipe that a file changes, taken out of its tree."""
    named = "base" in tree
    base = tree.pop("base", None)
    if isinstance(base, str) and base in RECIPES:
        return base
    said = f"base = {printable(base, 50)} is no recipe" if named else "it does not say which recipe it changes"
    line = line_of(text, ("base",)) if named else 1
    raise RecipeError(f'{path}, line {line}: {said}; write base = "quick", or another of: {", ".join(RECIPES)}.')


def _about(base: str, values: Mapping[str, Any]) -> str:
    changed = ", ".join(f"{key}={value}" for key, value in values.items() if key not in ("name", "about"))
    return printable(f"{base} with {changed}" if changed else f"{base} as it ships", 900)


def _located(error: RecipeError, path: Path, text: str, base: str, values: dict[str, Any]) -> RecipeError:
    """The error with the line of the first value with which the file says what is wrong; without, if it is none's."""
    for count in range(len(values)):
        some = dict(list(values.items())[: count + 1])
        try:
            with_values(RECIPES[base](), some)
        except RecipeError as found:
            if str(found) == str(error):
                return RecipeError(f"{path}, line {_line(text, list(some)[-1])}: {error}")
    return error


def _line(text: str, key: str) -> int:
    return line_of(text, tuple(key.split(".")))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) <= _LARGEST:
            return raw.decode("utf-8-sig")  # Windows begins it with a byte order mark
    except FileNotFoundError as error:
        raise RecipeError(f"There is no recipe file {path}; `flowleague recipes` shows what one can hold.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read ({error}); a recipe file is text in UTF-8.") from error
    raise RecipeError(f"{path} has more than {_LARGEST} bytes; a recipe file has a few lines.")
