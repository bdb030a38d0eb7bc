"""Banks of test and training images, warped and noisy, are found by their nearness; fresh, blurred digits are not."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from flowleague.data import load_training
from flowleague.entrant.model import Model
from flowleague.judge.categories import measure_samples
from flowleague.judge.checked import CheckedModel
from flowleague.judge.copies import copies
from flowleague.scorecard.metrics._base import Figure


def warp(images, seed):
    """Images turned, slanted, scaled and shifted by less than a pixel."""
    g, n = torch.Generator().manual_seed(seed), len(images)
    turn, slant = 0.07 * torch.randn(2, n, generator=g)
    wide, high = 1 + 0.03 * torch.randn(2, n, generator=g)
    x, y = 0.02 * torch.randn(2, n, generator=g)
    rows = [wide * turn.cos(), slant - turn.sin(), x, turn.sin(), high * turn.cos(), y]
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), [n, 1, 28, 28], align_corners=False)
    return F.grid_sample(torch.from_numpy(images), grid, mode="bicubic", align_corners=False).clamp(0, 1).numpy()


def noisy(images, seed):
    noise = np.random.default_rng(seed).normal(0, 0.05, images.shape)
    return (images + noise).clip(0, 1).astype(np.float32)


def blurred(images, seed):
    """Draws of a Gaussian on 20 components of the images."""
    flat = images.reshape(len(images), -1)
    _, sizes, directions = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    z = np.random.default_rng(seed).standard_normal((len(images), 20)) * sizes[:20] / np.sqrt(len(images))
    return (flat.mean(0) + z @ directions[:20]).clip(0, 1).reshape(-1, 1, 28, 28).astype(np.float32)


@pytest.fixture(scope="module")
def found(digits, seen):
    def found(pool, change=lambda images, _: images):
        """The findings of samples that are drawn from a pool of images, and changed."""

        def generate(n, seed):
            return change(pool[np.random.default_rng(seed).permutation(len(pool))[:n]], seed)

        figures = measure_samples(CheckedModel(Model(generate, generate, generate)), digits, seen)  # pyright: ignore[reportArgumentType]
        return [finding.name for finding in copies(figures)], figures

    return found


@pytest.mark.long
def test_digits_that_nobody_saw_are_found_nothing(found):
    fresh = load_training().validation.pixels()
    names, figures = found(fresh)
    assert names == []
    assert figures["diversity.test_nearness"].value == pytest.approx(1, abs=0.05)
    assert figures["diversity.test_lookalikes"].value < 0.01
    assert figures["diversity.training_lookalikes"].reference == 0
    assert found(fresh, blurred)[0] == []


@pytest.mark.long
@pytest.mark.parametrize("change", [warp, noisy])
def test_a_bank_of_test_images_is_found(found, digits, change):
    names, figures = found(digits.test.pixels(), change)
    assert names == ["test_copies"]
    assert figures["diversity.test_nearness"].value < 0.9


@pytest.mark.long
@pytest.mark.parametrize("change", [warp, noisy])
def test_a_bank_of_training_images_is_found(found, digits, change):
    assert found(digits.chosen.pixels(), change)[0] == ["training_copies"]


@pytest.mark.long
def test_some_test_images_among_others_are_found(found, digits):
    pool = np.concatenate([load_training().validation.pixels(4000), digits.test.pixels()[:500]])
    assert found(pool, warp)[0] == ["test_copies"]


def test_training_copies_are_found_far_above_what_real_images_have():
    for share, found in ((None, False), (0.004, False), (0.1, False), (0.32, True), (1.0, True)):
        assert bool(copies({"diversity.training_copies": Figure(share)})) == found
    assert "32" in str(copies({"diversity.training_copies": Figure(0.32)})[0])


def test_a_few_lookalikes_are_chance():
    def of(share, n):
        return copies({"diversity.test_lookalikes": Figure(share, n=n)})

    assert of(0.02, 100) == []
    assert of(0.002, 5000) == []
    assert [finding.name for finding in of(0.004, 5000)] == ["test_copies"]
    assert [finding.name for finding in of(0.02, 1000)] == ["test_copies"]
    assert copies({}) == []
