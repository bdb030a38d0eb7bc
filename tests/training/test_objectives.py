"""Objectives: the VAE's loss and its folded form, the latents' normalisation, couplings, times and flow matching."""

from typing import Any, cast, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Normal, kl_divergence

from flowleague.bundle.recipe import Block, VAERecipe
from flowleague.model.autoencoder import VAE, vae_arguments
from flowleague.model.randomness import generator
from flowleague.model.similarity import structural_similarity
from flowleague.model.velocity import Velocity
from flowleague.training.networks import fold, normed_vae
from flowleague.training.objectives import (
    couple,
    epoch_rows,
    fit_normalisation,
    kl_to_standard_normal,
    matching_loss,
    sample_times,
    vae_loss,
)

GRID = VAERecipe(channels=8)
VECTOR = VAERecipe(latent=11, grid=False, channels=8)
BY_BLOCK = [VAERecipe(channels=8, block=block) for block in get_args(Block)]


@given(n=st.integers(1, 50), batch=st.integers(1, 70), seed=st.integers(0, 1000))
def test_every_row_is_seen_once_before_any_is_seen_twice(n: int, batch: int, seed: int) -> None:
    rows = torch.cat([epoch_rows(seed, 1, n, batch, step) for step in range(-(-3 * n // batch))])
    for epoch in range(3):
        assert sorted(rows[epoch * n : (epoch + 1) * n].tolist()) == list(range(n))


@given(st.integers(0, 2**31))
def test_kl_is_that_of_torch_distributions_and_never_negative(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    mu, log_var = torch.randn(6, 5, generator=rng).double(), torch.randn(6, 5, generator=rng).double()
    expected = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(kl_to_standard_normal(mu, log_var), expected)
    assert (kl_to_standard_normal(mu, log_var) >= 0).all()


def test_kl_of_the_prior_itself_is_zero() -> None:
    assert kl_to_standard_normal(torch.zeros(3, 7), torch.zeros(3, 7)).tolist() == [0, 0, 0]


def test_loss_is_its_parts() -> None:
    vae = VAE(**vae_arguments(GRID))
    loss, mse, kl = vae_loss(vae, torch.rand(4, 1, 28, 28), torch.randn(4, 49), kl_weight=0.25)
    assert loss.item() == pytest.approx((mse + 0.25 * kl).item())


def test_loss_has_a_part_for_structure_where_the_recipe_asks_for_it() -> None:
    vae, images, noise = VAE(**vae_arguments(GRID)), torch.rand(4, 1, 28, 28), torch.randn(4, 49)
    loss, mse, kl = vae_loss(vae, images, noise, kl_weight=0.25, ssim_weight=0.5)
    mu, log_var = vae.posterior(images)
    similarity = structural_similarity(vae.decode(mu + (0.5 * log_var).exp() * noise), images).mean()
    assert loss.item() == pytest.approx((mse + 0.25 * kl + 0.5 * (1 - similarity)).item())
    assert loss.item() > (mse + 0.25 * kl).item()


@pytest.mark.parametrize("recipe", [*BY_BLOCK, VECTOR])
def test_folding_changes_nothing_but_the_form(recipe: VAERecipe) -> None:
    torch.manual_seed(0)
    vae, images = cast(Any, normed_vae(recipe)), torch.rand(8, 1, 28, 28)
    for _ in range(3):
        vae_loss(vae, images, torch.randn(8, recipe.latent), kl_weight=1e-3)  # gathers statistics
    vae.eval()
    before = vae.decode(vae.posterior(images)[0])
    folded = cast(Any, fold(vae))
    assert torch.allclose(folded.decode(vae.posterior(images)[0]), before, atol=1e-5)
    assert vae.state_dict().keys() == VAE(**vae_arguments(recipe)).state_dict().keys()


def test_normalised_latents_have_mean_zero_and_std_one_and_come_back() -> None:
    v = Velocity(9, width=8, blocks=1)
    z = 3 + torch.randn(20_000, 9, generator=generator("cpu", 1)) * torch.arange(1.0, 10)
    fit_normalisation(v, z)
    x = v.normalise(z)
    assert x.mean(dim=0).abs().max() < 1e-4
    assert (x.std(dim=0) - 1).abs().max() < 1e-4
    assert torch.allclose(v.denormalise(x), z, atol=1e-4)


def test_normalisation_of_posterior_samples_counts_their_variance() -> None:
    v = Velocity(9, width=8, blocks=1)
    mu, log_var = torch.randn(20_000, 9, generator=generator("cpu", 2)), torch.full((20_000, 9), 3.0).log()
    fit_normalisation(v, mu, log_var)
    assert torch.allclose(v.std, torch.full((9,), 2.0), atol=0.03)


def test_an_unused_dimension_is_not_blown_up() -> None:
    v = Velocity(9, width=8, blocks=1)
    fit_normalisation(v, torch.zeros(10, 9))
    assert (v.normalise(torch.full((1, 9), 1e-4)).abs() <= 0.1 + 1e-6).all()


@given(seed=st.integers(0, 2**32), n=st.integers(1, 40), size=st.integers(1, 49))
def test_optimal_transport_is_a_bijection_and_never_costs_more_than_the_identity(seed: int, n: int, size: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    x_0, x_1 = torch.randn(n, size, generator=rng), torch.randn(n, size, generator=rng)
    coupled = couple(x_0, x_1)
    assert sorted(map(tuple, coupled.tolist())) == sorted(map(tuple, x_0.tolist()))
    assert (coupled - x_1).square().sum() <= (x_0 - x_1).square().sum() * (1 + 1e-5)


def test_optimal_transport_in_one_dimension_is_monotone() -> None:
    rng = torch.Generator().manual_seed(1)
    x_0, x_1 = torch.randn(200, 1, generator=rng), torch.randn(200, 1, generator=rng)
    order = x_1[:, 0].argsort()
    assert (couple(x_0, x_1)[order].diff(dim=0) >= 0).all()


@pytest.mark.parametrize(
    ("density", "cdf"),
    [("uniform", stats.uniform.cdf), ("logit-normal", lambda t: stats.norm.cdf(torch.logit(torch.as_tensor(t))))],
)
def test_times_have_their_density(density: str, cdf) -> None:
    t = sample_times(4000, density, generator("cpu", 5))
    assert ((t > 0) & (t < 1)).all()
    assert stats.kstest(t.double().numpy(), cdf).pvalue > 0.01
    assert abs(np.corrcoef(t, range(4000))[0, 1]) < 0.05  # strata are shuffled


def test_loss_is_zero_for_the_true_velocity_of_a_single_pair() -> None:
    rng = generator("cpu", 3)
    x_0, x_1 = torch.randn(64, 9, generator=rng), torch.randn(64, 9, generator=rng)
    t = sample_times(64, "uniform", rng)
    assert matching_loss(lambda x, t: x_1 - x_0, x_0, x_1, t) == 0


def test_minimiser_is_the_conditional_expectation() -> None:
    """For x_0, x_1 ~ N(0, I) independent, E[x_1 - x_0 | x_t] = (2t - 1) / (t^2 + (1 - t)^2) x_t."""

    def optimal(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return ((2 * t - 1) / (t**2 + (1 - t) ** 2))[:, None] * x_t

    rng = generator("cpu", 4)
    x_0, x_1 = torch.randn(200_000, 1, generator=rng), torch.randn(200_000, 1, generator=rng)
    t = sample_times(200_000, "uniform", rng)
    best = matching_loss(optimal, x_0, x_1, t)
    for scale in (0.8, 1.2):
        assert matching_loss(lambda x, t, scale=scale: scale * optimal(x, t), x_0, x_1, t) > best
    # Var(x_1 - x_0 | x_t) = 1 / (t^2 + (1 - t)^2), whose mean over uniform t is pi / 2
    assert best == pytest.approx(torch.pi / 2, rel=0.01)
