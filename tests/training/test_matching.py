"""Couplings, times and the loss of flow matching."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flowleague.model.randomness import generator
from flowleague.training.matching import couple, matching_loss, sample_times


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
