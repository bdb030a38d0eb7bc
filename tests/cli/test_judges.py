from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from flowleague.cli.judges import app
from flowleague.data import Split
from flowleague.data.datasets import TEST_PARTS, TRAINING_PARTS, file_name
from flowleague.data.idx import to_idx
from flowleague.errors import OutputError
from flowleague.judge import train_judges as train_judge
from flowleague.judge.judges import SAMPLE, WEIGHTS, load_judges
from flowleague.scorecard.metrics._base import standard_error
from flowleague.text import figure


@pytest.fixture
def blots(tmp_path):
    """A folder of IDX files: an upper or a lower blot, 240 for training and 40 for testing."""
    for (images_part, labels_part), n in ((TRAINING_PARTS, 240), (TEST_PARTS, 40)):
        labels = (np.arange(n) % 2).astype(np.uint8)
        images = np.zeros((n, 28, 28), np.uint8)
        images[labels == 0, 4:12, 8:20] = 255
        images[labels == 1, 16:24, 8:20] = 255
        (tmp_path / file_name(images_part)).write_bytes(to_idx(images))
        (tmp_path / file_name(labels_part)).write_bytes(to_idx(labels))
    return tmp_path


def test_train_then_show(blots, tmp_path_factory, monkeypatch):
    tiny = tuple(replace(recipe, epochs=1, batch=20) for recipe in train_judge.RECIPES)
    monkeypatch.setattr(train_judge, "RECIPES", tiny)
    out = tmp_path_factory.mktemp("out") / "judges"
    trained = CliRunner().invoke(app, ["train", "--dataset", str(blots), "--out", str(out)])
    assert trained.exit_code == 0, trained.output
    assert trained.output.count("of 40 test images classified correctly") == 2
    shown = CliRunner().invoke(app, ["--dataset", str(blots), "--judges", str(out)], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "40 test images" in shown.output
    assert all(judge.name in shown.output and judge.sha256[:12] in shown.output for judge in load_judges(out))
    again = CliRunner().invoke(app, ["train", "--dataset", str(blots), "--out", str(out)])
    assert isinstance(again.exception, OutputError)


def test_the_printed_accuracy_is_measured_on_the_images_at_hand(monkeypatch):
    sample = load_file(WEIGHTS / "mnist" / SAMPLE)
    monkeypatch.setattr("flowleague.data.load_test", lambda _: Split(sample["images"][:, 0], sample["labels"]))
    shown = CliRunner().invoke(app, [], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "256 test images" in shown.output
    (row,) = (line for line in shown.output.splitlines() if "accuracy" in line)
    share = [100 * np.repeat([1, 0], [right := round(256 * judge.card["sample"]["accuracy"]), 256 - right])
             for judge in load_judges("mnist")]  # fmt: skip
    assert all(figure(hits.mean(), standard_error(hits)) in row for hits in share)
