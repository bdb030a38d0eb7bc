"""The names that `flowleague` offers: all there, none loaded before it is used, the same for tools and at run time."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flowleague


@pytest.mark.parametrize("name", flowleague.__all__)
def test_every_name_is_there_and_described(name: str) -> None:
    thing = getattr(flowleague, name)
    assert thing.__doc__
    assert name in dir(flowleague)


def test_type_checkers_see_the_names_where_they_are() -> None:
    tree = ast.parse(Path(flowleague.__file__).read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {line.module: tuple(a.name for a in line.names) for line in block.body if isinstance(line, ast.ImportFrom)}
    assert seen == {f"flowleague.{home}": names for home, names in flowleague._HOMES.items()}
    assert sorted(name for names in seen.values() for name in names) == sorted(flowleague.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import flowleague, sys; sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        flowleague.nonsense  # noqa: B018
