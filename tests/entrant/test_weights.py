"""The weight files of an entry: what counts as one in the folder that is handed in."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from flowleague.entrant.limits import Limits
from flowleague.entrant.weights import Weights


def test_what_scoring_leaves_beside_an_entry_is_neither_counted_nor_seen(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    save_file({"w": torch.ones(7)}, given / "w.safetensors")
    for name in ("entry.py", "entry.ipynb", "entry.scorecard.json", "entry.scorecard.said.txt"):
        (given / name).write_text("x" * 4000)
    weights = Weights(tmp_path / "seen", "/weights", Limits(), given)
    assert {name: file.numbers for name, file in weights.files.items()} == {"w.safetensors": 7}
    assert [path.name for path in (tmp_path / "seen").iterdir()] == ["w.safetensors"]
