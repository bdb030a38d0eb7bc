"""Commands on a captured entry: each works, or says in one sentence why it cannot."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.cli.test_commands import picture, refuse, succeed
from tests.entrant.test_captured import IMAGES, Networks

from flowleague.model.randomness import noise
from flowleague.program import capture


@pytest.fixture(scope="module")
def entry(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    networks, place = Networks().eval(), tmp_path_factory.mktemp("captured")
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    (place / "training.jsonl").write_text('{"stage": "vae"}\n')
    said = {"recipe": "mine", "data": {"dataset": str(idx_folder)}, "training": {"seconds": {"vae": 12.0}}}
    (place / "card.json").write_text(json.dumps(said))
    log, card = place / "training.jsonl", place / "card.json"
    capture(**functions, out=place / "e.zip", images=torch.from_numpy(IMAGES), batch=20, log=log, card=card)
    return place / "e.zip"


def test_show_counts_and_tells_what_is_declared(entry: Path) -> None:
    said = succeed("show", entry)
    for words in (
        "operations of encode",
        "declared: records of the training log",
        "declared: seconds of the vae stage",
    ):
        assert words in said
    assert '"recipe": "mine"' in succeed("show", entry, "--json")


def test_samples_and_reconstructions_are_drawn(entry: Path, tmp_path: Path) -> None:
    succeed("generate", entry, "--out", tmp_path / "x.npz", "--n", 30, "--seed", 4)
    networks, x = Networks().eval(), noise(4, 0, 30, 7)
    with torch.no_grad():
        for _ in range(4):
            x = x + networks.velocity(x) / 4
        assert np.allclose(np.load(tmp_path / "x.npz")["images"], networks.decode(x).numpy(), atol=1e-5)
    succeed("reconstruct", entry, "--out", tmp_path / "r.png", "--n", 12)
    assert picture(tmp_path / "r.png")[0][0] > 28


@pytest.mark.parametrize(("words", "sentence"), [
    (("generate", "--out", "x.gif"), "is a captured entry, whose solver and steps are part of its program"),
    (("generate", "--out", "x.png", "--steps", 9), "leave out --solver and --steps"),
    (("pack", "--team", "x", "--out", "packed", "--vae-link", "x"), "has one file of constants; give its link with"),
])  # fmt: skip
def test_what_programs_cannot_give_is_said(words: tuple, sentence: str, entry: Path, tmp_path: Path) -> None:
    command, *options = words
    assert sentence in refuse(command, entry, *options, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_it_is_packed_and_the_file_goes_on_to_a_contest(entry: Path, tmp_path: Path) -> None:
    said = succeed("pack", entry, "--team", "It's us", "--out", tmp_path / "out")
    script, (constants,) = tmp_path / "out" / "submission_it_s_us.py", tmp_path.glob("out/*.safetensors")
    for words in (script.name, constants.name, "PASTE THE LINK", "again with --link and --force", "--log"):
        assert words in said
    assert "one line an operation" in script.read_text()
    assert "two weight files" in refuse("pack", "base", "--team", "x", "--out", tmp_path / "out", "--link", "x")
