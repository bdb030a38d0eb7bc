"""Places at any moment, what an entry did to its team's place, and what differs beyond the noise."""

from datetime import timedelta

import pytest
from tests.board.contests import NAMES, write_contest

from flowleague.contest.folder import open_contest
from flowleague.contest.history import DAY, History
from flowleague.contest.standing import board_of
from flowleague.contest.teams import name_key


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    return open_contest(write_contest(tmp_path_factory.mktemp("history") / "contest", NAMES[:6]))


@pytest.fixture(scope="module")
def history(contest):
    return History(contest, 1)


def test_the_places_now_are_the_official_ones(contest, history):
    official = {name_key(row.entry.team): row.place for row in board_of(contest).standings.ranked}
    assert history.places() == official
    assert history.places(history.now) == official


def test_what_moved_is_the_difference_to_the_day_before(contest, history):
    standings = board_of(contest).standings
    before = history.places(history.now - DAY)
    moved = history.moved(standings)
    assert set(moved) == {row.entry.id for row in standings.ranked}
    for row in standings.ranked:
        assert moved[row.entry.id] == before[name_key(row.entry.team)] - row.place


def test_an_effect_is_the_place_with_and_without_the_entry(history):
    *later, first = history.of_team(NAMES[0])
    for effect in (*later, first):
        when, team = effect.submission.submitted, name_key(NAMES[0])
        assert effect.after == history.places(when)[team]
        assert effect.before == history.places(when - timedelta(microseconds=1)).get(team)
    assert first.before is None
    assert first.changes is None  # the first one has nothing before it


def test_changes_are_those_beyond_the_noise_and_say_which_way(contest, history):
    newest, older, _ = history.of_team(NAMES[1])
    rules = {f"{c.name}.{m.name}": m.direction for c in contest.rules.categories for m in c.metrics}
    before, after = (history.measured[e.submission.id].measured for e in (older, newest))
    found = {change.metric: change.better for change in newest.changes}
    assert found
    for name, direction in rules.items():
        one, two = before[name], after[name]
        noise = (one.error**2 + two.error**2) ** 0.5
        assert (name in found) == (abs(one.value - two.value) > 2 * noise)
        if name in found:
            assert found[name] == (two.value < one.value if direction == "lower" else two.value > one.value)


def test_the_latest_are_the_newest_of_all(contest, history):
    times = [effect.submission.submitted for effect in history.latest(4)]
    assert times == sorted((s.submitted for s in contest.state.live()), reverse=True)[:4]


def test_a_contest_without_entries_has_no_moves(tmp_path):
    empty = open_contest(write_contest(tmp_path / "contest", (), baseline=""))
    assert History(empty, 1).moved(board_of(empty).standings) == {}
    assert History(empty, 1).latest(10) == []
