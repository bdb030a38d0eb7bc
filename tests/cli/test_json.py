"""Answers for programs: `--json` prints one JSON value and nothing else."""

import json

import pytest
from tests.board.contests import write_contest
from tests.cli.test_commands import succeed

TEAM = "The Latents"


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    return write_contest(tmp_path_factory.mktemp("json") / "contest", (TEAM, "<b>Brody</b>", "שלום"), 1)


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (("models",), "base"),
        (("recipes",), "quick"),
        (("judges", "--dataset", "FOLDER", "--judges", "mnist"), "sha256"),
        (("data", "FOLDER"), "sha256"),
        (("contest", "rank"), TEAM),
        (("contest", "entries"), TEAM),
        (("contest", "explain", TEAM), TEAM),
        (("contest", "awards"), TEAM),
    ],
)
def test_what_is_printed_for_programs_is_json(words, holds, contest, idx_folder):
    words = [idx_folder if word == "FOLDER" else word for word in words]
    said = succeed(*words, "--json", *(["-C", contest] if words[0] == "contest" else []))
    assert holds in json.dumps(json.loads(said), ensure_ascii=False)
