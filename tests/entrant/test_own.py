"""One's own files and bundles as functions to be captured, and the command that captures them."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from tests.cli.test_commands import refuse, succeed
from torch import nn

from flowleague.entrant.captured import open_captured
from flowleague.entrant.own import own_functions
from flowleague.errors import FlowLeagueError
from flowleague.model.latent_flow import LatentFlow

LOGITS = """
import torch
from torch import nn
from safetensors.torch import load_file

class SubmissionInterface:
    def __init__(self):
        self.vae, self.flow_model = nn.Sequential(nn.Linear(784, 8), nn.Dropout(0.5)), nn.Linear(8, 8)
        self.vae.load_state_dict(load_file("vae.safetensors"))
    def encode(self, images):
        return self.vae(images.flatten(1))
    def decode(self, z):
        return z.repeat(1, 98) * 9
    def generate_samples(self, n_samples):
        return torch.rand(n_samples, 28, 28)
"""

CALLS = """
import torch
class SubmissionInterface:
    def encode({}):
        return {}
    def decode(self, z):
        return z
    def generate_samples(self, {}):
        return torch.rand(n, 28, 28)
"""


def test_a_file_of_the_interface_gives_its_functions(tmp_path: Path):
    network = nn.Sequential(nn.Linear(784, 8), nn.Dropout(0.5)).eval()
    safetensors.torch.save_file(network.state_dict(), tmp_path / "vae.safetensors")
    (tmp_path / "entry.py").write_text(LOGITS)
    images = torch.rand(5, 1, 28, 28)
    with own_functions(tmp_path / "entry.py") as functions, torch.no_grad():
        latents = functions["encode"](images)
        assert torch.equal(latents, network(images.flatten(1)))  # dropout is off
        assert torch.equal(functions["decode"](latents), (latents.repeat(1, 98) * 9).sigmoid())
        drawn = functions["generate"](3)
        assert drawn.shape == (3, 28, 28)
        assert drawn.max() > 0.9  # no sigmoid where values are probabilities


def test_a_bundle_gives_its_functions(bundle: Path):
    model, images = LatentFlow.load(bundle), torch.rand(5, 1, 28, 28)
    with own_functions(bundle) as functions:
        assert torch.equal(functions["encode"](images), model.encode(images))
        torch.manual_seed(1)
        assert functions["generate"](4).shape == (4, 1, 28, 28)


def test_a_file_that_names_another_device_is_moved_to_the_cpu(tmp_path: Path):
    moved = CALLS.format("self, x", "x.flatten(1).to(self.device)", "n").replace(
        "class SubmissionInterface:",
        "class SubmissionInterface:\n    device = 'cuda:7'\n    def to(self, to): self.device = to; return self",
    )
    (tmp_path / "entry.py").write_text(moved)
    with own_functions(tmp_path / "entry.py") as functions:
        assert functions["encode"](torch.ones(2, 1, 28, 28)).shape == (2, 784)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "defines no SubmissionInterface"),
        ("raise ValueError('no weights')", "failed \\(ValueError: no weights\\)"),
        ("import sys\nsys.exit(3)", "failed \\(SystemExit: 3\\)"),
        (CALLS.format("self, x", "x @ x.flatten(1)", "n"), "encode cannot be captured: it fails: RuntimeError: .*line"),
        (CALLS.format("self, x", "(x.flatten(1), x)", "n"), "it returns tuple where a tensor is expected"),
        (CALLS.format("self, x", "x.flatten(1)", "n, steps"), "missing 1 required positional argument: 'steps'"),
    ],
)
def test_a_file_that_fails_is_told_in_a_sentence(text: str, sentence: str, tmp_path: Path):
    (tmp_path / "entry.py").write_text(text)
    before = Path.cwd()
    with pytest.raises(FlowLeagueError, match=sentence), own_functions(tmp_path / "entry.py"):
        pass
    assert Path.cwd() == before


@pytest.mark.long  # README's own command runs in test_docs_commands
def test_the_command_captures_a_bundle(bundle: Path, idx_folder: Path, tmp_path: Path):
    out = tmp_path / "entry.zip"
    said = succeed("capture", bundle, "--out", out, "--dataset", idx_folder)
    assert "checks to" in said
    model = LatentFlow.load(bundle)
    with open_captured(out) as captured:
        assert captured.facts.weights[0].numbers == sum(t.numel() for t in model.state_dict().values())
        assert captured.facts.nfe == 8  # heun, 4 steps
    assert "exists; choose another name" in refuse("capture", bundle, "--out", out, "--dataset", idx_folder)
