"""Own networks in the trainer: the examples of docs/own.md, and what is asked of a contestant's modules."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.test_train import finish, read_log
from torch import nn

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import read_bundle
from flowleague.bundle.recipe import Recipe, get_recipe
from flowleague.data import TrainingData
from flowleague.errors import BundleError, TrainingError
from flowleague.model.latent_flow import LatentFlow, fit_weights
from flowleague.program.container import declared_in, read
from flowleague.program.cost import cost
from flowleague.program.interpreter import Runner, loaded, replay
from flowleague.training.run import RECORDS

PAGE = Path(__file__).parents[2] / "docs" / "own.md"
SMALL = [
    "vae.latent=9", "vae.grid=false", "vae.images=500", "vae.batch=20", "vae.refine=1", "flow.clusters=0",
    "flow.images=500", "flow.batch=20", "flow.steps=3", "tune.images=0",
]  # fmt: skip
TUNED = ["critic.images=60", "critic.batch=20", "tune.images=30", "tune.batch=10"]


def small(*changes: str) -> Recipe:
    return get_recipe("quick", [*SMALL, *changes])


def examples() -> dict[str, Any]:
    """The names that the page's code defines."""
    names: dict[str, Any] = {"__name__": "own"}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        exec(compile(code, str(PAGE), "exec"), names)
    return names


OWN = examples()


def trained(networks: Any, folder: Path, data: TrainingData, *changes: str) -> LatentFlow:
    """The model of a training with own networks."""
    recipe = small(*changes)
    finish(recipe, folder, data, networks=networks)
    from safetensors.numpy import load_file

    model = LatentFlow(recipe, networks)
    for part, name in ((model.vae, VAE_FILE), (model.velocity, FLOW_FILE)):
        fit_weights(part, load_file(folder / name), name)
    return model.eval()


@pytest.mark.parametrize("name", ["mlp", pytest.param("transformer", marks=pytest.mark.long),
                                  pytest.param("unet", marks=pytest.mark.long)])  # fmt: skip
def test_the_examples_train_through_all_stages_into_a_captured_entry(
    name: str, few_digits: TrainingData, tmp_path: Path
) -> None:
    model = trained(OWN[name], tmp_path / "run", few_digits, *TUNED)
    log = read_log(tmp_path / "run")
    assert [sum(record["stage"] == stage for record in log) for stage in ("vae", "flow")] == [
        RECORDS["vae"],
        RECORDS["flow"],
    ]
    assert {record["stage"] for record in log} == {"vae", "flow", "critic", "tune"}
    entry, images = read(tmp_path / "run.zip"), torch.from_numpy(few_digits.validation.pixels())
    runner = Runner(entry.programs["encode"], loaded(entry))
    assert torch.allclose(replay(runner, len(images), 0, images), model.encode(images), atol=1e-4)
    declared, card = (
        declared_in((tmp_path / "run.zip").read_bytes()),
        json.loads((tmp_path / "run/card.json").read_text()),
    )
    assert (declared.log, declared.card) == (log, card)
    assert card["cost"]["evaluations"] == round(cost(entry).nfe) == 3
    assert card["cost"]["sample_flops"] <= cost(entry).flops["generate"]


@pytest.mark.long
def test_a_killed_run_ends_in_the_same_bits(few_digits: TrainingData, tmp_path: Path) -> None:
    finish(small(), tmp_path / "whole", few_digits, networks=OWN["mlp"])
    for stage in ("vae", "flow"):
        from flowleague.training.train import train

        reports = train(small(), tmp_path / "cut", few_digits, networks=OWN["mlp"], resume=True, checkpoint_every=0.0)
        next(report for report in reports if report.stage == stage and report.images > 200)
        del reports
    finish(small(), tmp_path / "cut", few_digits, networks=OWN["mlp"], resume=True)
    for name in (VAE_FILE, FLOW_FILE):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    programs = []
    for name in ("cut", "whole"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            programs.append([archive.read(member) for member in ("program.json", "constants.safetensors")])
    assert programs[0] == programs[1]


def test_other_networks_cannot_resume_a_run_and_its_folder_is_no_bundle(
    few_digits: TrainingData, tmp_path: Path
) -> None:
    from flowleague.training.train import train

    reports = train(small(), tmp_path / "run", few_digits, networks=OWN["mlp"], checkpoint_every=0.0)
    next(reports)
    del reports
    with pytest.raises(TrainingError, match="is of other networks; resume with those it was begun with"):
        finish(small(), tmp_path / "run", few_digits, networks=OWN["unet"], resume=True)
    finish(small(), tmp_path / "run", few_digits, networks=OWN["mlp"], resume=True)
    with pytest.raises(BundleError, match="was trained with own networks"):
        read_bundle(tmp_path / "run")


class Wrong(nn.Module):
    """An autoencoder that is wrong in one way."""

    def __init__(self, latent: int, fault: str) -> None:
        super().__init__()
        self.right, self.fault = OWN["Autoencoder"](latent), fault

    def posterior(self, images: torch.Tensor) -> Any:
        mu, log_var = self.right.posterior(images)
        return (mu[:, :4], log_var) if self.fault == "size" else (mu, log_var)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        images = self.right.decode(z)
        if self.fault == "branch":
            return images if float(z.detach().sum()) > 0 else 1 - images
        return images.logit() if self.fault == "logits" else images


@pytest.mark.parametrize(("fault", "sentence"), [
    ("size", "posterior gives .* where mu and log sigma², each"),
    ("logits", "decode gives .* from 0 to 1 are due; end it with a sigmoid"),
    ("branch", "No entry can be made of these networks: encode cannot be captured"),
])  # fmt: skip
def test_what_would_fail_in_the_end_fails_before_training(
    fault: str, sentence: str, few_digits: TrainingData, tmp_path: Path
) -> None:
    def networks(recipe: Recipe) -> tuple[nn.Module, nn.Module]:
        return Wrong(recipe.vae.latent, fault), OWN["Velocity"](recipe.vae.latent)

    with pytest.raises(TrainingError, match=sentence):
        finish(small(), tmp_path / "run", few_digits, networks=networks)
    assert not (tmp_path / "run").exists()
