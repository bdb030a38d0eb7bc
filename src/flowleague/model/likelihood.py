"""Exact log-likelihood of a latent under the flow, and how straight its paths are.

Along a path dx/dt = v(x, t) the density changes by the divergence (Chen et al. 2018, Neural ODEs, theorem 1):

    log p_1(x_1) = log p_0(x_0) - integral_0^1 div v(x_t, t) dt,      div v = trace(dv/dx)

Latents have at most 49 dimensions, so the trace is taken of the full Jacobian: no estimator, no noise.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from flowleague.model.sampler import at_one_time, solve
from flowleague.model.source import log_density

Field = Callable[[Tensor, Tensor], Tensor]


def divergence(v: Field, x: Tensor, t: Tensor) -> Tensor:
    """trace(dv/dx) at x (B, D) and t (B,), shape (B,).

    >>> divergence(lambda x, t: -x * t[:, None], torch.randn(2, 3), torch.tensor([1.0, 0.5]))
    tensor([-3.0000, -1.5000])
    """

    def single(x_i: Tensor, t_i: Tensor) -> Tensor:
        return v(x_i[None], t_i[None])[0]

    return vmap(jacrev(single))(x, t).diagonal(dim1=1, dim2=2).sum(dim=1)


@torch.no_grad()
def log_likelihood(
    v: Field, x_1: Tensor, clusters: int = 0, *, solver: str = "rk4", steps: int = 50, end: float = 1.0
) -> Tensor:
    """log p_1(x_1) in nats of each row of x_1 (B, D), shape (B,), solved backwards from t = 1, or `end`, to t = 0.

    The density is that of v's own space: for latents z of a VAE subtract the sum of the logarithms of the flow's std.
    Raises `RecipeError` for an unknown solver.

    >>> log_likelihood(lambda x, t: x, torch.zeros(1, 2), steps=5)  # N(0, e² I), at its centre: -log(2 pi) - 2
    tensor([-3.8379])
    """

    def rate(state: Tensor, t: float) -> Tensor:  # the last column accumulates the divergence
        x = state[:, :-1].contiguous()
        times = torch.full((len(x),), t, device=x.device, dtype=x.dtype)
        return torch.cat([v(x, times), divergence(v, x, times)[:, None]], dim=1)

    state = solve(rate, torch.nn.functional.pad(x_1, (0, 1)), solver, steps, start=end, end=0.0)
    x_0, integral = state[:, :-1], -state[:, -1]
    return log_density(x_0, clusters) - integral


@torch.no_grad()
def straightness(v: Field, x_0: Tensor, *, solver: str = "rk4", steps: int = 50) -> Tensor:
    """Mean over time of |v(x_t, t) - (x_1 - x_0)|^2 / D on the flow's own paths from x_0 (B, D), shape (B,).

    S(Z) of Liu et al. 2023, equation 5, per dimension: 0 for straight paths, which one Euler step solves exactly.
    Raises `RecipeError` for an unknown solver.

    >>> straightness(lambda x, t: torch.full_like(x, 2.0), torch.zeros(1, 3), steps=4)
    tensor([0.])
    """
    f = at_one_time(v)
    h = 1 / steps
    path = [x_0]
    for i in range(steps):
        path.append(solve(f, path[-1], solver, 1, start=i * h, end=(i + 1) * h))
    chord = path[-1] - x_0
    bends = torch.stack([(f(x, i * h) - chord).square().mean(dim=1) for i, x in enumerate(path)])
    return torch.trapezoid(bends, dx=h, dim=0)
