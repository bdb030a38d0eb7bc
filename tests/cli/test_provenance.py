"""`flowleague contest provenance` on real, tiny trainings: what it prints, what it keeps, and what it never says."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.test_commands import refuse, succeed

from flowleague.cli import provenance
from flowleague.contest.chain import read_records
from flowleague.contest.folder import open_contest
from flowleague.data import load_test, load_training
from flowleague.judge.provenance import examine


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shadows that all tests here share."""
    return tmp_path_factory.mktemp("shadows")


@pytest.fixture
def contest(bundle: Path, idx_folder: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A contest with a bundle and a file of code, on a few digits."""
    digits = examine.Digits(load_training(str(idx_folder)), load_test(str(idx_folder)))
    monkeypatch.setattr(provenance, "_digits", lambda *_: digits)
    monkeypatch.setattr(examine, "cache_folder", lambda *_: cache)
    monkeypatch.setattr("flowleague.entrant.code.try_code", lambda *_: None)
    folder = tmp_path / "class"
    opens = (datetime.now() - timedelta(days=2)).isoformat(timespec="seconds")
    succeed("contest", "new", folder, "--opens", opens)
    (tmp_path / "model.py").write_text("a = 1")
    succeed("contest", "submit", bundle, "--team", "The Latents", "-C", folder)
    succeed("contest", "submit", tmp_path / "model.py", "--team", "Code", "-C", folder)
    return folder


def test_an_honest_entry_is_described_and_nothing_else(contest: Path) -> None:
    before = open_contest(contest).state
    out = succeed("contest", "provenance", "the latents", "--shadows", 2, "-C", contest)
    assert re.search(r"Replay of the log: 1.7 % of the training .* came back exactly", out)
    assert "that the weights come from it is not shown" in out
    for title in ("Flow-matching loss with common noise", "Logarithm of the reconstruction error"):
        line = next(line for line in out.splitlines() if title in line)
        assert re.search(r"± .* \(z -?\d+\.\d; 150 images, of unknown writers, each its own\)", line), line
        assert len(re.findall(r"-?\d+\.\d \(seed \d+\)", line)) == 2
    assert "no verdict and no rank" in out
    assert not re.search("this is evidence|guilty|cheat|honest entries", out)
    (report,) = (contest / "private").glob("*.json")
    kept = json.loads(report.read_text())
    assert kept["team"] == "The Latents"
    assert len(kept["found"]["flow"]["seeds"][0]) == 2
    assert kept["said"][-1] in out
    assert set(kept["versions"]) == {"flowleague", "torch", "numpy"}
    assert [record.kind for record in read_records(contest)].count("evidence") == 1
    assert open_contest(contest).state == before


def test_all_of_a_training_can_be_replayed(contest: Path) -> None:
    out = succeed("contest", "provenance", "The Latents", "--shadows", 2, "--full", "-C", contest)
    assert "Replay of the log: all of it" in out
    assert "The weights are those of the replayed training, bit for bit." in out


def test_what_cannot_be_examined_says_nothing(contest: Path) -> None:
    assert "cannot be examined, which says nothing by itself" in succeed("contest", "provenance", "Code", "-C", contest)
    assert not (contest / "private").exists()
    assert "No entry of 'Nobody' counts" in refuse("contest", "provenance", "Nobody", "-C", contest)
    assert "Name a team, or give --prizes" in refuse("contest", "provenance", "-C", contest)
    assert "Nobody wins an award so far" in refuse("contest", "provenance", "--prizes", "-C", contest)


def test_winners_get_the_rate_of_winners_and_no_p_value_without_lost_digits(
    contest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = open_contest(contest).state.counting()["the latents"]
    monkeypatch.setattr(provenance, "_winners", lambda _: ([entry], 14, 6))
    out = succeed("contest", "provenance", "--prizes", "--shadows", 2, "-C", contest)
    assert "Without the lost digits (--lost) there are no p-values" in out
    for lowest in re.findall(r"It lies below all honest models.*", out):
        assert "support a rate of 1 in 3, and no lower one" in lowest
        assert "for the winner of 14 entries the same rate is up to" in lowest
    provenance._print_adjusted({"3f9a flow": 0.001, "3f9a reconstruction": 0.5}, 6)


def test_shadows_are_trained_once(contest: Path, cache: Path) -> None:
    words = ("contest", "provenance", "The Latents", "--shadows", 2, "-C", contest)
    first = succeed(*words)
    made = {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")}
    assert made
    assert succeed(*words).splitlines()[:-1] == first.splitlines()[:-1]
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")} == made
