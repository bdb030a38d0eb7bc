"""All commands and their options as Markdown, from the program itself.

python -m flowleague.cli.reference > docs/commands.md
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_type_hints

import typer

from flowleague.cli import app

HEAD = """# Commands

Every command with all that it takes, as `--help` says it. This page is written by the program:
`python -m flowleague.cli.reference > docs/commands.md`.
"""
VALUES = {"bool": "", "Path": "PATH", "datetime": "TIME", "float": "NUMBER", "int": "NUMBER", "str": "TEXT"}


def reference() -> str:
    """The page: a section for each command, in the order of `flowleague --help`."""
    root: Any = typer.main.get_command(app)
    return "\n".join([HEAD, *(line for name in root.commands for line in section(root.commands[name], name))])


def section(command: Any, name: str, level: int = 2) -> Iterator[str]:
    """The lines of one command, and of the commands below it."""
    yield f"{'#' * level} {name}\n"
    yield f"{command.help}\n"
    if command.epilog:
        yield command.epilog.replace("Example: ", "Example: `") + "`\n"
    if command.params:
        yield "| | default | |\n|---|---|---|"
        kinds = get_type_hints(command.callback)
        yield from (row(parameter, kinds[parameter.name]) for parameter in command.params)
        yield ""
    for below in getattr(command, "commands", {}):
        yield from section(command.commands[below], f"{name} {below}", level + 1)


def row(parameter: Any, kind: Any) -> str:
    """An argument or an option of a kind (the annotation in Python) as a row of the table."""
    if parameter.param_type_name == "argument":
        name = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        value = parameter.metavar or next((word for part, word in VALUES.items() if part in str(kind)), "")
        name = ", ".join(f"`{opt} {value}".strip() + "`" for opt in (*parameter.opts, *parameter.secondary_opts))
    remarks = [parameter.help or ""]
    if isinstance(kind, type) and issubclass(kind, Enum):
        remarks += [f"One of: {', '.join(choice.value for choice in kind)}."]
    remarks += ["Repeatable."] if getattr(parameter, "multiple", False) and "repeatable" not in remarks[0] else []
    remarks += [f"Or set {parameter.envvar}."] if parameter.envvar else []
    return f"| {name} | {default(parameter)} | {' '.join(remarks)} |".replace("  |", " |")


def default(parameter: Any) -> str:
    """What a parameter is without being given: empty where that is nothing, or what its help says."""
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or isinstance(value, bool) or value in ("", (), []):
        return ""
    return f"`{getattr(value, 'value', value)}`"


if __name__ == "__main__":
    print(reference(), end="")
