"""Strips, movement, and the words for metrics."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flowleague.board.movement import movement
from flowleague.board.samples import why_missing
from flowleague.board.strips import strip
from flowleague.contest.folder import open_contest
from flowleague.contest.history import History
from flowleague.contest.standing import board_of
from flowleague.contest.teams import name_key


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.booleans())
def test_on_a_strip_better_is_further_right(values, lower):
    scale = strip(values, lower)
    assert scale is not None
    places = [scale.at(value) for value in sorted(values, reverse=lower)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


def test_the_last_moment_is_the_official_standing_and_the_first_is_one_entry(contest):
    opened = open_contest(contest)
    board = board_of(opened)
    moved = movement(History(opened, board.standing.round))
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
