"""Source text is taken word for word, with all that it needs and nothing else."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from flowleague.model import autoencoder, source
from flowleague.model.export.source_text import definitions, without_unused_members

MODULE = """
import functools

SCALE, SHIFT = 2, 1  # of the line
OTHER = 3


def outer(x):
    OTHER = x  # a name of its own
    return inner(x) + OTHER


@functools.cache
def inner(x):
    return outer(SHIFT) if x < 0 else SCALE * x


def unused():
    return OTHER
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "lines_of_text.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lines_of_text", raising=False)
    import lines_of_text  # pyright: ignore[reportMissingImports]

    return lines_of_text


def test_what_is_referred_to_comes_along_in_the_modules_order(module: ModuleType) -> None:
    constants, code = definitions("print(inner(1))", module)
    assert constants == ["SCALE, SHIFT = 2, 1  # of the line"]
    assert code == [
        MODULE[MODULE.index("def outer") : MODULE.index("\n\n\n@")],
        MODULE[MODULE.index("@") :].split("\n\n\n")[0],
    ]


def test_names_that_the_text_binds_itself_are_its_own(module: ModuleType) -> None:
    assert definitions("def inner(x):\n    return x\n\n\ninner(OTHER := 2)", module) == ([], [])


def test_a_constant_is_found_where_it_is_imported_from() -> None:
    constants, code = definitions("shift_largest(noise, 10)", source)
    assert [line.partition(" ")[0] for line in constants] == ["GAP"]
    assert [text.partition("(")[0] for text in code] == ["def shift_largest"]


def test_decorators_belong_to_a_function() -> None:
    _, code = definitions("refined(vae.decode, z, images, 3)", autoencoder)
    assert code[-1].startswith("@torch.no_grad()\ndef refined(")


CLASSES = '''class A:
    """A class."""

    heavy = True  # never read
    mean: float

    def __init__(self):
        self.mean = 1  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def left_out(self):
        return self.mean

    def forward(self):
        return self.mean


class Public:
    def called_from_outside(self):
        return A()
'''


def test_members_that_nothing_refers_to_are_left_out_and_remarks_to_linters_too() -> None:
    expected = CLASSES.replace("  # pyright: ignore[reportAttributeAccessIssue]", "")
    expected = expected.replace("\n    heavy = True  # never read\n    mean", "\n    mean")
    expected = expected.replace("    @property\n    def left_out(self):\n        return self.mean\n\n", "")
    assert without_unused_members(CLASSES, public="Public") == expected
