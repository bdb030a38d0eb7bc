"""The distribution that the flow starts from: noise in K clusters, one for each class of digits.

Digits of different classes lie apart. A continuous map of one Gaussian fills the space between them with samples that
are no digits. The noise is therefore split into clusters. The largest of its first K coordinates chooses the cluster,
and a gap moves it away from the others:

    x_0 = eps + GAP e_c,    c = argmax_{k < K} eps_k,    eps ~ N(0, I)

All clusters are equally likely. In training, a latent of class y is paired with noise from cluster y: swapping
coordinates y and c of eps gives a draw of N(0, I) given that y is the largest, since the distribution is symmetric in
both. Paths then need not cross on their way to a class, and two Euler steps suffice.

Nothing is learned or stored here. K = 0 is the plain Gaussian. Shapes: eps, x_0 (B, D) with D >= K.
"""

import math

import torch
from torch import Tensor

from flowleague.bundle.recipe import GAP


def clustered(noise: Tensor, clusters: int) -> Tensor:
    """x_0 from eps; with K = 0 clusters the noise itself.

    >>> clustered(torch.tensor([[0.5, 0.25, 1.0]]), 2)
    tensor([[3.5000, 0.2500, 1.0000]])
    """
    return shift_largest(noise, clusters) if clusters else noise


def shift_largest(noise: Tensor, clusters: int) -> Tensor:
    """x_0 = eps + GAP e_c with c = argmax_{k < clusters} eps_k, for noise eps (B, D): one cluster for each class."""
    largest = noise[:, :clusters].argmax(dim=1, keepdim=True)
    return noise.scatter_add(1, largest, torch.full_like(noise[:, :1], GAP))


def in_cluster(noise: Tensor, classes: Tensor, clusters: int) -> Tensor:
    """eps (B, D) given its cluster: in each row, coordinate `classes` (B,) and the largest of the first K swap places.

    >>> in_cluster(torch.tensor([[0.5, 0.25, 1.0]]), torch.tensor([1]), 2)
    tensor([[0.2500, 0.5000, 1.0000]])
    """
    if not clusters:
        return noise
    rows, largest = torch.arange(len(noise), device=noise.device), noise[:, :clusters].argmax(dim=1)
    swapped = noise.clone()
    swapped[rows, largest], swapped[rows, classes] = noise[rows, classes], noise[rows, largest]
    return swapped


def log_density(x_0: Tensor, clusters: int) -> Tensor:
    """log p(x_0) in nats, (B,); minus infinity in the gaps between clusters.

    >>> log_density(torch.tensor([[3.0, 0.0], [0.5, 0.5]]), 2)
    tensor([-1.8379,    -inf])
    """
    if not clusters:
        return _log_normal(x_0)
    largest = x_0[:, :clusters].argmax(dim=1, keepdim=True)
    noise = x_0.scatter_add(1, largest, torch.full_like(x_0[:, :1], -GAP))
    reached = noise[:, :clusters].argmax(dim=1, keepdim=True) == largest
    return _log_normal(noise).where(reached[:, 0], -torch.inf)


def _log_normal(x: Tensor) -> Tensor:
    return -0.5 * (x.square().sum(dim=1) + x.shape[1] * math.log(2 * math.pi))
