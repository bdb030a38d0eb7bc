"""The heavy arithmetic of the metrics, on torch: distances of many points, and SSIM of many images.

With B(z, r) the closed ball and r_k(z) the distance from z to its k-th nearest neighbour within its own set,
over N real points x and M generated points y:
    precision  share of y inside some B(x, r_k(x))            Kynkäänniemi et al. 2019, eq. 1 and 2
    recall     share of x inside some B(y, r_k(y))            ditto
    density    Σ_y #{x : y in B(x, r_k(x))} / (k M)           Naeem et al. 2020, eq. 3
    coverage   share of x whose B(x, r_k(x)) holds some y     Naeem et al. 2020, eq. 4
Distances come from matrix products, a block of rows at a time, in the precision of the input.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.model.similarity import structural_similarity
from flowleague.scorecard.metrics._base import Neighbours

K = 5
ROWS = 1000  # rows of a distance matrix that are in memory at once
IMAGES = 2000  # images whose SSIM is computed at once


@dataclass(frozen=True)
class Bank:
    """Points (M, F) that distances are measured to: shifted by their centre, since small norms cancel less."""

    points: Tensor
    centre: Tensor
    norms: Tensor


def bank(points: NDArray) -> Bank:
    """Prepare points (M, F), float32 or float64."""
    y = torch.from_numpy(np.array(points))
    centre = y.mean(0)
    y -= centre
    return Bank(y, centre, (y * y).sum(1))


@dataclass(frozen=True)
class Manifold:
    """Points (N, F), unshifted, as a bank, and the squared radius of each one's ball (N,)."""

    points: Tensor
    bank: Bank
    squared_radii: Tensor


def manifold(points: NDArray, k: int = K) -> Manifold:
    """Balls around points (N, F) that reach to the k-th nearest other point; N > k."""
    x, own = torch.from_numpy(np.array(points)), bank(points)
    # the nearest of all is the point itself, so the k-th other is number k + 1
    radii = [block.topk(k + 1, largest=False).values[:, k] for block in squared_distances(x, own)]
    return Manifold(x, own, torch.cat(radii))


def precision_recall_density_coverage(real: Manifold, generated: Manifold, k: int = K) -> dict[str, float]:
    """The four figures by name; all lie in [0, 1] but density, which lies in [0, N / k]."""
    n, m = len(real.points), len(generated.points)
    precise, balls, start = 0, 0, 0
    recalled, covered = torch.zeros(n, dtype=torch.bool), torch.zeros(n, dtype=torch.bool)
    for block in squared_distances(generated.points, real.bank):  # rows: generated, columns: real
        in_real_ball = block <= real.squared_radii
        in_generated_ball = block <= generated.squared_radii[start : start + len(block), None]
        precise += int(in_real_ball.any(1).sum())
        balls += int(in_real_ball.sum())
        covered |= in_real_ball.any(0)
        recalled |= in_generated_ball.any(0)
        start += len(block)
    return {
        "precision": precise / m,
        "recall": int(recalled.sum()) / n,
        "density": balls / (k * m),
        "coverage": int(covered.sum()) / n,
    }


def squared_distances(x: Tensor, bank: Bank) -> Iterator[Tensor]:
    """|x|² + |y|² - 2 x·y for blocks of rows of x (N, F) against all of the bank (M, F): tensors (ROWS, M)."""
    for rows in (x - bank.centre).split(ROWS):
        own = (rows * rows).sum(1, keepdim=True)
        yield torch.addmm(bank.norms, rows, bank.points.T, alpha=-2).add_(own).clamp_(min=0)


def nearest(queries: NDArray, bank: Bank) -> tuple[NDArray, NDArray[np.int64]]:
    """Euclidean distance of each query (N, F) to the nearest of a bank, and that one's number: (N,), (N,)."""
    found = [block.min(1) for block in squared_distances(torch.from_numpy(np.array(queries)), bank)]
    return torch.cat([f.values for f in found]).sqrt().numpy(), torch.cat([f.indices for f in found]).numpy()


def neighbours(queries: int, images: NDArray, training: Bank, labels: NDArray) -> Neighbours:
    """Neighbours of the first `queries` of images (N, 784) in a bank of training images and among themselves."""
    to_training, number = nearest(images[:queries], training)
    return Neighbours(to_training, labels[number], nearest_other(queries, images))


def nearest_other(queries: int, images: NDArray) -> NDArray:
    """Distance of each of the first `queries` images (N, F) to the nearest of the N - 1 others."""
    before, _ = nearest(images[:queries], bank(images[queries:])) if queries < len(images) else (np.inf, None)
    own = np.sqrt(np.maximum(_squared(images[:queries]), 0))
    np.fill_diagonal(own, np.inf)
    return np.minimum(before, own.min(1))


def _squared(x: NDArray) -> NDArray:
    norms = (x * x).sum(1)
    return norms[:, None] + norms - 2 * x @ x.T


def squared_error(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Mean squared error of each image: arrays (N, 1, 28, 28) in [0, 1] to (N,), in intensity²."""
    pairs = zip(_batches(x), _batches(y), strict=True)
    return np.concatenate([((a - b) ** 2).mean((1, 2, 3)).numpy() for a, b in pairs])


def ssim(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Structural similarity of each pair of images: arrays (N, 1, 28, 28) in [0, 1] to (N,) in [-1, 1].

    Equal to ``skimage.metrics.structural_similarity(x, y, data_range=1)``, in float64 and for many images at once.
    """
    pairs = zip(_batches(x), _batches(y), strict=True)
    return np.concatenate([structural_similarity(a, b).numpy() for a, b in pairs])


def _batches(images: NDArray) -> list[Tensor]:
    starts = range(0, len(images), IMAGES)
    return [torch.from_numpy(images[i : i + IMAGES].astype(np.float64)) for i in starts]
