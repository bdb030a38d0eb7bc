"""A packed file computes what the bundle computes, in a folder and a Python that hold nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tests.model.export.fresh import KINDS, fresh_recipe, write_fresh
from torch import Tensor

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.solvers import SOLVERS
from flowleague.model.cost import cost
from flowleague.model.export import pack
from flowleague.model.latent_flow import LatentFlow

CASES = [f"{kind}-{solver}" for kind in KINDS for solver in SOLVERS]
STRANGER = Path(__file__).with_name("stranger.py")


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(7, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def packed(images: Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each case, in which the stranger has left what it saw; bundles are in "bundles"."""
    root = tmp_path_factory.mktemp("packed")
    safetensors.torch.save_file({"images": images}, root / "images.safetensors")
    for case in CASES:
        bundle, alone = root / "bundles" / case, root / case
        alone.mkdir()
        kind, solver = case.split("-")
        write_fresh(bundle, fresh_recipe(kind, solver))
        files = pack(bundle, root / "out" / case, team="The Latents", names="A. Student")
        for file in (files.script, files.vae, files.flow):
            shutil.copy(file, alone)
    folders = [str(root / case) for case in CASES]
    words = [sys.executable, "-I", "-W", "error", str(STRANGER), str(root / "images.safetensors"), *folders]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_the_bundles(packed: Path, images: Tensor, case: str) -> None:
    model = LatentFlow.load(packed / "bundles" / case)
    found = safetensors.torch.load_file(packed / case / "results.safetensors")
    latents = model.encode(images)
    torch.testing.assert_close(found["latents"], latents, rtol=0, atol=1e-5)
    torch.testing.assert_close(found["decoded"], model.decode(latents), rtol=0, atol=1e-5)
    expected = {"samples": (5, 4), "two_steps": (5, 2), "one": (1, 4)}
    for name, (n, steps) in expected.items():
        noise = torch.randn(n, model.recipe.vae.latent, generator=torch.Generator().manual_seed(7))
        *_, z = model.paths(noise, steps=steps)
        torch.testing.assert_close(found[name], model.decode(z).squeeze(1), rtol=0, atol=1e-5)
    assert found["none"].shape == (0, 28, 28)
    assert not torch.allclose(found["samples"], found["two_steps"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_interface_is_the_contests(packed: Path, case: str) -> None:
    model = LatentFlow.load(packed / "bundles" / case)
    facts = json.loads((packed / case / "facts.json").read_text())
    assert len(facts.pop("files")) == 3  # the script and its weights
    assert facts == {
        "info": {"team": "The Latents", "names": "A. Student"},
        "latent_dim": model.recipe.vae.latent,
        "device": "cpu",
        "moved_is_self": True,
        "learning": False,
        "parameters": cost(model.recipe.vae, model.recipe.flow).parameters,
    }


@pytest.mark.parametrize("case", CASES)
def test_the_weights_are_the_bundles_byte_for_byte(packed: Path, case: str) -> None:
    out = packed / "out" / case
    for pattern, name in (("the_latents_vae_*", VAE_FILE), ("the_latents_flow_*", FLOW_FILE)):
        (copy,) = out.glob(pattern)
        assert copy.read_bytes() == (packed / "bundles" / case / name).read_bytes()
