import csv
import math
from datetime import UTC, datetime, timedelta

import pytest
from tests.edition2025.evaluators import published_board

from flowleague.edition2025 import CLASS_2025, Row
from flowleague.edition2025.past import COLUMNS, past_entries
from flowleague.edition2025.protocol import OfficialRow
from flowleague.edition2025.protocol_csv import HEADER, append_row
from flowleague.errors import OutputError
from flowleague.ranking.rank import rank

ROW = OfficialRow(159_393.0, 1e-4, 0.005, 0.94, 0.4, math.inf, 0.9)
NOW = datetime(2025, 10, 12, 17, 30, tzinfo=UTC)


def rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_new_file_gets_a_header_and_rows_are_appended(tmp_path):
    path = tmp_path / "results.csv"
    append_row(path, "first, of all", ROW, (16,), NOW)
    append_row(path, "second", ROW, (1, 7, 7), NOW)
    first, second = rows(path)
    assert list(first) == HEADER
    assert (first["team"], second["latent_shape"]) == ("first, of all", "7x7")
    assert (first["time_stamp"], first["total_params"]) == ("2025-10-12 17:30:00", "159393")
    assert float(first["kl_div_classes"]) == math.inf
    assert float(first["time_per_sample"]) == 1e-4


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "＝1+1", "＠a"])
def test_a_name_is_no_formula(name, tmp_path):
    append_row(tmp_path / "results.csv", name, ROW, (16,), NOW)
    (row,) = csv.DictReader((tmp_path / "results.csv").read_text().splitlines())
    assert row["team"] == f"'{name}"


def test_the_columns_of_an_existing_file_are_kept(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(",".join([*HEADER, "overall_rank"]) + "\n" + ",".join("x" * 11) + "\n1,2")
    append_row(path, "mine", ROW, (16,), NOW)
    *before, mine = rows(path)
    assert len(before) == 2
    assert (mine["team"], mine["overall_rank"]) == ("mine", "")


def test_a_column_that_is_unknown_stays_empty(tmp_path):
    append_row(tmp_path / "r.csv", "mine", OfficialRow(math.nan, 1, 1, 1, 1, 1, 1), (3,), NOW)
    assert rows(tmp_path / "r.csv")[0]["total_params"] == ""


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe"])
def test_another_file_is_left_alone(tmp_path, content):
    path = tmp_path / "diary.csv"
    path.write_bytes(content)
    with pytest.raises(OutputError):
        append_row(path, "mine", ROW, (16,), NOW)
    assert path.read_bytes() == content


def test_the_published_board_reads_the_rows_and_ranks_them_as_we_do(tmp_path):
    path = tmp_path / "results.csv"
    values = {
        "older": (90, 1e-4, 0.001, 0.99, 0.1, 0.01, 0.99),
        "all digits": (169_905, 1e-4, 0.0055, 0.939, 0.43, 0.006, 0.9),
        'a, "quoted" team': (12e6, 7e-2, 0.001, 0.989, 0.48, math.inf, 0.89),
        "same size": (169_905, 3e-5, 0.03, 0.64, 1.09, 0.02, 0.68),
    }
    for minutes, (team, row) in enumerate(values.items()):
        append_row(
            path, team.replace("older", "same size"), OfficialRow(*row), (1, 7, 7), NOW + timedelta(minutes=minutes)
        )
    board = published_board(path.read_text())
    ours = [
        Row(t, "class", "", "7x7", dict(zip((c.name for c in CLASS_2025), v, strict=True)), 0)
        for t, v in values.items()
    ]
    ranked = rank(past_entries(ours[1:]), COLUMNS, "columns", "share").rows
    assert board == [(row.entry.team, pytest.approx(row.score)) for row in ranked]
