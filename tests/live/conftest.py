"""Two small models with weights as they come, a 7x7 grid and a vector, and the pages in which they run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.training.tiny import tiny_recipe

from flowleague.live import in_onnx, live_page
from flowleague.model.latent_flow import LatentFlow

RECIPES = {
    "grid": tiny_recipe(),
    "vector": tiny_recipe(
        "vae.latent=6",
        "vae.grid=false",
        "vae.channels=12",
        "vae.block=dense",
        "flow.width=20",
        "flow.blocks=2",
        "flow.clusters=4",
    ),
}
NAME = "<script>alert(1)</script>"  # of every model here


def fresh(kind: str) -> LatentFlow:
    """A model of a kind, its normalisation included, as if it had been trained."""
    torch.manual_seed(len(kind))
    model = LatentFlow(replace(RECIPES[kind], name=NAME)).eval().requires_grad_(False)
    model.velocity.mean.normal_()
    model.velocity.std.uniform_(0.5, 2)
    for parameter in model.vae.parameters():  # images with some contrast
        parameter.mul_(1.5)
    return model


@pytest.fixture(scope="session", params=RECIPES)
def model(request) -> LatentFlow:
    return fresh(request.param)


@pytest.fixture(scope="session")
def exported(model):
    return in_onnx(model.bundle_arrays())


@pytest.fixture(scope="session")
def live_file(model, tmp_path_factory) -> Path:
    return write_page(model, tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="session")
def grid_file(tmp_path_factory) -> Path:
    """The page of the grid, for what does not depend on the network."""
    return write_page(fresh("grid"), tmp_path_factory.mktemp("live"))


def write_page(model: LatentFlow, folder: Path) -> Path:
    path = folder / "live.html"
    path.write_text(live_page(model.bundle_arrays(), NAME, seed=3), encoding="utf-8")
    return path
