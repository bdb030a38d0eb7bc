"""Flow matching (Lipman et al. 2023; Liu et al. 2023; Albergo & Vanden-Eijnden 2023) on straight paths.

    x_t = (1 - t) x_0 + t x_1        t = 0 is noise, t = 1 is data
    L   = E || v(x_t, t) - (x_1 - x_0) ||^2 / D

with x_0 ~ N(0, I), x_1 a training latent, paired by a coupling, and t uniform or logit-normal. Under a non-uniform
density p(t) the loss is an implicit weighting of times (Esser et al. 2024, section 3.1), so validation always uses
uniform t and the independent coupling: its figures compare across recipes.
"""

from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]  # v(x (B, D), t (B,)) -> (B, D)


def sample_times(n: int, density: str, rng: torch.Generator) -> Tensor:
    """n times in (0, 1), (n,), on the generator's device; `density` is "uniform" or "logit-normal".

    Both are stratified (one draw in each of n equal parts of probability, shuffled by the batch's own order), which
    keeps the density and lowers the variance of the loss (Kingma et al. 2021, appendix I.1).
    """
    strata = torch.arange(n, device=rng.device)
    u = (strata + torch.rand(n, generator=rng, device=rng.device)) / n
    u = u[torch.randperm(n, generator=rng, device=rng.device)]
    if density == "uniform":
        return u
    return torch.special.ndtri(u.double().clamp(1e-6, 1 - 1e-6)).sigmoid().float()


def couple(x_0: Tensor, x_1: Tensor) -> Tensor:
    """Minibatch optimal transport (Tong et al. 2024; Pooladian et al. 2023): reorder x_0 (B, D) to meet x_1 (B, D).

    The permutation minimises the sum of squared distances, so it never costs more than the pairs as they came.
    """
    cost = torch.cdist(x_1, x_0).square()
    _, columns = linear_sum_assignment(cost.cpu().numpy())
    return x_0[torch.from_numpy(columns).to(x_0.device)]


def matching_loss(v: Field, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """Mean squared error of the velocity on straight paths, a scalar; x_0, x_1 (B, D), t (B,)."""
    x_t = torch.lerp(x_0, x_1, t[:, None])
    return (v(x_t, t) - (x_1 - x_0)).square().mean()
