"""Scorecards in a terminal of 80 columns."""

import msgspec
import pytest
from tests.contest.cards import make_card

from flowleague.cli import layout
from flowleague.cli.tables import print_comparison, print_scorecard
from flowleague.scorecard.card import read_scorecard
from flowleague.scorecard.compare import compare
from flowleague.shipped import scorecard


def test_a_long_reason_goes_on_in_the_next_line_and_cuts_nothing_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    card = make_card("mine")
    *others, training = card.categories
    reason = {"value": None, "standard_error": None, "n": 0, "reason": "not reached: the best is 0.01749"}
    missed = tuple(msgspec.structs.replace(metric, **reason) for metric in training.metrics)
    training = msgspec.structs.replace(training, metrics=missed)
    print_scorecard(msgspec.structs.replace(card, categories=(*others, training)))
    out = capsys.readouterr().out
    assert "probability" in out
    assert "0.01749" in out
    assert "…" not in out


def test_five_cards_fit_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(layout, "is_terminal", lambda: True)
    cards = [read_scorecard(scorecard(name)) for name in ("tiny", "base", "max", "tiny", "base")]
    print_comparison(cards, compare(cards))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    mse, *further = (line for line in lines if line.startswith("↓ MSE"))
    assert not further
    assert mse.split()[2:] == ["0.00301", "0.00253", "*0.000898", "0.00301", "0.00253"]
