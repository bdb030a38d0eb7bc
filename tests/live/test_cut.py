"""A bundle whose flow is cut, in the page: its latents are the flow's states there, and images and samples Python's."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect
from tests.live.conftest import NAME, write_page
from tests.live.test_page import ASK, DIGITS, part, pixels, ready
from tests.training.tiny import tiny_recipe

from flowleague.bundle.recipe import GAP
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.sampler import points
from flowleague.model.source import torn

CUT = 0.3


@pytest.fixture(scope="module", params=[5, 2])
def model(request) -> LatentFlow:
    recipe = tiny_recipe(
        f"flow.cut={CUT}", "flow.clusters=3", "flow.solver=heun", f"flow.steps={request.param}", "vae.refine=0"
    )
    torch.manual_seed(0)
    made = LatentFlow(replace(recipe, name=NAME)).eval().requires_grad_(False)
    made.velocity.mean.normal_()
    made.velocity.std.uniform_(0.5, 2)
    for parameter in made.vae.parameters():
        parameter.mul_(1.5)
    return made


@pytest.fixture(scope="module")
def file(model: LatentFlow, tmp_path_factory) -> Path:
    return write_page(model, tmp_path_factory.mktemp("cut"))


def state(model: LatentFlow, z: torch.Tensor) -> torch.Tensor:
    """The flow's states of latents."""
    return torn(z, model.recipe.flow.clusters, GAP * (1 - CUT))


def test_images_latents_and_samples_are_those_of_python(model: LatentFlow, file: Path, open_page) -> None:
    page = ready(open_page(file))
    wanted = model.generate(DIGITS, seed=3)
    assert (pixels(page, ".live-sheet canvas") - 255 * wanted.flatten(1)).abs().max() < 0.6
    z = model.encode(wanted[:4])
    code = torch.tensor(page.evaluate(ASK, ["encode", wanted[:4].flatten(1).tolist()]))
    assert (code - state(model, z)).abs().max() < 1e-4
    made = torch.tensor(page.evaluate(ASK, ["decode", state(model, z).tolist()]))
    assert (made - model.decode(z).flatten(1)).abs().max() < 1e-4


def test_the_way_ends_at_the_cut(model: LatentFlow, file: Path, open_page) -> None:
    page = ready(open_page(file))
    steps, solver = model.recipe.flow.steps, model.recipe.flow.solver
    before = model.recipe.flow.steps_to_cut(steps)
    assert part(page, "count").inner_text() == f"{steps}, {2 * steps} evaluations"
    states = points(list(model._states(noise(3, 0, DIGITS, model.recipe.vae.latent))))
    for k, t in ((0, "0"), (12, "0.16"), (23, "0.3")):
        part(page, "time").fill(str(k))
        assert part(page, "t").inner_text() == t
        shown = model.decode_state(states[k]).flatten(1)
        assert (pixels(page, ".live-sheet canvas") - 255 * shown).abs().max() < 0.6
    part(page, "steps").fill("7")
    expect(part(page, "count")).to_have_text(f"7, {2 * (2 + steps - before)} evaluations")
    expect(page.get_by_label("Digit 0 of seed 3", exact=True)).to_be_visible()
    wanted = model.generate(DIGITS, seed=3, solver=solver, steps=7)
    page.wait_for_function("() => document.querySelector('[data-live=told]').textContent")
    assert (pixels(page, ".live-sheet canvas") - 255 * wanted.flatten(1)).abs().max() < 0.6
