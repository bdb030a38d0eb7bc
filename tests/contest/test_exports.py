"""Exports: complete, safe to open, and silent about people."""

import csv
import json

import pytest
from tests.contest.conftest import CLOSES, NOW, OPENS, ROOT, SCORER

from flowleague.contest.chain import read_records
from flowleague.contest.evaluate import evaluate
from flowleague.contest.exports import to_canvas, to_csv, to_json, to_markdown
from flowleague.contest.folder import new_contest, open_contest
from flowleague.contest.standing import board_of
from flowleague.contest.submit import Parcel, submit

NAMES = ("=HYPERLINK(1)", "<b>a|b</b> [x](http://y)", "مجموعة الأرقام", "q" * 100)


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    contest, path = tmp_path_factory.mktemp("exported"), tmp_path_factory.mktemp("sent") / "model.py"
    new_contest(contest, zone="America/Chicago", opens=OPENS, closes=CLOSES)
    for name in NAMES:
        path.write_text(f"# fine\n{name}")
        submit(contest, Parcel(name, path), people=["Ada Private"], now=NOW)
    path.write_text("# refuse")
    submit(contest, Parcel("failed", path), now=NOW)
    private = contest / "private.toml"
    private.write_text(
        private.read_text().replace('people = ["Ada Private"]', 'people = ["Ada Private"]\ncanvas = ["77"]', 1)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        evaluate(contest, scorer=SCORER)
    return board_of(open_contest(contest))


def test_csv_holds_everything_and_no_formula(board):
    rows = list(csv.DictReader(to_csv(board).splitlines()))
    assert {row["team"] for row in rows} == {*NAMES, "failed"} - {"=HYPERLINK(1)"} | {"'=HYPERLINK(1)"}
    assert rows[-1]["team"] == "failed"  # without figures: last
    assert rows[-1]["reconstruction.mse"] == ""
    assert "SubmissionInterface" in rows[-1]["problem"]
    best = min(rows[:4], key=lambda row: float(row["score"]))
    assert best["place"] == "1"
    assert float(best["reconstruction.mse.standard_error"]) == 0.01


def test_json_can_be_rebuilt_from_and_names_its_records(board):
    content = json.loads(to_json(board))
    assert content["records"]["head"] == read_records(board.contest.folder)[-1].hash
    assert content["evaluator"]["version"].startswith("flowleague-")
    assert len(content["standings"]) == 5
    assert {award["award"] for award in content["awards"]} == {
        "open innovation",
        "sustainable AI",
        "efficient architecture",
    }
    assert to_json(board_of(open_contest(board.contest.folder))) == to_json(board)


def test_markdown_escapes_what_strangers_call_themselves(board):
    text = to_markdown(board)
    assert "<b>" not in text
    assert "](http" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "place" not in line]
    assert {line.replace("\\|", "").count("|") for line in rows} == {12}


def test_canvas_knows_ids_and_no_names(board):
    text, unknown = to_canvas(board)
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["ID"] for row in rows] == ["77"]
    assert rows[0]["Student"] == ""
    assert len(unknown) == 4


def test_no_export_shows_a_private_name(board):
    for text in (to_csv(board), to_json(board), to_markdown(board), to_canvas(board)[0]):
        assert "Ada" not in text


def test_an_empty_contest_exports_an_empty_board(contest):
    board = board_of(open_contest(contest))
    assert to_csv(board).startswith("place,team")
    assert json.loads(to_json(board))["standings"] == []
    assert to_markdown(board)
    assert to_canvas(board)[1] == []
