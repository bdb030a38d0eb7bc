"""Entries beside honest models: a planted leak is found, none is not, whatever the images are like."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from flowleague.bundle.recipe import FlowRecipe
from flowleague.data import Split, TrainingData, load_test
from flowleague.data.qmnist import FIRST_STUDENT, Lost, load_writers
from flowleague.judge.provenance.compare import compare, flow_losses, log_errors, posterior
from flowleague.judge.provenance.examine import Digits, panel, seeds_of
from flowleague.judge.provenance.images import Images, gather
from flowleague.model.latent_flow import LatentFlow
from flowleague.model.velocity import Velocity

N = 900


def some_images(control: str = "validation images") -> Images:
    """No pixels: 300 images of each part, by 30 writers a part, or with the same writers in test and control."""
    part = np.repeat(["test", "control", "training"], N // 3)
    writers = np.arange(N) // 10
    if control == "lost digits":
        writers[N // 3 : 2 * N // 3] = writers[: N // 3]
    writers += np.where(writers % 2, FIRST_STUDENT, 0)  # in each part
    return Images(torch.zeros(N, 1, 28, 28), torch.zeros(N).long(), part, writers.astype(np.uint16), control)


def drawn(seed: int, images: Images, leak: float = 0.0) -> list[np.ndarray]:
    """Values of an entry and of four shadows: a common difficulty of the images, and noise of each model."""
    rng = np.random.default_rng(seed)
    difficulty = rng.exponential(10, N) + 5 * (images.part == "test")
    models = [difficulty + rng.normal(size=N) for _ in range(5)]
    models[0] -= leak * (images.part == "test")
    return models


def test_a_leak_stands_out_and_difficulty_cancels() -> None:
    images = some_images()
    entry, *shadows = drawn(1, images, leak=0.8)
    found = compare(entry, shadows, images)
    assert found.is_lowest
    assert found.effect.value == pytest.approx(-0.8, abs=4 * found.effect.error)
    assert found.effect.z < -6
    assert abs(found.training.z) < 4
    assert len(found.honest) == 4
    assert max(abs(each.z) for each in found.honest) < 4


def test_of_honest_entries_no_more_than_a_fifth_lie_below_four_honest_models() -> None:
    images = some_images()
    found = [compare(entry, shadows, images) for entry, *shadows in (drawn(seed, images) for seed in range(200))]
    z = np.array([each.effect.z for each in found])
    assert abs(z.mean()) < 0.3
    assert z.std() == pytest.approx(1, abs=0.2)
    assert np.mean([each.is_lowest for each in found]) == pytest.approx(1 / 5, abs=0.12)


def test_only_lost_digits_give_a_p_value() -> None:
    images = some_images("lost digits")
    entry, *shadows = drawn(2, images, leak=0.8)
    p = compare(entry, shadows, images).p
    assert p is not None and p < 1e-3  # noqa: PT018
    assert compare(entry, shadows, replace(images, writers=None)).p is None
    entry, *shadows = drawn(3, some_images())
    assert compare(entry, shadows, some_images()).p is None


def test_a_second_look_is_taken_where_the_first_found_something(few_digits: TrainingData) -> None:
    images = some_images()

    def looking(leaks: list[float]):
        return lambda number: (compare((m := drawn(number, images, leaks[number]))[0], m[1:], images), (number,))

    digits = Digits(few_digits, few_digits.validation)
    assert len(panel(looking([-2.0, 0.0]), digits).looks) == 1
    assert panel(looking([2.0, 2.0]), digits).is_confirmed
    assert not panel(looking([2.0, -2.0]), digits).is_confirmed


def test_the_halves_of_control_images_share_no_writer_and_no_image() -> None:
    train = Split(np.zeros((55_000, 28, 28), np.uint8), np.zeros(55_000, np.uint8))
    validation = Split(np.zeros((5000, 28, 28), np.uint8), np.zeros(5000, np.uint8))
    test = Split(np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8))
    halves = [gather(TrainingData(train, validation, {}), test, half, writers_known=True) for half in (0, 1)]
    controls = [set(half.writers[half.part == "control"].tolist()) for half in halves if half.writers is not None]
    assert controls[0].isdisjoint(controls[1])
    assert controls[0] | controls[1] == set(load_writers().train[55_000:].tolist())
    assert sum((half.part == "control").sum() for half in halves) == 5000
    assert {int((half.part == "test").sum()) for half in halves} == {10_000}


def test_lost_digits_take_the_place_of_validation_images(few_digits: TrainingData) -> None:
    lost = Lost(few_digits.validation, np.full(len(few_digits.validation), 2200, np.uint16))
    lost.writers[::2] = 17
    test = Split(np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8))
    images = gather(few_digits, test, 0, writers_known=True, lost=lost)
    assert images.control == "lost digits"
    assert images.writers is not None
    assert set(images.writers[images.part == "control"].tolist()) in ({17}, {2200})


def test_without_writers_every_image_stands_for_itself(few_digits: TrainingData, idx_folder: Path) -> None:
    images = gather(few_digits, load_test(str(idx_folder)), 0, writers_known=False)
    effect = images.effect(np.random.default_rng(0).normal(size=len(images.part)))
    assert effect.clusters == effect.images


class Exact(nn.Module):
    """The velocity towards one point from wherever the noise was: (x_1 - x_t) / (1 - t)."""

    def __init__(self, aim: torch.Tensor) -> None:
        super().__init__()
        self.aim = aim
        self.normalise = lambda z: z

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return (self.aim - x) / (1 - t[:, None])


def test_the_flow_loss_of_closed_forms() -> None:
    mu = torch.randn(400, 12, generator=torch.Generator().manual_seed(0))
    latents, labels = (mu, torch.zeros_like(mu)), torch.zeros(400).long()
    recipe = FlowRecipe(clusters=0)
    assert flow_losses(Exact(mu), recipe, latents, labels).max() < 1e-4  # type: ignore[arg-type]
    nothing = Velocity(12, 8, 1)
    for weight in nothing.parameters():
        nn.init.zeros_(weight)
    losses = flow_losses(nothing, recipe, latents, labels, draws=400)
    wanted = nothing.normalise(mu).square().mean(1).numpy() + 1  # E (x_1 - x_0)² = x_1² + 1
    assert np.abs(losses / wanted - 1).mean() < 0.05
    assert np.array_equal(losses, flow_losses(nothing, recipe, latents, labels, draws=400))  # the noise is common


def test_reconstruction_errors_are_those_of_the_model(bundle: Path, few_digits: TrainingData) -> None:
    model, pixels = LatentFlow.load(bundle), torch.from_numpy(few_digits.validation.pixels(20))
    errors = (model.vae.decode(posterior(model, pixels)[0]) - pixels).square().mean(dim=(1, 2, 3))
    assert log_errors(model, pixels) == pytest.approx(errors.log().numpy(), abs=1e-4)


def test_seeds_differ_by_look_and_by_what_they_stand_beside() -> None:
    drawn = [seeds_of(key, look, 4) for key in ("a", "b") for look in (0, 1)]
    assert len({seed for seeds in drawn for seed in seeds}) == 16
    assert all(0 <= seed < 2**31 for seeds in drawn for seed in seeds)
