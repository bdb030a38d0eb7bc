"""`flowleague runs`, what a shell completes, and what is said of a word that is nearly right."""

import json

import pytest
from tests.board.contests import write_contest
from tests.bundle.test_runs import folder  # noqa: F401 - a fixture
from tests.cli.test_commands import refuse, succeed
from typer.testing import CliRunner

from flowleague.cli import app


def test_runs_are_listed_with_what_differs_and_how_to_go_on(folder):  # noqa: F811
    said = succeed("runs", folder)
    (cut_off,) = (line for line in said.splitlines() if line.startswith("cut-off"))
    assert cut_off.split() == ["cut-off", "resumable", "quick", "7", "-", "0.02", "-", "-", "vae.lr=0.01"]
    assert "27,550" in said
    assert "flowleague train ... --out" in said
    assert "damaged: " in said


def test_runs_for_programs(folder):  # noqa: F811
    found = {run["folder"].rpartition("/")[2]: run for run in json.loads(succeed("runs", folder, "--json"))}
    assert found["done"]["card"]["latent"] == 49
    assert found["cut-off"]["changes"] == {"vae.lr": 0.01}


def test_an_empty_folder_says_how_to_train(tmp_path):
    assert "train one with: flowleague train quick" in succeed("runs", tmp_path)


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (("train", "qu"), ["quick"]),
        (("train", "tiny", "--set", "vae.la"), ["vae.latent="]),
        (("show", "ba"), ["base"]),
        (("generate", "base", "--solver", "mid"), ["midpoint"]),
        (("data", "fash"), ["fashion-mnist"]),
        (("contest", "explain", "--contest", "CONTEST", "The"), ["The Latents"]),
        (("contest", "reinstate", "--contest", "CONTEST", "7c58"), ["7c58cf8dde"]),
    ],
)
def test_a_shell_is_offered_names(words, offers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_contest(tmp_path / "c", ("The Latents", "<b>Brody</b>"), 1, baseline="")
    line = " ".join(("flowleague", *words)).replace("CONTEST", "c")
    env = {"_FLOWLEAGUE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    assert CliRunner().invoke(app, [], env=env, prog_name="flowleague").output.splitlines() == offers


def test_files_are_offered_beside_the_names_of_models(tmp_path, monkeypatch):
    from flowleague.cli.completion import entries

    monkeypatch.chdir(tmp_path)
    (tmp_path / "base-of-mine").mkdir()
    (tmp_path / "base-of-mine" / "entry.zip").touch()
    assert entries("ba") == ["base", "base-of-mine/"]
    assert entries("base-of-mine/e") == ["base-of-mine/entry.zip"]
    assert entries("nowhere/e") == []


def test_a_word_that_is_nearly_right_is_asked_about(tmp_path):
    assert "Did you mean 'vae.latent'?" in refuse("train", "quick", "--set", "vae.latnet=3", cwd=tmp_path)
    assert "Did you mean 'quick'?" in refuse("train", "quik", cwd=tmp_path)
    contest = write_contest(tmp_path / "contest", ("The Latents",), 1, baseline="")
    assert "Did you mean 'The Latents'?" in refuse("contest", "feedback", "The Latens", "-C", contest)
    assert "Did you mean 'The Latents'?" in refuse("contest", "explain", "The Latens", "-C", contest)
