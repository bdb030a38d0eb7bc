"""Structural similarity: equal to scikit-image's, bounded, and differentiable where images are flat."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity as reference

from flowleague.model.randomness import generator
from flowleague.model.similarity import structural_similarity


def images(seed: int, n: int = 3) -> torch.Tensor:
    return torch.rand(n, 1, 28, 28, generator=generator("cpu", seed), dtype=torch.float64)


@given(seed=st.integers(0, 2**31), mixed=st.floats(0, 1))
def test_equal_to_scikit_image(seed: int, mixed: float) -> None:
    x, noise = images(seed), images(seed + 1)
    y = (1 - mixed) * x + mixed * noise
    expected = [reference(a[0], b[0], data_range=1) for a, b in zip(x.numpy(), y.numpy(), strict=True)]
    np.testing.assert_allclose(structural_similarity(x, y).numpy(), expected, atol=1e-12)


@given(seed=st.integers(0, 2**31))
def test_symmetric_and_one_for_equal_images_alone(seed: int) -> None:
    x, y = images(seed), images(seed + 1)
    assert torch.allclose(structural_similarity(x, y), structural_similarity(y, x))
    assert torch.allclose(structural_similarity(x, x), torch.ones(3, dtype=torch.float64))
    assert (structural_similarity(x, y) < 1).all()


def test_gradient_is_that_of_differences_and_finite_on_black() -> None:
    x, black = images(5, 1)[:, :, :9, :9], torch.zeros(1, 1, 28, 28, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: structural_similarity(x, y), images(6, 1)[:, :, :9, :9].requires_grad_())
    structural_similarity(black, torch.zeros(1, 1, 28, 28)).sum().backward()
    assert black.grad is not None
    assert torch.isfinite(black.grad).all()
