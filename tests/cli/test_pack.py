"""The command that packs: what it says, and that a person can go on from there."""

import shlex
from pathlib import Path

import pytest
import typer
from tests.model.export.fresh import LINKS, fresh_recipe, write_fresh
from typer.testing import CliRunner

from flowleague.cli import pack as commands
from flowleague.errors import OutputError, PackError

app = typer.Typer()
app.command()(commands.pack)


def invoke(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    write_fresh(tmp_path / "a run", fresh_recipe("grid"))
    return tmp_path / "a run"


def test_it_says_what_was_written_and_what_to_do_next(fresh: Path, tmp_path: Path) -> None:
    out = tmp_path / "out with spaces"
    done = invoke(fresh, "--team", "It's us", "--names", "A. Student", "-o", out)
    assert done.exit_code == 0, done.output
    for path in out.rglob("*.*"):
        assert path.name in done.output
    for words in ("who gets the file can read them", "PASTE THE LINK", "--vae-link", "Upload"):
        assert words in done.output
    (score, submit) = (line.split(". ", 1)[1] for line in done.output.splitlines() if ". flowleague " in line)
    script = str(out / "submission_it_s_us.py")
    assert shlex.split(score) == ["flowleague", "score", script, "--weights", str(out)]
    command = shlex.split(submit)
    assert command[:4] == ["flowleague", "contest", "submit", script]
    assert command[-2:] == ["--team", "It's us"]
    assert sum(Path(word).suffix == ".safetensors" and Path(word).is_file() for word in command) == 2


def test_with_both_links_there_is_nothing_to_upload(fresh: Path, tmp_path: Path) -> None:
    done = invoke(fresh, "--team", "x", "-o", tmp_path / "out", "--vae-link", LINKS[0], "--flow-link", LINKS[1])
    assert done.exit_code == 0, done.output
    assert "Upload" not in done.output
    assert "PASTE" not in done.output
    assert "can read" not in done.output
    assert all(link in (tmp_path / "out" / "submission_x.py").read_text() for link in LINKS)


def test_with_one_link_the_other_is_asked_for(fresh: Path, tmp_path: Path) -> None:
    done = invoke(fresh, "--team", "x", "-o", tmp_path / "out", "--vae-link", LINKS[0])
    assert "Upload x_flow_" in done.output
    assert "Paste its link into" in done.output


def test_errors_are_sentences(fresh: Path, tmp_path: Path) -> None:
    assert isinstance(invoke(fresh, "--team", "", "-o", tmp_path / "out").exception, PackError)
    assert invoke(fresh, "--team", "x", "-o", tmp_path / "out").exit_code == 0
    assert isinstance(invoke(fresh, "--team", "x", "-o", tmp_path / "out").exception, OutputError)
