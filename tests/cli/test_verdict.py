"""The answer of `score` at every width: nothing that matters is cut, and nothing is said by colour alone."""

import json

import pytest

from flowleague.cli.verdict import answer, place_of
from flowleague.scorecard.card import read_scorecard
from flowleague.shipped import names, peers, scorecard
from flowleague.text import ordinal

NAMES = ("reconstruction", "consistency", "quality", "diversity", "efficiency", "training", "sum")


@pytest.fixture
def card():
    return read_scorecard(scorecard("base"))


def place(card):
    """Of the shipped card among the references, which follow from their cards."""
    found, _ = place_of(card, None)
    assert found is not None
    assert found.of == len(names()) + len(peers())
    return f"{ordinal(found.place)} of {found.of}"


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_it_fits(width, card, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    answer(card, None, False, False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= (32 if width > 60 else 36)
    assert lines[0].startswith(f"{place(card)}, ")
    assert "Sum of ranks" in " ".join(lines[:2])
    for name in NAMES:
        (line,) = (
            line for line in lines if f" {name} " in line and not line.startswith(("Best", "Weakest", "Next", "Most"))
        )
        assert "…" not in line
    assert sum(line.startswith("! ") for line in lines) == 1
    assert "0.002529 ± 0.000015" in "\n".join(lines)
    assert ("first metric" in "\n".join(lines)) == (width >= 100)
    assert any(line.startswith("Next: ") for line in lines)


def test_all_prints_every_metric_before_it(card, capsys):
    answer(card, None, True, False)
    text = capsys.readouterr().out
    assert text.index("structural similarity") < text.index(place(card))


def test_json_is_the_same_for_programs(card, capsys):
    answer(card, None, False, True)
    read = json.loads(capsys.readouterr().out)
    assert f"{ordinal(read['place'])} of {read['of']}" == place(card)
    assert len(read["categories"]) == 6
    assert read["steps"][0]["points"] > 0
