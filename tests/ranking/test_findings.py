"""The page on ranking names every finding that costs something, with what the code makes it cost."""

import re
from pathlib import Path

import pytest

from flowleague.ranking.findings import CONSEQUENCES, VOIDED, Consequence

PAGE = (Path(__file__).parents[2] / "docs" / "ranking.md").read_text()


@pytest.mark.parametrize("consequence", [one for one in Consequence if one is not Consequence.NOTE])
def test_the_page_says_what_the_table_does(consequence):
    (row,) = re.findall(rf"^\| {consequence.value}[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == {name for name, one in CONSEQUENCES.items() if one is consequence}


def test_no_note_is_said_to_cost_something_and_no_void_is_empty():
    (row,) = re.findall(r"^\| note[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert not set(re.findall(r"`(\w+)`", row)) & set(CONSEQUENCES)
    assert all(VOIDED[name] for name, one in CONSEQUENCES.items() if one is Consequence.VOID_METRICS)
