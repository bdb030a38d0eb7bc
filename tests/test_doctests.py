"""Every example in a docstring of the package runs and prints what it says."""

import doctest
import importlib
import warnings
from pathlib import Path

import pytest

import flowleague

PACKAGE = Path(flowleague.__file__).parent
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "inside" not in path.parts and ">>> " in path.read_text()]
NAMES = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__") for path in FILES]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.FAIL_FAST)
    assert not result.failed
