import csv
import math
from datetime import UTC, datetime

import pytest

from flowleague.edition2025.protocol import OfficialRow
from flowleague.edition2025.protocol_csv import HEADER, append_row
from flowleague.errors import OutputError

ROW = OfficialRow(159_393.0, 1e-4, 0.005, 0.94, 0.4, math.inf, 0.9)
NOW = datetime(2025, 10, 12, 17, 30, tzinfo=UTC)


def rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_new_file_gets_a_header_and_rows_are_appended(tmp_path):
    path = tmp_path / "results.csv"
    append_row(path, "first, of all", ROW, 16, NOW)
    append_row(path, "second", ROW, 49, NOW)
    first, second = rows(path)
    assert list(first) == HEADER
    assert (first["team"], second["latent_shape"]) == ("first, of all", "49")
    assert (first["time_stamp"], first["total_params"]) == ("2025-10-12 17:30:00", "159393")
    assert float(first["kl_div_classes"]) == math.inf
    assert float(first["time_per_sample"]) == 1e-4


def test_the_columns_of_an_existing_file_are_kept(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(",".join([*HEADER, "overall_rank"]) + "\n" + ",".join("x" * 11) + "\n1,2")
    append_row(path, "mine", ROW, 16, NOW)
    *before, mine = rows(path)
    assert len(before) == 2
    assert (mine["team"], mine["overall_rank"]) == ("mine", "")


def test_a_column_that_is_unknown_stays_empty(tmp_path):
    append_row(tmp_path / "r.csv", "mine", OfficialRow(math.nan, 1, 1, 1, 1, 1, 1), 3, NOW)
    assert rows(tmp_path / "r.csv")[0]["total_params"] == ""


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe"])
def test_another_file_is_left_alone(tmp_path, content):
    path = tmp_path / "diary.csv"
    path.write_bytes(content)
    with pytest.raises(OutputError):
        append_row(path, "mine", ROW, 16, NOW)
    assert path.read_bytes() == content
