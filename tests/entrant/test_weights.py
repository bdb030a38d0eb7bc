"""The weight files of an entry: what counts as one in the folder that is handed in."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from flowleague.entrant.weights import Weights
from flowleague.errors import EntryError
from flowleague.limits import Limits


def test_what_scoring_leaves_beside_an_entry_is_neither_counted_nor_seen(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    save_file({"w": torch.ones(7)}, given / "w.safetensors")
    for name in ("entry.py", "entry.ipynb", "entry.scorecard.json", "entry.scorecard.said.txt"):
        (given / name).write_text("x" * 4000)
    weights = Weights(tmp_path / "seen", "/weights", Limits(), given)
    assert {name: file.numbers for name, file in weights.files.items()} == {"w.safetensors": 7}
    assert [path.name for path in (tmp_path / "seen").iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html>Sign in</html>", "\n <HTML lang=en>", "\ufeff<!doctype  html>"])
def test_a_web_page_that_was_saved_as_weights_is_told_apart(tmp_path: Path, page: str) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "w.safetensors").write_text(page)
    with pytest.raises(EntryError, match=r"w.safetensors is a web page instead of weights. Download the file itself"):
        Weights(tmp_path / "seen", "/weights", Limits(), given)


def test_a_git_lfs_pointer_is_told_apart(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "w.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    with pytest.raises(EntryError, match=r"w.safetensors is a Git LFS pointer instead of weights"):
        Weights(tmp_path / "seen", "/weights", Limits(), given)
