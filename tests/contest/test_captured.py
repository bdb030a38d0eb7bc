"""A contest with a bundle and captured entries, from submit to the board, on a system without a sandbox."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import torch
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.entrant.test_captured import IMAGES, Networks

from flowleague.archive import read_zip, write_zip
from flowleague.contest.entry_files import EntryFileError, read_entry
from flowleague.contest.folder import open_contest
from flowleague.contest.standing import standing_of
from flowleague.judge.judges import WEIGHTS
from flowleague.program.capturing.entry import capture
from flowleague.program.container import CONSTANTS, STRUCTURE


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """An entry of random networks, under a name that does not say what it is."""
    networks = Networks().eval()
    functions = {"encode": networks.encode, "decode": networks.decode, "generate": networks.generate}
    capture(**functions, out=tmp_path / "mine.bin", images=torch.from_numpy(IMAGES), batch=20)
    return tmp_path / "mine.bin"


@pytest.fixture
def damaged(captured: Path, tmp_path: Path) -> Path:
    """The same with an operation that the table does not have."""
    held = read_zip(captured.read_bytes(), {STRUCTURE: 2**20, CONSTANTS: 2**20})
    held[STRUCTURE] = held[STRUCTURE].replace(b"aten.sigmoid.default", b"aten.bernoulli_.float")
    (tmp_path / "damaged.zip").write_bytes(write_zip(held))
    return tmp_path / "damaged.zip"


@pytest.fixture
def contest(idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A contest about a few digits, opened yesterday, where bubblewrap is not installed."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    folder, yesterday = tmp_path / "class", datetime.now() - timedelta(days=2)
    words = ("--zone", "America/Chicago", "--opens", yesterday.isoformat(timespec="seconds"))
    succeed("contest", "new", folder, "--dataset", idx_folder, *words)
    shutil.copytree(WEIGHTS / "mnist", folder / "judges")
    rules = folder / "contest.toml"
    quick = rules.read_text().replace('plan = "full"', 'plan = "quick"')
    rules.write_text(re.sub(r"\[fairness\][^\[]*", "", quick))  # whose floors random networks do not reach
    return folder


@pytest.mark.long
def test_from_submit_to_the_board(contest: Path, bundle: Path, captured: Path, damaged: Path, tmp_path: Path):
    here = ("--contest", contest)
    assert "is in" in succeed("contest", "submit", captured, "--team", "Captured", *here)
    assert "is in" in succeed("contest", "submit", bundle, "--team", "Bundle", *here)
    said = refuse("contest", "submit", damaged, "--team", "Damaged", *here)
    assert "The captured entry is damaged: " in said
    assert "Capture it again." in said
    (entry,) = (entry for entry in open_contest(contest).state.live() if entry.team == "Captured")
    assert (entry.file, list(entry.weights)) == ("entry.zip", [CONSTANTS])
    assert "2 measured" in succeed("contest", "evaluate", *here)
    assert "All as recorded." in succeed("contest", "verify", *here)
    standing = standing_of(open_contest(contest))
    assert not standing.waiting
    metrics = {each.team: each.metrics for each in standing.entries}
    assert metrics["Captured"]["efficiency.tensors_total"].value == sum(p.numel() for p in Networks().parameters())
    assert metrics["Captured"]["efficiency.nfe"].value == 4
    assert metrics["Captured"]["reconstruction.mse"].value is not None
    ranked = succeed("contest", "rank", *here)
    assert "Bundle" in ranked
    assert "Captured" in ranked
    succeed("board", contest, "--out", tmp_path / "board")
    pages = "".join(path.read_text() for path in (tmp_path / "board").rglob("*.html"))
    assert pages.count('class="live-data"') == 2
    assert "It does not run in a page" not in pages


def test_take_in_knows_a_captured_entry_by_what_it_holds(contest: Path, captured: Path, damaged: Path, tmp_path: Path):
    source = tmp_path / "in"
    source.mkdir()
    captured.rename(source / "Ours.ZIP")
    damaged.rename(source / "torn.zip")
    done = flowleague("contest", "take-in", source, "--contest", contest)
    said = done.out + done.err
    assert "Ours" in said
    assert "! The captured entry is damaged: " in said


def test_programs_of_too_many_latents_are_refused(contest: Path, captured: Path):
    rules = contest / "contest.toml"
    rules.write_text(rules.read_text().replace("latent_size = [3, 49]", "latent_size = [3, 6]"))
    said = refuse("contest", "submit", captured, "--team", "Wide", "--contest", contest)
    assert "The model has 7 latent dimensions; the rules allow 3 to 6." in said


def test_show_knows_captured_entries_and_report_damaged_ones(captured: Path, damaged: Path):
    shown = succeed("show", captured)
    assert "captured entry, 20 rows at a time" in shown
    assert f"{sum(p.numel() for p in Networks().parameters()):,}" in shown
    assert "Capture it again." in refuse("show", damaged)
    assert "Capture it again." in refuse("report", damaged)


def test_a_log_beside_code_is_kept_and_is_no_weight_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class SubmissionInterface: ...\n")
    (tmp_path / "training.jsonl").write_text('{"stage": "vae"}\n')
    read = read_entry(tmp_path / "mine.py", [tmp_path / "training.jsonl"], 10)
    assert (read.held["training.jsonl"], read.weights) == (b'{"stage": "vae"}\n', {})
    (tmp_path / "training.jsonl").write_text("no log\n")
    with pytest.raises(EntryFileError, match=r"training.jsonl is not JSON"):
        read_entry(tmp_path / "mine.py", [tmp_path / "training.jsonl"], 10)
