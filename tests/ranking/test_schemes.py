import numpy as np
import pytest
from tests.ranking.fields import CATEGORIES

from flowleague.edition2025 import CLASS_2025, read_board
from flowleague.edition2025.compare import seven_columns
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, MetricRule
from flowleague.ranking.schemes import regrouped, table
from flowleague.scorecard.metrics import METRICS

BOARD = (CategoryRule("class_2025", tuple(MetricRule(column.name, column.better) for column in CLASS_2025)),)


@pytest.mark.parametrize("board", ["class", "open"])
@pytest.mark.parametrize("scheme", ["columns", "mean ranks"])
def test_the_published_ranking_of_2025_to_the_last_digit(board, scheme):
    rows = read_board(board)
    entries = [
        Entry(row.team, row.team, {f"class_2025.{name}": Measured(value) for name, value in row.values.items()})
        for row in rows
    ]
    found = {row.entry.team: row.score for row in rank(entries, BOARD, scheme).rows}
    assert found == {row.team: row.overall_rank for row in rows}  # exactly: no tolerance


def test_categories_count_the_same_whatever_their_number_of_metrics():
    by = table(CATEGORIES)
    assert [by.weights[by.member == c].sum() for c in range(3)] == [by.unit] * 3
    assert by.metrics[0] == "alpha.a"
    assert by.directions[1] == "higher"


def test_whole_ranks_are_summed_where_the_table_says_so():
    by = table(CATEGORIES, "ranks")
    assert by.whole
    assert by.weights.tolist() == table(CATEGORIES, "mean ranks").weights.tolist()
    assert not table(CATEGORIES, "columns").whole


def test_columns_count_the_same_whatever_their_category():
    by = table(CATEGORIES, "columns")
    assert (by.weights.tolist(), by.unit, by.categories) == ([1] * 6, 6, ("columns",))
    again = regrouped(by)
    assert again.metrics == by.metrics
    assert np.array_equal(again.weights, table(CATEGORIES).weights)


def test_the_seven_columns_are_metrics_of_ours():
    by = seven_columns()
    assert len(by.metrics) == 7
    assert set(by.metrics) <= set(METRICS)
    for name, direction in zip(by.metrics, by.directions, strict=True):
        assert METRICS[name].direction in (direction, "shown")
