"""The distribution that the flow starts from: noise in K clusters, one for each class of digits.

Digits of different classes lie apart. A continuous map of one Gaussian fills the space between them with samples that
are no digits. The noise is therefore split into clusters. The largest of its first K coordinates chooses the cluster,
and a gap moves it away from the others:

    x_0 = eps + GAP e_c,    c = argmax_{k < K} eps_k,    eps ~ N(0, I)

All clusters are equally likely. In training, a latent of class y is paired with noise from cluster y: swapping
coordinates y and c of eps gives a draw of N(0, I) given that y is the largest, since the distribution is symmetric in
both. Paths then need not cross on their way to a class, and two Euler steps suffice.

A latent may be the state of the flow before its end (`flow.cut` of a recipe). Then the gap lies in the decoder, which
tears latents apart into clusters; codes and what is drawn between them fill one space without gaps. `torn` is a smooth
and invertible shift: the gradient of a convex function, so that a latent can be refined through it.

Samples may be drawn with less noise than the flow was trained with, eps times a temperature T < 1 (Kingma & Dhariwal,
Glow, 2018): they keep away from the rare digits, which a small model draws worst. T chooses no other cluster.

Nothing is learned or stored here. K = 0 is the plain Gaussian. Shapes: eps, x_0 (B, D) with D >= K.
"""

import math

import torch
from torch import Tensor

from flowleague.bundle.recipe import GAP

SHARPNESS = 8.0  # of the choice of a cluster in `torn`; argmax is its limit
NEWTON_STEPS = 6  # of the inverse, which is then exact to float32


def clustered(noise: Tensor, clusters: int, temperature: float = 1.0) -> Tensor:
    """x_0 from eps, which `temperature` multiplies; with K = 0 clusters the noise itself.

    >>> clustered(torch.tensor([[0.5, 0.25, 1.0]]), 2)
    tensor([[3.5000, 0.2500, 1.0000]])
    """
    noise = noise if temperature == 1 else temperature * noise
    return shift_largest(noise, clusters) if clusters else noise


def shift_largest(noise: Tensor, clusters: int) -> Tensor:
    """x_0 = eps + GAP e_c with c = argmax_{k < clusters} eps_k, for noise eps (B, D): one cluster for each class."""
    largest = noise[:, :clusters].argmax(dim=1, keepdim=True)
    return noise.scatter_add(1, largest, torch.full_like(noise[:, :1], GAP))


def torn(z: Tensor, clusters: int, gap: float) -> Tensor:
    """x = z + gap softmax(SHARPNESS z) over the first K coordinates, for latents z (B, D).

    >>> torn(torch.tensor([[0.5, -1.5, 1.0]]), 2, gap=3.0)
    tensor([[ 3.5000, -1.5000,  1.0000]])
    """
    if not clusters:
        return z
    choice = (SHARPNESS * z[:, :clusters]).softmax(1)
    return torch.cat([z[:, :clusters] + gap * choice, z[:, clusters:]], 1)


def mended(x: Tensor, clusters: int, gap: float) -> Tensor:
    """The latents of states x (B, D), clusters moved together: the inverse of `torn`.

    Newton's method begins where `torn` with argmax would have its inverse, the proximal map of gap max z. The Hessian
    of the convex function is a diagonal and a rank of one, which the formula of Sherman and Morrison inverts.

    >>> x = torn(torch.tensor([[0.5, 0.25, -1.5], [0.5, 0.45, -1.5]]), 2, gap=3.0)
    >>> mended(x, 2, gap=3.0)
    tensor([[ 0.5000,  0.2500, -1.5000],
            [ 0.5000,  0.4500, -1.5000]])
    """
    if not clusters:
        return x
    shifted, curvature = x[:, :clusters], gap * SHARPNESS
    z = shifted - gap * on_simplex(shifted / gap)
    for _ in range(NEWTON_STEPS):
        w = (SHARPNESS * z).softmax(1)
        scale = 1 + curvature * w
        along, slope = w / scale, (z + gap * w - shifted) / scale
        share = curvature * (w * slope).sum(1, keepdim=True) / (1 - curvature * (w * along).sum(1, keepdim=True))
        z = z - slope - share * along
    return torch.cat([z, x[:, clusters:]], 1)


def log_stretch(z: Tensor, clusters: int, gap: float) -> Tensor:
    """The logarithm of the determinant of `torn` at latents z (B, D), shape (B,).

    >>> log_stretch(torch.tensor([[9.0, 0.0], [0.0, 0.0]]), 2, gap=3.0).exp().round()  # the second on the boundary
    tensor([ 1., 13.])
    """
    if not clusters:
        return torch.zeros_like(z[:, 0])
    w, curvature = (SHARPNESS * z[:, :clusters]).softmax(1), gap * SHARPNESS
    scale = 1 + curvature * w
    return scale.log().sum(1) + (1 - curvature * (w.square() / scale).sum(1)).log()


def on_simplex(p: Tensor) -> Tensor:
    """The point nearest to each row of p (B, K) whose coordinates are not negative and sum to 1 (Michelot 1986).

    >>> on_simplex(torch.tensor([[1.5, 0.25], [0.75, 0.75]]))
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    level = (p.sum(1, keepdim=True) - 1) / p.shape[1]
    for _ in range(p.shape[1]):
        above = p > level
        level = ((p * above).sum(1, keepdim=True) - 1) / above.sum(1, keepdim=True)
    return (p - level).clamp(min=0)


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
