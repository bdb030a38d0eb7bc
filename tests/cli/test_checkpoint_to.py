"""`train --checkpoint-to`: a second home for a run, as a person asks for it."""

import shutil
from pathlib import Path

from tests.cli.test_commands import CHANGES, refuse, succeed


def test_a_bundle_goes_to_the_second_folder_and_comes_back_from_there(idx_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    words = ("train", *CHANGES, "--set", f"dataset={idx_folder}", "--checkpoint-to", "drive/runs")
    succeed(*words, cwd=tmp_path)
    assert [path.name for path in (tmp_path / "drive" / "runs").iterdir()] == ["quick.zip"]
    before = (tmp_path / "runs" / "quick" / "flow.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "runs")
    assert "drive/runs already holds a run named quick; go on with --resume" in refuse(*words, cwd=tmp_path)
    assert "Next: flowleague score runs/quick" in succeed(*words, "--resume", cwd=tmp_path)
    assert (tmp_path / "runs" / "quick" / "flow.safetensors").read_bytes() == before


def test_a_drive_that_is_not_mounted_is_refused_at_the_start(tmp_path: Path) -> None:
    said = refuse("train", "--checkpoint-to", "content/drive/MyDrive/runs", cwd=tmp_path)
    assert "Checkpoints cannot go to content/drive/MyDrive/runs (No such file or directory); mount the drive" in said
    assert list(tmp_path.iterdir()) == []
