"""Every `flowleague` command that README, docs, notebooks or the help itself show exists, with its options."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from flowleague.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "notebooks").glob("*.py"))]


def commands(text: str) -> list[str]:
    """What follows `flowleague` in code blocks and code spans, without comments."""
    blocks = re.findall(r"```(?:sh|bash|console|text)?\n(.*?)```", text, re.DOTALL)
    blocks += re.findall(r"((?:^    \S.*\n)+)", text, re.MULTILINE)
    spans = re.findall(r"`(flowleague [^`]+)`", text)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = [re.sub(r"^(\$ |!|\.venv/bin/|[A-Z_]+=\S+ )", "", line) for line in lines] + [
        s.replace("\n", " ") for s in spans
    ]
    return [re.split(r"\s#|\s\||\s&&|;", line)[0].strip() for line in found if re.match(r"flowleague [a-z]", line)]


def check(line: str) -> None:
    """Raise unless a command and its options are there."""
    command: Any = (root := typer.main.get_command(app))
    words = shlex.split(line.replace("…", "").replace("...", ""))[1:]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            if command is not root and command.invoke_without_command:
                break
            raise AssertionError(f"there is no command '{words[0]}'")
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"-h", "--help"}
    for word in words:
        name = word.split("=")[0]
        assert not re.match(r"--?[a-zA-Z]", name) or name in known, f"{command.name} has no option {name}"


SHOWN_LINES = [(page.name, line) for page in PAGES for line in commands(page.read_text())]


@pytest.mark.parametrize(("page", "line"), SHOWN_LINES)
def test_the_command_exists(page: str, line: str) -> None:
    check(line)


def test_commands_are_found_at_all() -> None:
    assert len(SHOWN_LINES) > 60
    assert len({page for page, _ in SHOWN_LINES}) > 8


@pytest.mark.parametrize("line", ["flowleague trian", "flowleague train --stpes 3", "flowleague contest rnak"])
def test_what_is_misspelt_is_noticed(line: str) -> None:
    with pytest.raises(AssertionError):
        check(line)
