"""A short run of what benchmarks/fuzz.py does at length: damaged files never lead to an error without a name."""

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).parents[1] / "benchmarks" / "fuzz.py")
assert spec
assert spec.loader
fuzz = importlib.util.module_from_spec(spec)
sys.modules["fuzz"] = fuzz  # where dataclasses look for it
spec.loader.exec_module(fuzz)


NEVER_REFUSING = ("weight file of code", "contest, card.json")  # they say what they can, and the rest is unknown


@pytest.fixture(scope="module")
def parsers(tmp_path_factory):
    return fuzz.parsers(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("n", [30, pytest.param(1000, marks=pytest.mark.long)])
def test_no_damage_leads_to_an_error_without_a_name(parsers, n):
    for parser in parsers:
        before = parser.outcomes.copy()
        parser.run(n)
        new = parser.outcomes - before
        assert parser.crashes == {}, parser.name
        assert new.total() == n
        assert new["accepted"] < n or parser.name in NEVER_REFUSING
    assert sum(parser.share for parser in parsers) == pytest.approx(1)


def test_an_error_without_a_name_is_counted_as_a_crash():
    broken = fuzz.Parser("broken", b"0", lambda raw: 1 // (raw == b"0"), 1.0)
    broken.run(20)
    assert broken.outcomes["crash: ZeroDivisionError"] > 0
    assert list(broken.crashes) == ["ZeroDivisionError: integer division or modulo by zero"]
