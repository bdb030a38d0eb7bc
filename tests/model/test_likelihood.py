"""The likelihood against the closed form of an affine flow."""

import math

import torch

from flowleague.model.likelihood import divergence, log_likelihood, straightness


def affine_flow(size: int) -> tuple:
    """v(x, t) = A x + b with symmetric A: x_1 = exp(A) x_0 + A^-1 (exp(A) - I) b, a Gaussian."""
    rng = torch.Generator().manual_seed(0)
    A = torch.randn(size, size, generator=rng, dtype=torch.float64) * 0.3
    A = A + A.T
    b = torch.randn(size, generator=rng, dtype=torch.float64)
    grown = torch.linalg.matrix_exp(A)
    mean = torch.linalg.solve(A, (grown - torch.eye(size)) @ b)
    return (lambda x, t: x @ A.T + b), A, torch.distributions.MultivariateNormal(mean, grown @ grown.T)


def test_likelihood_of_an_affine_flow_is_its_gaussian() -> None:
    v, _, gaussian = affine_flow(6)
    x = gaussian.sample((20,))
    assert torch.allclose(log_likelihood(v, x, steps=40), gaussian.log_prob(x), atol=1e-6)


def test_divergence_of_an_affine_field_is_the_trace() -> None:
    v, A, _ = affine_flow(5)
    x = torch.randn(7, 5, dtype=torch.float64)
    assert torch.allclose(divergence(v, x, torch.zeros(7, dtype=torch.float64)), A.trace().expand(7))


def test_divergence_is_the_trace_of_autograds_jacobian() -> None:
    def v(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return (x.roll(1, dims=1) * x).sin() * t[:, None]

    x, t = torch.randn(3, 4, dtype=torch.float64), torch.full((3,), 0.7, dtype=torch.float64)
    for i, found in enumerate(divergence(v, x, t)):
        jacobian = torch.autograd.functional.jacobian(lambda y, i=i: v(y[None], t[i : i + 1])[0], x[i])
        assert torch.allclose(found, jacobian.trace())


def test_standard_normal_under_no_flow() -> None:
    x = torch.randn(4, 3, dtype=torch.float64)
    expected = -0.5 * (x.square().sum(dim=1) + 3 * math.log(2 * math.pi))
    assert torch.allclose(log_likelihood(lambda x, t: torch.zeros_like(x), x, steps=1), expected)


def test_straight_paths_have_straightness_zero_and_turning_ones_do_not() -> None:
    x_0 = torch.randn(8, 2, dtype=torch.float64)
    shift = torch.ones(2, dtype=torch.float64)
    assert straightness(lambda x, t: shift.expand_as(x), x_0).abs().max() < 1e-20
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    # x rotates by one radian: |v - chord|^2 / 2 averages (1 - 4 sin^2(1/2)) |x_0|^2 / 2
    expected = (1 - 4 * math.sin(0.5) ** 2) * x_0.square().sum(dim=1) / 2
    assert torch.allclose(straightness(lambda x, t: x @ turn, x_0, steps=200), expected, rtol=1e-3)
