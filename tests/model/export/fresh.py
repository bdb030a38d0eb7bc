"""Bundles with fresh weights: nothing is trained, and every number is drawn."""

import json
from pathlib import Path

import torch

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import Recipe, get_recipe
from flowleague.model.latent_flow import LatentFlow, write_weights

LINKS = [f"https://drive.google.com/file/d/{letter * 33}/view?usp=sharing" for letter in "AB"]
KINDS = {  # sizes that tell apart what the two kinds of latents, blocks and layers are given
    "grid": [
        "vae.channels=8", "vae.encoder_blocks=1", "vae.decoder_blocks=2", "vae.refine=8", "flow.width=24",
        "flow.blocks=1", "flow.cut=1",
    ],
    "cut": [
        "vae.channels=8", "vae.encoder_blocks=1", "vae.decoder_blocks=1", "vae.refine=8", "flow.width=24",
        "flow.blocks=1", "flow.cut=0.6", "flow.temperature=0.75",
    ],
    "structure": [
        "vae.channels=8", "vae.encoder_blocks=0", "vae.decoder_blocks=1", "vae.refine=3", "vae.refine_rate=0.05",
        "vae.ssim_weight=0.1", "flow.width=24", "flow.blocks=1", "flow.cut=1",
    ],
    "vector": [
        "vae.grid=false", "vae.latent=5", "vae.channels=13", "vae.block=dense", "vae.encoder_blocks=2",
        "vae.decoder_blocks=0", "vae.refine=0", "flow.width=12", "flow.blocks=3", "flow.clusters=0",
        "flow.cut=1",
    ],
}  # fmt: skip


def fresh_recipe(kind: str, solver: str = "heun", steps: int = 4) -> Recipe:
    """A small recipe of one kind of latents."""
    return get_recipe("quick", [*KINDS[kind], f"flow.solver={solver}", f"flow.steps={steps}"])


def write_fresh(folder: Path, recipe: Recipe, seed: int = 0) -> LatentFlow:
    """Write a bundle, into a new folder if there is none; returns its model."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = LatentFlow(recipe).eval()
    model.velocity.mean.normal_()
    model.velocity.std.uniform_(0.5, 2)
    networks = {VAE_FILE: model.vae, FLOW_FILE: model.velocity}
    hashes = {name: write_weights(folder / name, network) for name, network in networks.items()}
    (folder / "config.json").write_bytes(config_json(recipe))
    (folder / "card.json").write_text(json.dumps({"sha256": hashes}))
    (folder / "training.jsonl").write_text("")
    return model
