import json
from pathlib import Path

import numpy as np
import pytest
import torch

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import config_json, read_bundle
from flowleague.bundle.recipe import get_recipe
from flowleague.entrant.bundle import facts_of, open_bundle
from flowleague.entrant.model import Failure
from flowleague.errors import BundleError
from flowleague.limits import Limits
from flowleague.model.latent_flow import LatentFlow, write_weights

LOG = [{"stage": "vae", "step": 1, "images": 10, "epochs": 0.1, "seconds": 1.0, "loss": 0.1}]


def write_bundle(flow: LatentFlow, folder: Path) -> None:
    """Write a model as a bundle into a folder."""
    hashes = {
        VAE_FILE: write_weights(folder / VAE_FILE, flow.vae),
        FLOW_FILE: write_weights(folder / FLOW_FILE, flow.velocity),
    }
    (folder / "config.json").write_bytes(config_json(flow.recipe))
    (folder / "card.json").write_text(json.dumps({"sha256": hashes}))
    (folder / "training.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LOG))


@pytest.fixture
def bundle(tmp_path):
    """A bundle with fresh weights."""
    torch.manual_seed(0)
    write_bundle(LatentFlow(get_recipe("quick", [])), tmp_path)
    return tmp_path


@pytest.mark.long
def test_the_three_functions_are_those_of_the_flow(bundle):
    flow = LatentFlow.load(bundle)
    images = np.random.default_rng(0).random((5, 1, 28, 28), np.float32)
    with open_bundle(bundle) as model:
        latents = model.encode(images)
        assert latents.shape == (5, flow.recipe.vae.latent)
        np.testing.assert_allclose(latents, flow.encode(torch.from_numpy(images)).numpy(), atol=1e-3)
        decoded = flow.decode(torch.from_numpy(latents)).numpy()
        np.testing.assert_allclose(model.decode(latents), decoded, atol=1e-5)
        np.testing.assert_allclose(model.generate(3, 7), flow.generate(3, seed=7).numpy(), atol=1e-5)


def test_the_facts_are_those_of_the_files(bundle):
    facts, flow = facts_of(read_bundle(bundle), "mine"), LatentFlow.load(bundle)
    assert facts.name == "mine"
    assert {file.name: file.bytes for file in facts.weights} == {
        name: (bundle / name).stat().st_size for name in (VAE_FILE, FLOW_FILE)
    }
    assert sum(file.numbers for file in facts.weights) == sum(t.numel() for t in flow.state_dict().values())
    assert facts.parameters == sum(p.numel() for p in flow.parameters())
    assert facts.log == tuple(LOG)
    assert facts.nfe is not None
    assert facts.flops is not None
    assert facts.flops > facts.nfe > 0


def test_what_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError), open_bundle(tmp_path):
        pass


def test_a_bundle_that_needs_more_memory_than_it_may_is_told_so(bundle):
    with open_bundle(bundle, limits=Limits(memory_mib=300)) as model:
        assert model.failure
        assert model.failure.name == "out_of_memory"
        with pytest.raises(Failure, match="memory"):
            model.generate(1, 0)
