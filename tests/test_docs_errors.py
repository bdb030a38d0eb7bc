"""docs/errors.md names every finding that the code can make, and no other, with hints that are the code's."""

import ast
import re
from pathlib import Path

from flowleague.entrant.model import HINTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "errors.md").read_text()
ROWS = {row[0]: row for row in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)}
MAKERS = ("Unmeasurable", "EntryError", "EntrantFinding", "failure", "Wrong", "Failure", "Flag")
ROOMS = ("judge", "scorecard", "entrant", "contest", "ranking")


def names_in_code():
    """The first argument, where it is a text, of whatever makes a finding."""
    for path in [path for room in ROOMS for path in ROOT.glob(f"src/flowleague/{room}/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS and node.args:
                first = node.args[0]
                for each in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value


def test_every_finding_is_on_the_page_and_every_row_is_a_finding():
    assert set(ROWS) == {*names_in_code(), *HINTS}


def test_hints_are_those_of_the_code():
    assert {name: ROWS[name][2] for name in HINTS} == HINTS
