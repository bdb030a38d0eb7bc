"""Whose every file is: folders of teams, folders around them, and names that only a person can tell."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.contest.canvas_download import code, packed, write_download
from tests.contest.conftest import zip_of

from flowleague.contest.answers import Answers, FileAnswer, ParcelAnswer
from flowleague.contest.download import opened
from flowleague.contest.inventory import Stock, take_stock


@pytest.fixture
def stock_of(tmp_path):
    """The inventory of a folder with such files, whose content is their name."""

    def make(*names: str, answers: Answers | None = None) -> Stock:
        for name in names:
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        with opened(tmp_path / "in", 2**20) as (pieces, place):
            stock = take_stock(pieces, place, 2**20, answers or Answers())
        rows = [*stock.others, *(row for lot in stock.lots for row in lot.sorted.rows)]
        assert len(rows) >= len(names)  # no file is left out
        return stock

    return make


def entries(stock: Stock) -> dict[str, str]:
    return {lot.key: lot.sorted.entry.name if lot.sorted.entry else "" for lot in stock.lots}


@pytest.mark.parametrize("around", ["", "submissions/", "Downloads/submissions/"])
def test_folders_of_teams_also_in_a_folder(around, stock_of):
    names = [f"{around}{name}" for name in ("Team A/a.py", "Team A/w/v.safetensors", "Team B/b.ipynb", "Team B/c.py")]
    assert entries(stock_of(*names, ".DS_Store")) == {"Team A": "a.py", "Team B": "b.ipynb"}


@pytest.mark.parametrize("around", ["", "in/"])
def test_one_team_in_one_folder(around, stock_of):
    assert entries(stock_of(f"{around}We/a.py", f"{around}We/v.safetensors")) == {"We": "a.py"}


def test_a_folder_with_many_entries_is_a_teams_or_a_classs(stock_of):
    names = ("submissions/ada.py", "submissions/bob.py", "submissions/cyd/c.py")
    stock = stock_of(*names)
    assert entries(stock) == {"submissions": ""}
    assert {question.name for question in stock.lots[0].sorted.questions} == {"entry", "apart"}
    apart = Answers(parcels={"submissions": ParcelAnswer(apart=True)})
    assert entries(stock_of(answers=apart)) == {"ada": "ada.py", "bob": "bob.py", "cyd": "c.py"}
    assert entries(stock_of(answers=Answers(parcels={"submissions": ParcelAnswer(apart=False)}))) == {"submissions": ""}
    chosen = Answers(parcels={"submissions": ParcelAnswer(entry="bob.py")})
    assert entries(stock_of(answers=chosen)) == {"submissions": "bob.py"}


@pytest.mark.parametrize(("second", "asks"), [("b.ipynb", True), ("submission.py", False), ("notes.txt", False)])
def test_a_notebook_among_files_in_the_only_folder_need_not_be_one_teams(second, asks, stock_of):
    (lot,) = stock_of("submissions/a.py", f"submissions/{second}").lots
    assert (lot.problem != "") == asks
    (lot,) = stock_of(answers=Answers(parcels={"submissions": ParcelAnswer(apart=False)})).lots
    assert lot.sorted.is_ready
    assert lot.problem == ""


def test_files_beside_one_entry_are_its_own_and_beside_several_nobodys(stock_of):
    assert list(stock_of("a.py", "v.safetensors", "n.txt").lots[0].sorted.weights) == ["v.safetensors"]
    stock = stock_of("b.py")
    assert {row.file: row.asks for row in stock.others} == {"v.safetensors": True, "n.txt": False}


def test_a_bundles_folder_is_a_bundle(stock_of, tmp_path):
    import zipfile

    with zipfile.ZipFile(zip_of(tmp_path / "b.zip")) as archive:
        archive.extractall(tmp_path / "in" / "Ours")
    (lot,) = stock_of("Ours/notes.md").lots
    assert lot.sorted.is_ready
    assert lot.sorted.entry is not None
    assert [row.taken for row in lot.sorted.rows] == ["entry", ""]


def test_students_folders_that_canvas_named(stock_of):
    stock = stock_of("van_dam_11_901_project/m.py", "van_dam_11_901_project/v.safetensors", "x_12_902_n.py")
    assert entries(stock) == {"11": "project/m.py", "12": "n.py"}


def test_what_only_a_person_can_tell_is_asked_once_for_all_alike(stock_of):
    names = ("group_3_4013_7001_m.py", "group_3_4013_7002_v.safetensors", "x_4014_7003_n.py")
    stock = stock_of(*names)
    assert entries(stock) == {"4014": "n.py"}
    assert [question.key for question in stock.questions] == [names[0]]
    told = Answers(files={names[0]: FileAnswer(student="4013")})
    assert entries(stock_of(answers=told)) == {"4013": "m.py", "4014": "n.py"}
    assert entries(stock_of(answers=Answers(roster=("4013", "4014")))) == {"4013": "m.py", "4014": "n.py"}
    left = Answers(files={name: FileAnswer(leave=True) for name in names[:2]})
    assert entries(stock_of(answers=left)) == {"4014": "n.py"}


def test_a_student_of_whom_a_file_is_in_question_waits(stock_of):
    stock = stock_of("dan_11_901_m.py", "dan_11_902_3_v.safetensors")
    assert "waits" in stock.lots[0].problem
    assert stock.others[0].asks


def test_files_among_canvass_that_it_did_not_name(stock_of):
    stock = stock_of("dan_11_901_m.py", "weights.safetensors", "readme.txt")
    assert {row.file: row.asks for row in stock.others} == {"weights.safetensors": True, "readme.txt": False}
    told = Answers(files={"weights.safetensors": FileAnswer(student="11")})
    assert list(stock_of(answers=told).lots[0].sorted.weights) == ["weights.safetensors"]


def test_two_downloads_in_one_folder_are_asked_about(stock_of):
    stock = stock_of("dan_11_901_m.py", "dan_LATE_11_902_v.safetensors")
    assert "two downloads mixed" in stock.lots[0].problem
    told = Answers(parcels={"11": ParcelAnswer(late=True)})
    assert [(lot.late, lot.problem) for lot in stock_of(answers=told).lots] == [(True, "")]


NAME = st.one_of(
    st.text("ab_1.\\/LATE é", min_size=1, max_size=20),
    st.tuples(
        st.sampled_from(
            ["", "in/", "ada_11_901_", "ada_11_", "van_dam_LATE_12_902_", "anon_x_903_", "../", "__MACOSX/"]
        ),
        st.sampled_from(
            ["m.py", "n.ipynb", "v.safetensors", "v-1.safetensors", "entry.toml", "text.html", "..", ".", "a.zip"]
        ),
    ).map("".join),
)


@given(
    st.dictionaries(
        NAME, st.sampled_from([b"", b"1", b"2", code("We"), packed({"x/m.py": b"1", "x/w.rar": b"2"})]), max_size=8
    )
)
@example({"in/m.py": b"", "in/.": b""})
def test_whatever_comes_every_file_is_accounted_for(members):
    with tempfile.TemporaryDirectory() as name:
        source = write_download(Path(name) / "s.zip", members)
        with opened(source, 2**20) as (pieces, place):
            stock = take_stock(pieces, place, 2**20, Answers())
            lots = [row for lot in stock.lots for row in lot.sorted.rows]
    files = [row.file.removesuffix("/m.py") for row in (*stock.others, *lots) if not row.file.endswith(".rar")]
    assert len(files) == len(pieces)
    keys = [lot.key for lot in stock.lots if lot.reading]
    assert len(set(keys)) == len(keys)


def test_links_and_names_that_are_no_text(stock_of, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(Path("/etc"))
    (tmp_path / "in" / "m\udcff.py").write_text("1")
    stock = stock_of("a.txt")
    assert entries(stock) == {"m\ufffd": "m\ufffd.py"}
    assert {row.why for row in stock.lots[0].sorted.rows} >= {"it is a link"}


def test_what_another_user_keeps_to_himself_needs_a_person(stock_of, tmp_path, monkeypatch):
    import os

    (tmp_path / "in" / "eve").mkdir(parents=True)
    may = os.access
    closed = ("eve", "secret.py")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name not in closed and may(path, mode))
    stock = stock_of("ada/model.py", "bob/secret.py")
    assert entries(stock) == {"ada": "model.py", "bob": ""}
    assert [(row.file, row.why, row.asks) for row in stock.others] == [("eve", "its owner alone can read it", True)]
    assert "its owner alone can read it" in {row.why for lot in stock.lots for row in lot.sorted.rows}
