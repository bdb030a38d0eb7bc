"""t-SNE: points of many dimensions on a plane, so that neighbours stay neighbours (van der Maaten & Hinton 2008).

    p_j|i  = exp(-β_i |x_i - x_j|²) / Σ_k≠i exp(-β_i |x_i - x_k|²)      β_i: the row's perplexity is the wanted one
    p_ij   = (p_j|i + p_i|j) / 2N
    q_ij   = w_ij / Σ w,   w_ij = 1 / (1 + |y_i - y_j|²)
    dC/dy_i = 4 Σ_j (p_ij - q_ij) w_ij (y_i - y_j)                      of C = KL(P || Q)

The exact gradient: for the 1,500 points of a report it takes seconds, without a library of 30 MB for one picture.
It starts from the first two principal components, so the map does not depend on chance; step size after Belkina et
al. 2019. Distances within a cluster mean something on such a map, those between clusters and their sizes little.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_EXAGGERATION, _EXAGGERATED = 12.0, 150
_ITERATIONS = 500
_SMALLEST_GAIN = 0.01


def tsne(x: NDArray[np.float32], perplexity: float = 30.0, iterations: int = _ITERATIONS) -> NDArray[np.float32]:
    """A map (N, 2) of points (N, D), N > 3; a perplexity above N / 3 is lowered to that."""
    points = torch.from_numpy(x.astype(np.float32))
    p = joint_probabilities(points, min(perplexity, len(x) / 3))
    y = start(points)
    step, gains, rate = torch.zeros_like(y), torch.ones_like(y), max(len(x) / _EXAGGERATION / 4, 50.0)
    for i in range(iterations):
        early = i < _EXAGGERATED
        slope = gradient(_EXAGGERATION * p if early else p, y)
        gains = torch.where(slope * step < 0, gains + 0.2, gains * 0.8).clamp_(min=_SMALLEST_GAIN)
        step = (0.5 if early else 0.8) * step - rate * gains * slope
        y += step
    return (y - y.mean(0)).numpy()


def joint_probabilities(x: Tensor, perplexity: float) -> Tensor:
    """P (N, N): symmetric, sum 1, diagonal 0; each conditional row has the perplexity, found by bisection of log β."""
    d = torch.cdist(x, x).square()
    d = d / d.mean().clamp(min=1e-30)
    low, high = torch.full((len(x), 1), -20.0), torch.full((len(x), 1), 20.0)
    p = d
    for _ in range(40):
        middle = (low + high) / 2
        logits = (-middle.exp() * d).fill_diagonal_(-torch.inf)
        p = logits.softmax(1)
        entropy = -torch.xlogy(p, p).sum(1, keepdim=True)
        wide = entropy > np.log(perplexity)
        low, high = torch.where(wide, middle, low), torch.where(wide, high, middle)
    return (p + p.T) / (2 * len(x))


def gradient(p: Tensor, y: Tensor) -> Tensor:
    """dC/dy (N, 2); the sum over j as a product of matrices."""
    norms = y.square().sum(1)
    w = torch.addmm(norms + 1, y, y.T, alpha=-2).add_(norms[:, None]).clamp_(min=1).reciprocal_().fill_diagonal_(0)
    forces = (p - w / w.sum()).mul_(w)
    return 4 * (forces.sum(1, keepdim=True) * y - forces @ y)


def start(x: Tensor) -> Tensor:
    """The first two principal components, (N, 2), of standard deviation 1e-4."""
    centred = (x - x.mean(0)).double()
    _, directions = torch.linalg.eigh(centred.T @ centred)
    y = centred @ directions[:, -2:].flip(1)
    return (1e-4 * y / y[:, 0].std().clamp(min=1e-30)).float()
