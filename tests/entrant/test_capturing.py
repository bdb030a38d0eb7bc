"""Strangers' files captured in the sandbox: what is replayed equals what is run; what cannot be captured says why."""

from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_commands import refuse, succeed
from tests.entrant.contest_files import FILES, write_weights

from flowleague.entrant.captured import open_captured
from flowleague.entrant.code import open_code
from flowleague.entrant.model import Failure, Model

DIGITS = np.random.default_rng(5).random((60, 1, 28, 28), np.float32)
PLAIN = """
import torch
from torch import nn
class SubmissionInterface:
    def __init__(self):
        torch.manual_seed(0)
        self.vae, self.flow_model = nn.Linear(784, 6), nn.Linear(6, 784)
    def encode(self, x):
        BODY
        return self.vae(x.flatten(1))
    def decode(self, z):
        return self.flow_model(z).sigmoid()
    def generate_samples(self, n_samples):
        return self.decode(torch.randn(n_samples, 6)).view(-1, 28, 28)
"""
WALK = "v = self.vae(x.flatten(1))\n        if float(v[0, 0]) > 0: x = x * 2"


def written(folder: Path, body: str = "pass") -> Path:
    """An entry with a line in its encoder."""
    path = folder / "entry.py"
    path.write_text(PLAIN.replace("BODY", body))
    return path


def names(model: Model) -> list[str]:
    return [finding.name for finding in model.facts.findings]


LONG = [pytest.param(file, marks=pytest.mark.long) for file in ("mlp_vae.py", "conv_vae_grid.py", "flat_logits.py")]


@pytest.mark.parametrize("file", ["notebook.ipynb", *LONG])
def test_a_replay_gives_what_the_code_gives(file: str, tmp_path: Path):
    weights = write_weights(file, tmp_path)
    with (
        open_code(FILES / file, weights=weights) as run,
        open_code(FILES / file, weights=weights, training=lambda: DIGITS) as replayed,
    ):
        assert names(replayed) == []
        latents = run.encode(DIGITS[:30])
        assert np.allclose(replayed.encode(DIGITS[:30]), latents, atol=1e-5)
        assert np.allclose(replayed.decode(latents), run.decode(latents), atol=1e-5)
        samples = replayed.generate(70, 1)
        assert samples.shape == (70, 1, 28, 28)
        assert samples.mean() == pytest.approx(run.generate(70, 1).mean(), abs=0.02)
        assert replayed.facts.nfe
        assert replayed.facts.weights == run.facts.weights
        assert replayed.facts.reachable is None  # the programs hold no more than the files


def test_what_cannot_be_captured_is_run_and_says_why(tmp_path: Path):
    with open_code(written(tmp_path, WALK), training=lambda: DIGITS) as model:
        (finding,) = [finding for finding in model.facts.findings if finding.name == "not_captured"]
        assert finding.sentence.startswith("It was not captured, so its code was run: encode cannot be captured: ")
        assert "line" in finding.sentence
        assert model.encode(DIGITS).shape == (60, 6)


def test_what_cannot_be_built_is_neither_captured_nor_run(tmp_path: Path):
    (tmp_path / "entry.py").write_text("class SubmissionInterface:\n    def __init__(self): raise ValueError('no')\n")
    with (
        open_code(tmp_path / "entry.py", training=lambda: DIGITS) as model,
        pytest.raises(Failure, match="ValueError: no"),
    ):
        model.encode(DIGITS)


WRITES = "import os\nfor pipe in range(3, 1024):\n try: os.write(pipe, b'x' * 100)\n except OSError: pass"
HOSTILE = {
    "a file of its own": "sys.modules['flowleague.program.container'].write_zip = lambda *a: b'PK' * 50",
    "no frame": f"exec({WRITES!r})",
    "the end": "import os; os._exit(0)",
}


@pytest.mark.long
@pytest.mark.parametrize("what", HOSTILE)
def test_what_a_hostile_capture_sends_is_read_strictly(what: str, tmp_path: Path):
    guarded = f"import sys\n        if 'flowleague.program.container' in sys.modules:\n            {HOSTILE[what]}"
    with open_code(written(tmp_path, guarded), training=lambda: DIGITS) as model:
        assert "not_captured" in names(model)


def test_the_command_captures_in_the_sandbox(tmp_path: Path):
    said = succeed("capture", written(tmp_path), "-o", tmp_path / "entry.zip")
    assert "parameters, 1 evaluations" in said or "parameters, 0 evaluations" in said
    with open_captured(tmp_path / "entry.zip") as model:
        assert model.facts.weights[0].numbers == 784 * 6 + 6 + 6 * 784 + 784
    written(tmp_path, WALK)
    assert "encode cannot be captured" in refuse("capture", tmp_path / "entry.py", "-o", tmp_path / "other.zip")
    assert not (tmp_path / "other.zip").exists()
