"""Muon (Jordan et al. 2024): momentum whose matrices are made orthogonal, so that every direction is learned alike.

    m  = beta m + g                  g = gradient of a weight, as a matrix: a kernel (O, I, k, k) is (O, I k k)
    u  = g + beta m                  Nesterov's look ahead
    W -= lr 0.2 sqrt(max(rows, columns)) U V^T                 of the singular value decomposition u = U S V^T

U V^T is approached by five steps of a quintic Newton-Schulz iteration, in which all weights of one shape go together.
The factor gives a step the size of AdamW's (Liu et al. 2025, arXiv:2502.16982, eq. 4): both take the same rate.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024: steep at 0, at the price of singular values in 0.7..1.2
ITERATIONS = 5
RMS = 0.2  # of an update of AdamW


class Muon(torch.optim.Optimizer):
    """Muon for matrices and convolution kernels, with decoupled weight decay."""

    def __init__(self, weights: Iterable[Tensor], lr: float = 1e-3, weight_decay: float = 0.0) -> None:
        shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
        for weight in weights:
            shapes[weight.shape].append(weight)
        groups = [{"params": alike} for alike in shapes.values()]
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Move the weights that have gradients."""
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                steps = orthogonalise(torch.stack([self._look_ahead(weight, weight.grad) for weight in weights]))
                for weight, step in zip(weights, steps, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.sub_(step.view(weight.shape), alpha=group["lr"] * RMS * max(step.shape) ** 0.5)

    def _look_ahead(self, weight: Tensor, gradient: Tensor) -> Tensor:
        """u of one weight as a matrix; its momentum takes the gradient in."""
        momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        momentum.mul_(MOMENTUM).add_(gradient)
        return gradient.add(momentum, alpha=MOMENTUM).flatten(1)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Matrices (N, R, C) with their singular values moved near 1, between 0.7 and 1.2."""
    a, b, c = COEFFICIENTS
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.mT
