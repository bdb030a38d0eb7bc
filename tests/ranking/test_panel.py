from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, METRICS, changed, entry, fields

from flowleague.ranking.field import Measured
from flowleague.ranking.panel import panel_ranks, rank_against
from flowleague.ranking.rank import RankingError
from flowleague.ranking.rules import Scheme

costs = st.integers(-4, 4).map(float) | st.floats(-5, 5).map(lambda x: round(x, 3)) | st.just(np.inf)


def scores(panel, entries, scheme: Scheme = "mean ranks") -> dict[str, float]:
    return {row.entry.id: row.score for row in rank_against(panel, entries, CATEGORIES, scheme)}


@given(fields(), fields(), st.data())
def test_an_old_score_does_not_move_when_a_row_arrives(panel, entries, data):
    everyone = scores(panel, entries)
    some = data.draw(st.lists(st.sampled_from(entries), unique_by=lambda e: e.id))
    assert scores(panel, some) == {e.id: everyone[e.id] for e in some}  # to the last bit


@given(st.lists(costs, min_size=1, max_size=8), costs, costs)
def test_a_better_value_has_a_lower_rank_also_beyond_the_panel(panel, one, other):
    a, b = panel_ranks(np.array([one, other]), np.array(panel))
    if one < other and (np.isfinite(panel).any() or other == np.inf):  # a panel without a value has no scale
        assert a < b
    assert 0 < a <= len(panel) + 1


def test_the_formula_worked_by_hand():
    panel = np.array([3.0, 1.0, 3.0, np.inf, 2.0])  # range 2
    found = panel_ranks(np.array([1.0, 1.5, 2.0, 2.5, 3.0, 0.0, -5.0, 5.0, np.inf]), panel)
    assert found == pytest.approx([1, 1.5, 2, 2.5, 3, 1 - 1 / 3, 1 - 6 / 8, 3.5, 6])


def test_a_panel_without_a_value_tells_valid_from_missing_only():
    assert panel_ranks(np.array([7.0, np.inf]), np.array([np.inf, np.inf])).tolist() == [1.0, 3.0]


@given(fields(), fields(), st.sampled_from([name for name, _ in METRICS]))
def test_losing_a_value_never_helps(panel, entries, name):
    lost = changed(entries[0], name, None)
    assert scores(panel, [lost])["id0"] >= scores(panel, entries)["id0"]


def test_a_panel_model_has_its_own_ranks_and_a_team_may_enter_often():
    panel = [
        entry(i, [Measured(v if direction == "lower" else -v) for _, direction in METRICS])
        for i, v in enumerate((1.0, 2.0, 3.0))
    ]
    again = replace(panel[1], id="again")
    rows = rank_against(panel, [*panel, again], CATEGORIES, "columns")
    assert [(row.entry.id, row.place, row.score) for row in rows] == [
        ("id0", 1, 1.0), ("again", 2, 2.0), ("id1", 2, 2.0), ("id2", 4, 3.0),
    ]  # fmt: skip


def test_an_empty_panel_is_refused():
    with pytest.raises(RankingError, match="panel is empty"):
        rank_against([], [entry(0, [Measured(1.0)] * 6)], CATEGORIES)
