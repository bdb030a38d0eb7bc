import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.edition2025 import CLASS_2025, read_board, standings


def test_the_published_rows():
    rows = read_board()
    assert [row.team for row in rows][:2] == ["marco", "Chris"]
    assert (len(rows), len(read_board("open"))) == (8, 2)
    assert rows[0].values["total_params"] == 169_905
    assert math.isinf(read_board("open")[1].values["kl_div_classes"])


def test_the_published_ranking_is_the_mean_of_our_places():
    rows = read_board()
    for row in rows:
        others = [other for other in rows if other is not row]
        places = [standing.place for standing in standings(row.values, others)]
        assert sum(places) / 7 == pytest.approx(row.overall_rank, abs=1e-12)


def test_better_than_all_worse_than_all_equal_to_the_best():
    assert [s.place for s in standings({"mse": 0.001, "ssim": 0.99})] == [1, 1]
    assert [s.place for s in standings({"mse": 1.0, "ssim": 0.0})] == [9, 9]
    (best,) = standings({"total_params": 169_905})
    assert (best.place, best.of, best.best_team) == (1, 9, "marco")


@given(st.sampled_from([column.name for column in CLASS_2025]), st.floats(), st.floats())
def test_a_better_value_never_stands_lower_and_nan_stands_last(name, a, b):
    (one,), (other,) = standings({name: a}), standings({name: b})
    if math.isnan(a):
        assert one.place == one.of
    elif not math.isnan(b):
        lower_is_better = one.column.better == "lower"
        if (a < b) if lower_is_better else (a > b):
            assert one.place <= other.place


def test_an_unknown_column_is_an_error():
    with pytest.raises(KeyError):
        standings({"elegance": 1.0})


def test_history_needs_no_torch():
    code = "import sys, flowleague.edition2025; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
