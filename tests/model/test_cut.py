"""A flow that is cut: a latent is its state at a time, the rest decodes, and at the end nothing differs."""

import json
from pathlib import Path

import pytest
import torch
from tests.model.export.fresh import write_fresh

from flowleague.bundle.read import config_json, read_bundle, read_config
from flowleague.bundle.recipe import GAP, Recipe, get_recipe
from flowleague.errors import LiveError, RecipeError
from flowleague.live import in_onnx
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.randomness import noise
from flowleague.model.sampler import at_one_time, solve
from flowleague.model.source import torn
from flowleague.program.capturing.entry import record
from flowleague.program.cost import cost as program_cost
from flowleague.program.interpreter import Runner, loaded, replay

SMALL = ["vae.channels=8", "vae.encoder_blocks=1", "flow.width=24", "flow.blocks=1", "vae.refine=2"]


def cut_recipe(*changes: str) -> Recipe:
    """A small recipe whose flow is cut in the middle."""
    return get_recipe("quick", [*SMALL, "flow.cut=0.5", "flow.steps=4", *changes])


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(3))


def fresh(folder: Path, recipe: Recipe) -> LatentFlow:
    write_fresh(folder, recipe)
    return LatentFlow.load(folder)


@pytest.mark.parametrize("clusters", [0, 10])
def test_decoding_and_encoding_undo_one_another_within_the_tolerance_of_the_solver(
    clusters: int, images: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = cut_recipe(f"flow.clusters={clusters}", "flow.solver=rk4", "flow.steps=24", "vae.refine=0")
    model = fresh(tmp_path / "bundle", recipe)
    z = noise(0, 0, 6, 49)
    x_1 = solve(at_one_time(model.velocity), torn(z, clusters, GAP / 2), "rk4", 50, start=0.5)
    mean = model.velocity.denormalise(x_1)
    monkeypatch.setattr(model.vae, "posterior", lambda _: (mean, mean))
    assert torch.allclose(model.encode(images), z, atol=1e-3)
    assert torch.allclose(model.decode(z), model.vae.decode(mean), atol=1e-4)


def test_a_sample_is_a_decoded_latent_of_the_flow(tmp_path: Path) -> None:
    model = fresh(tmp_path / "bundle", cut_recipe())
    states = list(model.paths(noise(3, 0, 5, 49)))
    assert len(states) == 3  # two of four steps lead to the cut
    assert torch.allclose(torn(states[0], 10, GAP), model.source(noise(3, 0, 5, 49)), atol=1e-5)
    samples = model.generate(5, seed=3)
    assert torch.allclose(model.decode(states[-1]), samples, atol=1e-6)
    assert torch.allclose(model.draw(noise(3, 0, 5, 49)), samples, atol=1e-6)


def test_a_film_goes_on_behind_the_cut_and_ends_in_the_samples(tmp_path: Path) -> None:
    model = fresh(tmp_path / "bundle", cut_recipe("flow.cut=0.25", "flow.steps=3"))
    film = model.film(noise(3, 0, 5, 49), 9)  # eighths, of which the cut is the second
    assert torch.allclose(film[0], model.velocity.denormalise(model.source(noise(3, 0, 5, 49))))
    *_, state = model.paths(noise(3, 0, 5, 49))
    at_cut = model.velocity.denormalise(torn(state, 10, GAP * 0.75))
    assert torch.allclose(model.vae.decode(film[2]), model.vae.decode(at_cut), atol=1e-6)
    x_t = solve(at_one_time(model.velocity), torn(state, 10, GAP * 0.75), "euler", 1, start=0.25, end=0.625)
    assert torch.allclose(film[5], model.velocity.denormalise(x_t), atol=1e-5)
    assert torch.allclose(model.vae.decode(film[8]), model.generate(5, seed=3), atol=1e-6)


def test_refining_lowers_the_error_through_the_flow(images: torch.Tensor, tmp_path: Path) -> None:
    errors = []
    for refine in (0, 8):
        model = fresh(tmp_path / str(refine), cut_recipe(f"vae.refine={refine}"))
        errors.append(float((model.decode(model.encode(images)) - images).square().mean()))
    assert errors[1] < errors[0]


def test_without_a_cut_a_bundle_reads_as_before_and_decodes_to_the_same_bits(
    images: torch.Tensor, tmp_path: Path
) -> None:
    model = fresh(tmp_path / "bundle", get_recipe("quick", [*SMALL, "flow.cut=1"]))
    config = json.loads(config_json(model.recipe))
    assert config["recipe"]["flow"].pop("cut") == 1
    assert read_config(json.dumps(config).encode(), "config.json") == model.recipe
    z = model.encode(images)
    assert torch.equal(model.decode(z), model.vae.decode(z))
    assert torch.equal(model.guess(images), model.vae.posterior(images)[0])


def test_the_captured_program_computes_what_the_bundle_computes(images: torch.Tensor, tmp_path: Path) -> None:
    model = fresh(tmp_path / "bundle", cut_recipe())
    _, entry = record(**model.functions(), images=images.repeat(4, 1, 1, 1), batch=10, seconds=0.0)  # pyright: ignore
    encode, decode = (Runner(entry.programs[name], loaded(entry)) for name in ("encode", "decode"))
    z = model.encode(images)
    assert torch.allclose(replay(encode, 6, 0, images), z, atol=1e-5)
    assert torch.allclose(replay(decode, 6, 0, z), model.decode(z), atol=1e-5)
    assert program_cost(entry).nfe == cost(model.recipe.vae, model.recipe.flow).evaluations == 4


def test_a_latent_says_how_likely_it_is(tmp_path: Path) -> None:
    model = fresh(tmp_path / "bundle", cut_recipe("flow.clusters=0"))
    near, far = model.log_likelihood(torch.stack([torch.zeros(49), torch.full((49,), 9.0)]), steps=5)
    assert near > far


def test_three_networks_of_it_are_not_written(tmp_path: Path) -> None:
    write_fresh(tmp_path / "bundle", cut_recipe())
    with pytest.raises(LiveError, match=r"is cut at t = 0\.5, and the rest decodes"):
        in_onnx(read_bundle(tmp_path / "bundle"))


def test_a_cut_lies_between_two_steps() -> None:
    with pytest.raises(RecipeError, match=r"there is one; add flow.steps=2, or flow.cut=1"):
        cut_recipe("flow.steps=1")
    with pytest.raises(RecipeError, match=r"flow\.cut = '0' is not allowed"):
        cut_recipe("flow.cut=0")
