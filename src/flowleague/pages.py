"""Pages: their templates, data for their scripts, and the folders that they are written into."""

import json
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flowleague.errors import OutputError
from flowleague.files import cannot_write

_UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}  # what could end a script element, inside of it


def templates(package: str, folder: str, filters: Mapping[str, Callable] | None = None, **shared: Any) -> Environment:
    """Templates of a package's folder, with filters and values that all of them share.

    Those that end in .html escape what they are given; a name that does not exist is an error in all of them.
    """
    made = Environment(
        loader=PackageLoader(package, folder),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"json": script_json, **(filters or {})}
    made.globals |= shared
    return made


def packaged(package: str, name: str) -> str:
    """The text of a file in a package, by its path there."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def script_json(value: Any) -> Markup:
    """JSON for a script element, as small as it gets; no text in it can end the element.

    >>> script_json({"name": "</script>"})
    Markup('{"name":"\\\\u003c/script\\\\u003e"}')
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))


def check_is_ours(out: Path, marks: Mapping[str, str], command: str) -> None:
    """Raise `OutputError` when a file in a folder would be overwritten that `command` did not write.

    `marks` gives, for each file name, the text that stands in every such file of ours.
    """
    for name, mark in marks.items():
        path = out / name
        try:
            foreign = path.exists() and mark.encode() not in path.read_bytes()
        except OSError as error:
            raise cannot_write(path, error) from error
        if foreign:
            raise OutputError(f"{path} was not written by `{command}`; choose another folder with -o.")


def check_folder_is_ours(out: Path, name: str, mark: str, command: str) -> None:
    """Raise `OutputError` when a folder holds other things than a site of ours, whose page `name` has the `mark`.

    Hidden files may be there before: a repository that publishes the folder, say.
    """
    check_is_ours(out, {name: mark}, command)
    try:
        others = [] if (out / name).exists() else sorted(p.name for p in out.iterdir() if not p.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(out, error) from error
    if others:
        raise OutputError(f"{out} holds other things, such as {others[0]}; choose a new or an empty folder with -o.")


def write_page(path: Path, content: str | bytes) -> Path:
    """Write a file that can be built again, so it need not be on the disk before the next one is begun.

    Raises `OutputError` when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path
