"""Golden files of training: fresh weights, a step of the last stage, and a run that goes on where it was cut off."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from tests.same.content import Content, sha256_of, summary_of, training_digits

from flowleague import shipped
from flowleague.bundle.recipe import RECIPES, Recipe, get_recipe
from flowleague.data import Split, TrainingData
from flowleague.model.latent_flow import LatentFlow
from flowleague.training.features import FeatureNetwork, Views
from flowleague.training.finetune import tune_objective
from flowleague.training.networks import normed_vae
from flowleague.training.objectives import Digits
from flowleague.training.train import train

INPUTS = Path(__file__).with_name("inputs")
SMALL = [  # wide enough that some matrices are Muon's; all four stages, in a few seconds
    "vae.channels=20", "vae.encoder_blocks=1", "vae.decoder_blocks=1", "vae.images=800", "vae.batch=50",
    "flow.width=24", "flow.blocks=1", "flow.images=1200", "flow.batch=100", "flow.solver=heun", "flow.steps=2",
    "critic.images=400", "critic.batch=50", "tune.images=100", "tune.batch=50", "tune.reconstruction=20",
    "flow.cut=1", "flow.targets=mean", "flow.temperature=1", "vae.refine=8", "vae.kl_weight=4e-5",
]  # fmt: skip


def small_recipe() -> Recipe:
    """A recipe with all stages that trains in seconds."""
    return get_recipe("quick", SMALL)


def some_digits() -> TrainingData:
    """1,100 real digits to train on and 100 to validate."""
    held = training_digits()
    images, labels = held.train.images[:1200], held.train.labels[:1200]
    return TrainingData(Split(images[:1100], labels[:1100]), Split(images[1100:], labels[1100:]), held.sha256)


def fresh() -> dict[str, Content]:
    """Weights before the first step, of every recipe: as training draws them, one network after the other."""
    summaries, hashes = {}, {}
    for name, recipe in RECIPES.items():
        torch.manual_seed(recipe().seed)
        networks = {
            "model": LatentFlow(recipe()),
            "average": LatentFlow(recipe()),
            "vae": normed_vae(recipe().vae),
        }
        for part, network in networks.items():
            weights = {key: tensor.numpy() for key, tensor in network.state_dict().items()}
            hashes[f"{name} {part}"] = sha256_of(weights)
            summaries[f"{name} {part}"] = np.array([summary_of(weight) for weight in weights.values()])
    return {"fresh.npz": summaries, "fresh.bits.json": json.dumps(hashes, indent=1)}


def tuning() -> dict[str, Content]:
    """Loss and gradients of the first step of the last stage, on few images."""
    torch.manual_seed(0)
    digits = Digits.on(torch.device("cpu"), some_digits())
    views = Views.of(FeatureNetwork(10), digits, by_class=True)
    model = LatentFlow.load(shipped.bundle("base")).requires_grad_(True)
    model.vae.encoder.requires_grad_(False)
    recipe = replace(model.recipe, tune=replace(model.recipe.tune, images=16, batch=16))
    loss = tune_objective(model, views, digits, recipe.tune, recipe.seed)(0)
    loss.backward()
    gradients = {name: weight.grad.numpy() for name, weight in model.named_parameters() if weight.grad is not None}
    summaries = np.array([summary_of(gradient) for gradient in gradients.values()])
    values = {"loss": np.array(float(loss.detach())), "scales": np.array(views.scales), "gradients": summaries}
    hashes = {"gradients": sha256_of(gradients), "names": list(gradients)}
    return {"tuning.npz": values, "tuning.bits.json": json.dumps(hashes, indent=1)}


def resumed() -> dict[str, Content]:
    """Log and weights of the golden run, taken up from its checkpoint and trained to the end."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        shutil.unpack_archive(INPUTS / "run.zip", run)
        for _ in train(small_recipe(), run, some_digits(), device="cpu", resume=True):
            pass
        log = [json.loads(line) for line in (run / "training.jsonl").read_text().splitlines()]
        networks = {name: load_file(run / f"{name}.safetensors") for name in ("vae", "flow")}
    for record in log:
        del record["seconds"]
    weights = {f"{name}.{key}": weight for name, held in networks.items() for key, weight in held.items()}
    summaries = {"weights": np.array([summary_of(weights[key]) for key in sorted(weights)])}
    lines = "\n".join(json.dumps(record) for record in log)
    hashes = {name: sha256_of(held) for name, held in networks.items()}
    return {"resumed.npz": summaries, "resumed.jsonl": lines + "\n", "resumed.bits.json": json.dumps(hashes, indent=1)}
