"""A bundle whose flow is cut, in the page: its latents are the flow's states there, and images and samples Python's."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect
from tests.live.conftest import NAME, write_page
from tests.live.test_page import ASK, DIGITS, part, pixels, ready, shows
from tests.training.tiny import tiny_recipe

from flowleague.bundle.recipe import GAP
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.sampler import POINTS, at_one_time, path
from flowleague.model.source import torn
from flowleague.text import number

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


def on_the_way(model: LatentFlow, t: float, steps: int) -> torch.Tensor:
    """The images of states at a time, on a straight line between those that the solver or the decoder's steps reach."""
    flow = model.recipe.flow
    states = list(model._states(model.source(noise(3, 0, DIGITS, model.recipe.vae.latent)), steps=steps))
    after = flow.steps - flow.steps_to_cut(flow.steps)
    times = [*torch.linspace(0, CUT, len(states)).tolist(), *torch.linspace(CUT, 1, after + 1).tolist()[1:]]
    states += list(path(at_one_time(model.velocity), states[-1], flow.solver, after, start=CUT))[1:]
    k = max(k for k, known in enumerate(times[:-1]) if known <= t)
    x_t = torch.lerp(states[k], states[k + 1], (t - times[k]) / (times[k + 1] - times[k]))
    return model.vae.decode(model.velocity.denormalise(x_t))


def follow(page: Page, model: LatentFlow, steps: int) -> None:
    """Look at a few times of the slider, the last of which shows the samples."""
    for k in (0, 4, 7, 15, POINTS - 1):
        part(page, "time").fill(str(k))
        assert part(page, "t").inner_text() == number(k / (POINTS - 1), 2)
        shown = on_the_way(model, k / (POINTS - 1), steps).flatten(1)
        assert (pixels(page, ".live-sheet canvas") - 255 * shown).abs().max() < 0.6
    wanted = model.generate(DIGITS, seed=3, steps=steps).flatten(1)
    assert (pixels(page, ".live-sheet canvas") - 255 * wanted).abs().max() < 0.6


def test_the_way_goes_on_through_the_decoders_steps(model: LatentFlow, file: Path, open_page) -> None:
    page = ready(open_page(file))
    steps = model.recipe.flow.steps
    before = model.recipe.flow.steps_to_cut(steps)
    after = steps - before
    taken = f"{steps}, {before} to the cut and {after} that decode: {2 * steps} evaluations"
    assert part(page, "count").inner_text() == taken
    follow(page, model, steps)
    part(page, "steps").fill("7")
    expect(part(page, "count")).to_have_text(f"7, 2 to the cut and {after} that decode: {2 * (2 + after)} evaluations")
    shows(page, ".live-sheet canvas", 255 * model.generate(DIGITS, seed=3, steps=7).flatten(1))
    follow(page, model, 7)


def test_the_map_rests_from_the_cut_on(model: LatentFlow, file: Path, open_page) -> None:
    page = ready(open_page(file))
    expect(part(page, "mapped")).to_contain_text("on their way to t = 0.3, where they are latents")
    pictures = {}
    for k in (0, 6, 7, 15, POINTS - 1):
        part(page, "time").fill(str(k))
        pictures[k] = part(page, "space").evaluate("(canvas) => canvas.toDataURL()")
    assert pictures[7] == pictures[15] == pictures[POINTS - 1]
    assert len(set(pictures.values())) == 3
