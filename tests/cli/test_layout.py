"""What commands print, at four widths and in a pipe, held in files: `FLOWLEAGUE_GOLDEN=write` renews them.

Figures are of made-up cards, so that only a change of words or of layout is seen in a diff.
"""

import os
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.cli import captures
from tests.cli.captures import CAPTURES, REPORTS, capture, commands

from flowleague.cli import app, layout, watching
from flowleague.cli.layout import Column, print_beside, print_table
from flowleague.cli.progress import drawn
from flowleague.cli.verdict import answer
from flowleague.scorecard.card import read_scorecard
from flowleague.shipped import scorecard

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("layout") / "here"
    folder.mkdir()
    captures.prepare(folder)
    return folder


@pytest.fixture
def here(prepared, tmp_path, monkeypatch) -> Path:
    """A copy of what was prepared, and the folder in which commands run."""
    shutil.copytree(prepared, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_every_command_is_captured():
    """The longest name that a line begins with is the command's: `judges train` is no line of `judges`."""
    names = sorted(commands(), key=len, reverse=True)
    captured = {next(name for name in names if f"{line} ".startswith(f"{name} ")) for line in CAPTURES}
    assert captured == set(names)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 0])
def test_commands_fit_and_say_what_they_said(width, here, monkeypatch, capsys):
    """Width 0 is a pipe: no terminal, and nobody says how many columns there are."""
    set_width(monkeypatch, width)
    captures.replace_work(monkeypatch)
    capsys.readouterr()
    said = {line: capture(line, capsys.readouterr) for line in CAPTURES}
    assert all(said.values())
    bar = drawn(REPORTS[0], ["vae", "flow"]) + "\n"
    text = "\n".join(f"$ flowleague {line}\n{said[line]}" for line in CAPTURES) + f"\nWhile it trains\n{bar}"
    assert "\x1b" not in text
    assert "Traceback" not in text
    if width:
        assert_fits("\n".join(said.values()) + bar, width)
    path = GOLDEN / (f"columns-{width}.txt" if width else "pipe.txt")
    if os.environ.get("FLOWLEAGUE_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def set_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """A terminal of so many columns, or none."""
    if width:
        monkeypatch.setenv("COLUMNS", str(width))
        for module in (layout, watching):
            monkeypatch.setattr(module, "is_terminal", lambda: True)
    else:
        monkeypatch.delenv("COLUMNS", raising=False)


def assert_fits(text: str, width: int) -> None:
    for line in text.splitlines():
        assert cell_len(line) <= width or len(line.split()) == 1, line  # a hash or a path alone may be longer


@pytest.mark.parametrize("width", [60, 80])
def test_what_is_said_of_shipped_models_fits(width, monkeypatch, capsys):
    set_width(monkeypatch, width)
    for words in (("models",), ("recipes",), ("show", "base"), ("compare", "base", "tiny", "max")):
        app([*words], standalone_mode=False)
    answer(read_scorecard(scorecard("base")), None, True, False)
    text = capsys.readouterr().out
    assert_fits(text, width)


def test_what_matters_least_is_left_out_first_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    wide = "x" * 20
    print_table([Column("a"), Column("b", spare=2), Column("c", spare=1)], [(wide, wide, wide)])
    assert capsys.readouterr().out.splitlines()[0].split() == ["a", "c"]
    print_table([Column("a"), Column("b", spare=1), Column("c", spare=1)], [(wide, wide, wide)])
    assert capsys.readouterr().out.splitlines()[-1] == "Left out for want of room: b, c."


def test_things_side_by_side_stand_in_blocks_where_there_is_little_room(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    names = [f"model {i}" for i in range(5)]
    print_beside(names, [("figure", ["0.97263 ± 0.00016"] * 5)])
    heads = [line.split() for line in capsys.readouterr().out.splitlines() if "model" in line]
    assert [len(head) // 2 for head in heads] == [2, 2, 1]


def test_a_path_is_not_broken(monkeypatch):
    monkeypatch.setattr(layout, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    path = "/a-rather-long/path" * 6
    assert path in layout.wrapped(f"The scorecard is {path} now.").splitlines()[1]
