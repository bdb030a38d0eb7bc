"""A training log beside code: found, read strictly, no weight file, and what a captured entry declares."""

import json
from pathlib import Path

import pytest

from flowleague.entrant.log import log_beside, training_files
from flowleague.entrant.weights import Weights
from flowleague.errors import BundleError, EntryError
from flowleague.limits import Limits

LINES = [{"stage": "vae", "images": 100, "epochs": 0.1, "seconds": 1.0, "validation": {"mse": 0.02}}]
TEXT = "".join(json.dumps(line) + "\n" for line in LINES)


def test_a_log_is_found_beside_the_weights_and_else_beside_the_file(tmp_path: Path) -> None:
    entry, weights = tmp_path / "entry.py", tmp_path / "weights"
    weights.mkdir()
    assert log_beside(entry, weights) is None
    (tmp_path / "training.jsonl").write_text("{}\n")
    assert log_beside(entry, weights) == ({},)
    (weights / "training.jsonl").write_text(TEXT)
    assert log_beside(entry, weights) == tuple(LINES)
    assert training_files(entry, code=True, weights=weights) == {"training.jsonl": TEXT.encode()}


def test_a_log_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "training.jsonl").write_text("epoch 1: loss 0.3\n")
    with pytest.raises(BundleError, match=r"training.jsonl is not JSON that can be used"):
        log_beside(tmp_path / "entry.py")


def test_a_log_is_no_weight_file(tmp_path: Path) -> None:
    (tmp_path / "training.jsonl").write_text(TEXT)
    assert Weights(tmp_path / "seen", "/weights", Limits(), tmp_path).files == {}


def test_log_and_card_of_a_bundle_are_declared(bundle: Path) -> None:
    declared = training_files(bundle, code=False)
    assert declared == {name: (bundle / name).read_bytes() for name in ("training.jsonl", "card.json")}


def test_a_log_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "training.jsonl").write_text(TEXT)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("flowleague.entrant.log.read_regular", fail)
    with pytest.raises(EntryError, match=r"cannot be read \(Input/output error\)"):
        log_beside(tmp_path / "entry.py")
