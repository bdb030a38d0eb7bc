"""The autoencoder: shapes, its KL in closed form, and gradients."""

from collections.abc import Callable
from typing import get_args

import pytest
import torch
from torch import Tensor

from flowleague.bundle.recipe import Block, VAERecipe
from flowleague.live import networks
from flowleague.model.autoencoder import (
    BETA_1,
    BETA_2,
    BLOCKS,
    EPSILON,
    VAE,
    error_with_structure,
    refined,
    squared_error,
    vae_arguments,
)
from flowleague.model.similarity import structural_similarity
from flowleague.training.networks import normed_vae
from flowleague.training.objectives import vae_loss

GRID = VAERecipe(channels=8)
VECTOR = VAERecipe(latent=11, grid=False, channels=8)
BY_BLOCK = [VAERecipe(channels=8, block=block) for block in get_args(Block)]


def make(recipe: VAERecipe) -> VAE:
    return VAE(**vae_arguments(recipe))


@pytest.mark.parametrize("recipe", [*BY_BLOCK, VECTOR, VAERecipe(latent=3, grid=False, channels=4, encoder_blocks=0)])
def test_shapes_and_range(recipe: VAERecipe) -> None:
    vae = make(recipe)
    images = torch.rand(5, 1, 28, 28)
    mu, log_var = vae.posterior(images)
    assert mu.shape == log_var.shape == (5, recipe.latent)
    decoded = vae.decode(1e3 * mu)
    assert decoded.shape == (5, 1, 28, 28)
    assert ((decoded >= 0) & (decoded <= 1)).all()


@pytest.mark.parametrize("recipe", [*BY_BLOCK, VECTOR])
@pytest.mark.parametrize("form", [make, normed_vae])
def test_gradients_reach_every_parameter(recipe: VAERecipe, form: Callable[[VAERecipe], VAE]) -> None:
    torch.manual_seed(0)
    vae = form(recipe)
    vae_loss(vae, torch.rand(4, 1, 28, 28), torch.randn(4, recipe.latent), kl_weight=1e-3)[0].backward()
    for name, parameter in vae.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_recipe_model_and_page_know_the_same_blocks() -> None:
    assert list(get_args(Block)) == list(BLOCKS) == list(networks.BLOCKS)


def test_grid_latents_are_local() -> None:
    """Latent number (i, j) of the grid is about the image around it: a corner does not see its opposite."""
    torch.manual_seed(0)
    vae = make(VAERecipe(channels=8, encoder_blocks=0))
    image = torch.rand(1, 1, 28, 28)
    changed = image.clone()
    changed[..., 20:, 20:] = 0
    moved = (vae.posterior(image)[0] - vae.posterior(changed)[0]).abs()[0].reshape(7, 7)
    assert moved[:4, :4].max() == 0
    assert moved[5:, 5:].min() > 0


def errors(vae: VAE, z: Tensor, images: Tensor) -> Tensor:
    """Squared error of each image."""
    return (vae.decode(z) - images).square().flatten(1).sum(1)


def test_a_latent_is_refined_as_adam_would() -> None:
    """Images one by one under PyTorch's Adam, whose steps do not mix coordinates, end where a batch of them does."""
    torch.manual_seed(0)
    vae, images, steps, rate = make(GRID), torch.rand(3, 1, 28, 28), 5, 0.07
    z = vae.posterior(images)[0].detach()
    found = refined(vae.decode, z, images, steps, rate)
    for row, image in zip(found, images, strict=True):
        guess = torch.nn.Parameter(vae.posterior(image[None])[0].detach())
        adam = torch.optim.Adam([guess], betas=(BETA_1, BETA_2), eps=EPSILON)
        for k in range(steps):
            adam.param_groups[0]["lr"] = rate * (1 - k / steps)
            adam.zero_grad()
            errors(vae, guess, image[None]).sum().backward()
            adam.step()
        torch.testing.assert_close(row, guess[0].detach(), rtol=0, atol=1e-5)
    assert (errors(vae, found, images) < errors(vae, z, images)).all()


def test_refining_finds_the_latent_of_an_image_that_the_decoder_made() -> None:
    torch.manual_seed(0)
    vae = make(VAERecipe(channels=16))
    z = torch.randn(4, 49)
    images, guess = vae.decode(z).detach(), z + 0.3 * torch.randn(4, 49)
    assert (errors(vae, refined(vae.decode, guess, images, 100), images) < 0.01 * errors(vae, guess, images)).all()


def test_refining_lowers_what_training_lowers() -> None:
    torch.manual_seed(0)
    vae, images = make(GRID), torch.rand(3, 1, 28, 28)
    z = vae.posterior(images)[0].detach()
    error = error_with_structure(0.1)
    for row in range(3):
        decoded, image = vae.decode(z[row, None]).detach(), images[row, None]
        mse, similarity = (decoded - image).square().mean(), structural_similarity(decoded, image)
        assert float(error(decoded, image)) == pytest.approx(784 * float(mse + 0.1 * (1 - similarity)), rel=1e-5)
    by_both, by_squares = (refined(vae.decode, z, images, 20, 0.05, e) for e in (error, squared_error))
    assert error(vae.decode(by_both), images) < error(vae.decode(by_squares), images)
    assert squared_error(vae.decode(by_squares), images) < squared_error(vae.decode(by_both), images)


def test_refining_leaves_the_weights_alone_and_carries_no_gradient() -> None:
    vae, images = make(GRID), torch.rand(2, 1, 28, 28)
    z = vae.posterior(images)[0]
    assert not refined(vae.decode, z, images, 2).requires_grad
    assert all(parameter.grad is None for parameter in vae.parameters())
    guess = torch.zeros(2, 49, requires_grad=True)
    assert torch.equal(refined(vae.decode, guess, images, 0), guess)
    assert not refined(vae.decode, guess, images, 0).requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(refined(vae.decode, z.clone(), images.clone(), 2), refined(vae.decode, z, images, 2))
