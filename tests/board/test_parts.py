"""Figures, strips, movement, and the words for metrics."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flowleague.board.figures import percent, short
from flowleague.board.meanings import MEANINGS
from flowleague.board.movement import movement
from flowleague.board.samples import why_missing
from flowleague.board.strips import strip
from flowleague.contest.exports import board_of
from flowleague.contest.folder import open_contest
from flowleague.contest.teams import name_key
from flowleague.scorecard.catalogue import KINDS
from flowleague.text import figure


def test_a_figure_has_the_digits_that_its_error_warrants():
    assert figure(0.0044868, 0.0000251) == "0.004487 ± 0.000025"
    assert figure(103781.0) == "103,781"
    assert figure(-1234.5, 12) == "\N{MINUS SIGN}1,234 ± 12"
    assert figure(0.00004487, 0.0000025) == "0.0000449 ± 0.0000025"
    assert figure(1.234e-8, 2e-10) == "1.23e\N{MINUS SIGN}08 ± 2e\N{MINUS SIGN}10"
    assert (percent(0), percent(1), percent(0.123)) == ("< 0.1 %", "> 99.9 %", "12.3 %")
    assert (short(7.0), short(7.25), short(7.35)) == ("7", "7.3", "7.3")  # as toFixed does: 7.35 is a little less


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.booleans())
def test_on_a_strip_better_is_further_right(values, lower):
    scale = strip(values, lower)
    assert scale is not None
    places = [scale.at(value) for value in sorted(values, reverse=lower)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


def test_every_metric_that_can_rank_has_a_meaning():
    assert {name for name, kind in KINDS.items() if kind.direction != "shown"} <= set(MEANINGS) <= set(KINDS)


def test_the_last_moment_is_the_official_standing_and_the_first_is_one_entry(contest):
    opened = open_contest(contest)
    board = board_of(opened)
    moved = movement(opened, board.standing.round)
    now = {name_key(row.entry.team): row.place for row in board.standings.ranked}
    assert {team: places[-1] for team, places in moved.places.items()} == now
    assert sum(places[0] is not None for places in moved.places.values()) == 1
    assert list(moved.moments) == sorted(moved.moments)
    assert moved.moments[0] >= datetime(2026, 10, 3, tzinfo=UTC)
    assert moved.moments[-1] - moved.moments[0] > timedelta(days=7)


def test_a_note_says_why_there_are_no_pictures():
    assert "elsewhere" in why_missing("", "elsewhere")
    assert "findings" in why_missing("It broke.", "here")
    assert "altered" in why_missing("", "here")
