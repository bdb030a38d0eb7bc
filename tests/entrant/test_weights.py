"""The weight files of an entry: what counts as one in the folder that is handed in."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file

from flowleague.entrant.weights import Weights, parameters_in
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


def counted(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> int:
    return parameters_in("w.safetensors", save(tensors, metadata))


def test_each_number_of_a_file_counts_once_and_a_counter_of_batches_is_one():
    held = {"w": torch.ones(7, 3), "half": torch.ones(5, dtype=torch.float16), "batches": torch.tensor(12)}
    assert counted(held, {"format": "pt"}) == 21 + 5 + 1


@pytest.mark.parametrize("wide", [torch.int64, torch.float64])
def test_small_numbers_packed_into_wide_ones_count_by_their_bits(wide: torch.dtype):
    small = torch.randint(-128, 127, (4000,), dtype=torch.int8)
    assert counted({"w": small.view(wide)}) == 1000


def test_numbers_in_metadata_and_names_count_beyond_what_an_honest_header_has():
    many = {f"decoder.blocks.{block}.{part}.weight": torch.ones(3) for block in range(400) for part in "abc"}
    assert counted(many) == 3 * len(many)
    hidden = np.random.default_rng(0).bytes(40_000)
    assert counted({"w": torch.ones(3)}, {"note": hidden.hex()}) > 0.9 * (40_000 - 2**14) / 4
    assert counted({"w": torch.ones(3)}, {"note": 20 * hidden.hex()}) > 20 * 40_000 / 4  # too long to be compressed
