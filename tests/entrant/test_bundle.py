import json

import numpy as np
import pytest
import torch

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import get_recipe
from flowleague.entrant.bundle import open_bundle
from flowleague.errors import BundleError
from flowleague.model.latent_flow import LatentFlow, write_weights

LOG = [{"stage": "vae", "step": 1, "images": 10, "epochs": 0.1, "seconds": 1.0, "loss": 0.1}]


@pytest.fixture
def bundle(tmp_path):
    """A bundle with fresh weights."""
    torch.manual_seed(0)
    flow = LatentFlow(get_recipe("quick", []))
    hashes = {
        VAE_FILE: write_weights(tmp_path / VAE_FILE, flow.vae),
        FLOW_FILE: write_weights(tmp_path / FLOW_FILE, flow.velocity),
    }
    (tmp_path / "config.json").write_bytes(config_json(flow.recipe))
    (tmp_path / "card.json").write_text(json.dumps({"sha256": hashes}))
    (tmp_path / "training.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LOG))
    return tmp_path


def test_the_three_functions_are_those_of_the_flow(bundle):
    model, flow = open_bundle(bundle), LatentFlow.load(bundle)
    images = np.random.default_rng(0).random((5, 1, 28, 28), np.float32)
    latents = model.encode(images)
    assert latents.shape == (5, flow.recipe.vae.latent)
    np.testing.assert_array_equal(latents, flow.encode(torch.from_numpy(images)).numpy())
    np.testing.assert_array_equal(model.decode(latents), flow.decode(torch.from_numpy(latents)).numpy())
    np.testing.assert_array_equal(model.generate(3, 7), flow.generate(3, seed=7).numpy())


def test_the_facts_are_those_of_the_files(bundle):
    facts, flow = open_bundle(bundle, "mine").facts, LatentFlow.load(bundle)
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
    with pytest.raises(BundleError):
        open_bundle(tmp_path)
