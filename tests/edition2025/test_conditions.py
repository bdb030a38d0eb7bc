"""The conditions of call: the rules of both published evaluators beside ours, by entries that differ in one thing."""

from pathlib import Path

import pytest
import torch
from tests.cases.run import results, write_weights
from tests.edition2025 import evaluators
from tests.model.export.fresh import KINDS, fresh_recipe, write_fresh

from flowleague.entrant.source import read_source
from flowleague.model.export import pack

ENTRY = """
import torch
import torch.nn as nn
from safetensors.torch import load_file

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(784, 8), nn.Linear(8, 784)
        self.drop = nn.Dropout(0.5)

class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 8))

class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        self.info, self.latent_dim, self.device = {"team": "t", "names": "n"}, 8, "cpu"
        self.load_vae()
        self.load_flow_model()
    def load_vae(self):
        self.vae = VAE()
        self.vae.load_state_dict(load_file("vae.safetensors"))
    def load_flow_model(self):
        self.flow_model = Flow()
        self.flow_model.load_state_dict(load_file("flow.safetensors"))
    def encode(self, images):
        return self.vae.enc(self.vae.drop(images.reshape(-1, 784)))
    def decode(self, latents):
        return torch.sigmoid(self.vae.dec(latents)).view(-1, 28, 28)
    def generate_samples(self, n_samples, n_steps=3):
        z = torch.randn(n_samples, 8)
        for k in range(n_steps):
            z = z + self.flow_model.net(torch.cat([z, torch.full((n_samples, 1), k / n_steps)], 1)) / n_steps
        return self.decode(z)
    def to(self, device):
        return super().to(device)
"""
SAMPLES = "        return self.decode(z)\n"
LAST = "        self.load_flow_model()\n"
PREFILLED = "import torch.nn as nn\nfrom safetensors.torch import load_file"
ROWS = {  # what differs from the entry above, and whether the class contest's and the open board's evaluator run it
    "nothing: dropout is off, by vae.eval()": ("", "", True, True),
    "a constant of the module": ("n_steps=3", "n_steps=STEPS", False, True),
    "names that are defined before": (PREFILLED, "", True, False),
    "a shell line and a magic in a .py": ("import torch\n", "!pip install gdown\n%time\nimport torch\n", True, True),
    "google.colab": ("import torch\n", "from google.colab import drive\nimport torch\n", True, True),
    "a count with another name": ("n_samples", "count", False, False),
    "samples (n, 1, 28, 28)": (SAMPLES, "        return self.decode(z).unsqueeze(1)\n", False, True),
    "samples (n, 784)": (SAMPLES, "        return self.decode(z).flatten(1)\n", False, True),
    "logits": ("torch.sigmoid(self.vae.dec(latents))", "self.vae.dec(latents)", True, True),
    "float64": (SAMPLES, "        return self.decode(z).double()\n", True, True),
    "to() returns nothing": ("        return super().to(device)", "        super().to(device)", False, False),
    "train() in the constructor": (LAST, f"{LAST}        self.train()\n", True, True),
}  # fmt: skip
QUICK = ("nothing: dropout is off, by vae.eval()", "a constant of the module", "samples (n, 1, 28, 28)")


def written(row: str, folder: Path) -> Path:
    """The entry of a row, beside its weights."""
    old, new, _, _ = ROWS[row]
    text = ENTRY.replace(old, new) if old else ENTRY
    assert (text != ENTRY) is bool(old)
    folder.mkdir(exist_ok=True)
    path = folder / f"{list(ROWS).index(row)}.py"
    path.write_text("STEPS = 3\n" + text if "STEPS" in text else text)
    return path


def answers(build, samples, path: Path) -> list[float] | None:
    """Sums of latents and samples by a published evaluator; None where it fails."""
    try:
        submission = build(path)
        torch.manual_seed(0)
        images = torch.rand(3, 1, 28, 28)
        with torch.no_grad():
            latents = submission.encode(images)
            torch.manual_seed(0)
            return [float(latents.sum()), float(samples(submission, 3).sum())]
    except (NameError, TypeError, ValueError, AttributeError):
        return None


def check(rows: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_weights(folder / "w")
    monkeypatch.chdir(folder / "w")
    paths = [written(row, folder / "code") for row in rows]
    ours = results([(read_source(path), folder / "w") for path in paths])
    for row, path, found in zip(rows, paths, ours, strict=True):
        published = [
            answers(evaluators.class_contest, evaluators.class_samples, path),
            answers(evaluators.open_board, evaluators.open_samples, path),
        ]
        assert [one is not None for one in published] == list(ROWS[row][2:]), row
        assert "answers" in found, (row, found)
        for one in published:
            compared = slice(1) if row == "logits" else slice(2)  # `running` applies the sigmoid, outside the sandbox
            assert one is None or found["answers"][compared] == pytest.approx(one[compared], abs=0.06), row


def test_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(list(QUICK), tmp_path, monkeypatch)


@pytest.mark.long
def test_the_whole_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(list(ROWS), tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_file_runs_in_both(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fresh(tmp_path / "fresh", fresh_recipe(kind))
    packed = pack(tmp_path / "fresh", tmp_path / "out", team="x")
    monkeypatch.chdir(tmp_path / "out")
    by_class = answers(evaluators.class_contest, evaluators.class_samples, packed.script)
    by_board = answers(evaluators.open_board, evaluators.open_samples, packed.script)
    assert by_class is not None
    assert by_class == by_board
