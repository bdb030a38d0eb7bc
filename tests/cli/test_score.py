"""The commands that measure, on a bundle with little training and few images."""

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import typer
from tests.cli.test_commands import refuse
from tests.entrant.contest_files import FILES, write_weights
from typer.testing import CliRunner

from flowleague.cli import score as commands
from flowleague.edition2025 import protocol as official
from flowleague.edition2025.protocol import OfficialJudge
from flowleague.entrant.model import Model
from flowleague.errors import BundleError, DataError, EntryError, JudgeError, LimitsError
from flowleague.judge import evidence
from flowleague.judge.evidence import Plan
from flowleague.scorecard.card import read_scorecard
from flowleague.scorecard.pictures import read_pictures

app = typer.Typer()
app.command()(commands.score)
CALLS = ("generate_samples(self, n_samples, n_steps=50)", "encode(self, images)", "decode(self, latents)")
WIDE = {"COLUMNS": "200"}


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path_factory):
    """Few images, and a cache of the tests' own."""
    tiny = Plan("quick", samples=100, decoded=30, manifold=50, neighbours=20, timed=20, turns=2)
    monkeypatch.setattr(evidence, "QUICK", tiny)
    monkeypatch.setattr(official, "SAMPLES", 20)
    cache = tmp_path_factory.getbasetemp() / "cli-cache"
    monkeypatch.setattr("flowleague.judge.cache.cache_folder", lambda *_: cache)


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env=WIDE)


@pytest.fixture
def mine(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "mine")


def test_a_model_may_be_held_against_validation_images(mine):
    cards = []
    for split in ("test", "validation"):
        done = invoke(mine, "--dry-run", "--judges", "mnist", "--split", split)
        assert done.exit_code == 0, done.output
        cards.append(read_scorecard(mine / "scorecard.json"))
    assert cards[0].data_sha256["train"] == cards[1].data_sha256["train"]
    assert cards[0].data_sha256["test"] != cards[1].data_sha256["test"]
    with pytest.raises(JudgeError, match="leave --split out"):
        CliRunner().invoke(
            app, [str(mine), "--protocol", "dlaie-2025", "--split", "validation"], catch_exceptions=False
        )


def test_score_prints_and_writes_the_card(mine):
    done = invoke(mine, "--dry-run", "--judges", "mnist", "--pictures", mine / "pictures")
    assert done.exit_code == 0, done.output
    assert sorted(read_pictures(mine / "pictures")) == ["nearest", "reconstructions", "samples"]
    card = read_scorecard(mine / "scorecard.json")
    assert card.name == "mine"
    assert card.plan == "quick"
    assert "/" not in card.dataset
    assert card.metrics()["efficiency.nfe"].value is not None
    assert card.metrics()["training_performance.vae_final_mse"].value is not None
    for word in ("VAE reconstruction quality", "flow generative diversity", "precision", "±", "not reached"):
        assert word in done.output


@pytest.mark.long
def test_code_is_measured_on_the_data_set_that_is_asked_for(idx_folder, tmp_path):
    entry = shutil.copy(FILES / "notebook.ipynb", tmp_path / "team.ipynb")
    (tmp_path / "weights").mkdir()
    weights = write_weights("notebook.ipynb", tmp_path / "weights")
    done = invoke(entry, "--weights", weights, "--dry-run", "--judges", "mnist", "--dataset", idx_folder, "--trust")
    assert done.exit_code == 0, done.output
    assert read_scorecard(tmp_path / "team.scorecard.json").dataset == idx_folder.name


def test_an_unknown_data_set_is_refused(mine):
    done = invoke(mine, "--dry-run", "--judges", "mnist", "--dataset", "cifar")
    assert isinstance(done.exception, DataError)
    assert "mnist" in str(done.exception)


def test_the_official_protocol_prints_both_modes_and_appends_the_row(mine, tmp_path):
    safetensors.torch.save_file(OfficialJudge().state_dict(), tmp_path / "judge.safetensors")
    options = ("--protocol", "dlaie-2025", "--classifier", tmp_path / "judge.safetensors")
    done = invoke(mine, *options, "--csv", tmp_path / "results.csv")
    assert done.exit_code == 0, done.output
    assert "train mode  eval mode" in done.output
    (row,) = csv.DictReader((tmp_path / "results.csv").read_text().splitlines())
    assert row["team"] == "mine"
    assert 0 < float(row["mse"]) < 1


def test_the_official_protocol_needs_its_classifier(mine):
    done = invoke(mine, "--protocol", "dlaie-2025")
    assert isinstance(done.exception, JudgeError)
    assert "--classifier" in str(done.exception)


def test_what_is_no_bundle_is_refused(tmp_path):
    assert isinstance(invoke(tmp_path).exception, BundleError)


@pytest.mark.long
def test_a_notebook_is_scored_like_a_bundle(tmp_path):
    notebook = shutil.copy(FILES / "notebook.ipynb", tmp_path / "team.ipynb")
    (tmp_path / "weights").mkdir()
    weights = write_weights("notebook.ipynb", tmp_path / "weights")
    done = invoke(notebook, "--weights", weights, "--dry-run", "--judges", "mnist")
    assert done.exit_code == 0, done.output
    card = read_scorecard(tmp_path / "team.scorecard.json")
    assert (card.name, card.latent_size, len(card.weights)) == ("team.ipynb", 16, 2)
    assert not card.findings
    assert card.metrics()["reconstruction.mse"].value is not None
    assert card.metrics()["efficiency.tensors_total"].value == sum(file.numbers for file in card.weights)
    assert (card.metrics()["efficiency.nfe"].value or 0) > 0
    assert "Left out:" in done.output


@pytest.mark.parametrize("options", [("--dry-run",), ("--protocol", "dlaie-2025")])
def test_code_that_cannot_be_built_is_said_once_with_its_traceback_and_costs_no_judges(options, tmp_path, monkeypatch):
    monkeypatch.setattr("flowleague.judge.judges.load_judges", None)
    monkeypatch.setattr("flowleague.judge.measure.measure", None)
    (tmp_path / "team.py").write_text("class SubmissionInterface:\n    def __init__(self):\n        open('x.pt')\n")
    said = refuse("score", tmp_path / "team.py", *options)
    assert said.count("\n") == 1
    assert said.startswith("flowleague: ")
    assert said.count("x.pt") == 1
    assert not (tmp_path / "team.scorecard.json").exists()
    assert "Traceback" in (tmp_path / "team.scorecard.said.txt").read_text()


def test_code_whose_calls_all_raise_is_no_success(tmp_path):
    calls = "".join(f"    def {name}: raise RuntimeError('no {name[:6]}')\n" for name in CALLS)
    head = "class SubmissionInterface:\n    def __init__(self): self.latent_dim = 16\n"
    (tmp_path / "team.py").write_text(head + calls)
    done = invoke(tmp_path / "team.py", "--dry-run", "--trust", "--judges", "mnist")
    said = str(done.exception)
    assert isinstance(done.exception, EntryError)
    assert said.startswith("Nothing of it could be measured: ")
    assert said.count("no encode") == said.count("no genera") == 1
    assert not (tmp_path / "team.scorecard.json").exists()
    assert "no encode" in (tmp_path / "team.scorecard.said.txt").read_text()


def test_limits_come_from_a_file_and_an_error_names_the_key(tmp_path):
    (tmp_path / "contest.toml").write_text("[limits]\nmemory_gib = 4\n")
    done = invoke(tmp_path / "team.py", "--limits", tmp_path / "contest.toml")
    assert isinstance(done.exception, LimitsError)
    assert "memory_gib" in str(done.exception)


def test_a_file_that_is_no_source_is_refused(tmp_path):
    (tmp_path / "team.py").write_bytes(b"\xff")
    assert isinstance(invoke(tmp_path / "team.py").exception, EntryError)


@pytest.mark.parametrize(
    "text", ["", "1\n2\n3\n4", "1\n2\n3\n4\n4", "1\n2\n3\n4\nx", "1\n2\n3\n4\n2147483648", "1\n2\n3\n4\n\u00b2"]
)
def test_seeds_that_are_none_are_refused(text, tmp_path):
    (tmp_path / "seeds").write_text(text, encoding="utf-8")
    with pytest.raises(JudgeError, match="seeds"):
        commands.read_seeds(tmp_path / "seeds")


def test_seeds_are_read(tmp_path):
    (tmp_path / "seeds").write_text("5\n4\n3\n2\n1")
    assert commands.read_seeds(tmp_path / "seeds") == (5, 4, 3, 2, 1)


def test_a_model_that_answers_otherwise_with_other_threads_is_found():
    """What an entry says of being computed again reaches the judge."""

    def model(drift: float) -> Model:
        return Model(
            lambda x: x.reshape(-1, 784)[:, ::16],
            lambda z: (np.repeat(z, 16, 1).reshape(-1, 1, 28, 28) + drift).clip(0, 1).astype(np.float32),
            lambda n, seed: np.random.default_rng(seed).random((n, 1, 28, 28), np.float32),
        )

    for drift, found in ((0.0, False), (0.3, True)):
        card = commands.measure_with_progress(replace(model(0), again=model(drift)), None, None, True, (3, 49))
        assert ("unstable" in {finding.name for finding in card.findings}) == found
