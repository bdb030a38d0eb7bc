"""The latent space: where encoded digits lie, where the flow's samples lie among them, and what each axis does.

PCA: z - mean = Σ_k c_k u_k with u_k the eigenvectors of the covariance of the encoded test digits, largest first.
t-SNE (van der Maaten & Hinton 2008) keeps neighbours together: distances within a cluster mean something on such a map,
those between clusters, and the sizes of clusters, little.
Axis i is active when Var_x(E[z_i | x]) > 0.01 (Burda et al. 2016, Importance Weighted Autoencoders, section 5.1).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowleague.data import Split
from flowleague.report.missing import Missing, finite, needs_library
from flowleague.text import percent

ACTIVE = 0.01
REACH = 3.0  # standard deviations that an axis is followed to either side
STOPS = 9
_MOST_AXES = 49
_PERPLEXITY, _ITERATIONS = 30.0, 500  # of t-SNE


class Coder(Protocol):
    """What maps images to latents and back, and draws: a bundle's networks, or a captured entry's programs."""

    def encode(self, images: Tensor, /) -> Tensor: ...  # noqa: D102

    def decode(self, z: Tensor, /) -> Tensor: ...  # noqa: D102

    def generate(self, n: int, /) -> Tensor: ...  # noqa: D102


@dataclass(frozen=True)
class Encoded:
    """Latents (N, D) of test digits with labels, and of the flow's samples (M, D)."""

    test: NDArray[np.float32]
    labels: NDArray[np.uint8]
    flow: NDArray[np.float32]


@dataclass(frozen=True)
class Plane:
    """A map of the latent space: test digits (N, 2) with labels (N,), samples (M, 2), names of the two axes."""

    test: NDArray[np.float32]
    labels: NDArray[np.uint8]
    flow: NDArray[np.float32]
    axes: tuple[str, str]


@dataclass(frozen=True)
class Components:
    """PCA of the encoded test digits: mean (D,), directions (D, D) in columns, shares of the variance (D,)."""

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]
    shares: NDArray[np.float64]

    def project(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents (N, D) on the plane of the first two, (N, 2)."""
        return ((z - self.mean) @ self.directions[:, :2]).astype(np.float32)


@dataclass(frozen=True)
class Shrunk:
    """MSE of test digits, and its standard error, when only the first `k` principal components are kept."""

    k: int
    mse: float
    error: float


@dataclass(frozen=True)
class Axes:
    """Images (A, STOPS, 1, 28, 28) along the latent axes `order` (A,), the strongest first; `active` of D are used."""

    images: NDArray[np.float32]
    order: list[int]
    active: int
    size: int


def components(z: NDArray[np.float32]) -> Components:
    """PCA of latents (N, D)."""
    mean = finite(z, "the latents of test digits").mean(0)
    values, vectors = np.linalg.eigh(np.cov((z - mean).astype(np.float64), rowvar=False))
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(values))])  # a direction has no sign of its own
    return Components(mean, (vectors * signs).astype(np.float32), values / max(values.sum(), 1e-30))


def pca_plane(encoded: Encoded, found: Components) -> Plane:
    """Test digits and samples on the first two principal components."""
    names = [f"component {k + 1} ({percent(found.shares[k])} of variance)" for k in range(2)]
    flow = found.project(finite(encoded.flow, "the flow's samples"))
    return Plane(found.project(encoded.test), encoded.labels, flow, (names[0], names[1]))


def tsne_plane(encoded: Encoded, test: int, flow: int) -> Plane:
    """One t-SNE map of so many test digits and samples together: a sample lies among the digits it is like."""
    some, samples = encoded.test[:test], encoded.flow[:flow]
    y = tsne(finite(np.concatenate([some, samples]), "the latents"))
    return Plane(y[: len(some)], encoded.labels[:test], y[len(some) :], ("", ""))


def tsne(z: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """A t-SNE map (N, 2) of latents (N, D), N > 3, by scikit-learn, from their first two principal components.

    Few points get a perplexity of a third of their number. Raises `Missing` without scikit-learn.
    """
    needs_library("sklearn", "scikit-learn", "The t-SNE map")
    from sklearn.manifold import TSNE

    if not z.std(0).any():
        raise Missing("All latents are equal, so there is no t-SNE map of them.")
    near = min(_PERPLEXITY, (len(z) - 1) / 3)
    return TSNE(perplexity=near, init="pca", max_iter=_ITERATIONS, random_state=seed).fit_transform(z)


def shrunk(model: Coder, encoded: Encoded, digits: Split, found: Components) -> list[Shrunk]:
    """What reconstruction would lose if the latent kept fewer principal components, without training it again."""
    size, x = encoded.test.shape[1], digits.pixels()
    centred, rows = encoded.test[: len(x)] - found.mean, []
    for k in sorted({k for k in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40) if k < size} | {size}):
        kept = found.directions[:, :k]
        images = model.decode(torch.from_numpy(found.mean + centred @ kept @ kept.T)).numpy()
        errors = ((finite(images, "reconstructions") - x) ** 2).mean((1, 2, 3), dtype=np.float64)
        rows.append(Shrunk(k, float(errors.mean()), float(errors.std(ddof=1) / np.sqrt(len(errors)))))
    return rows


def axes(model: Coder, z: NDArray[np.float32], most: int = _MOST_AXES) -> Axes:
    """Digits along each latent axis: from the mean, to REACH standard deviations either way, others unchanged."""
    mean, spread = z.mean(0), finite(z, "the latents of test digits").std(0)
    steps = np.linspace(-REACH, REACH, STOPS, dtype=np.float32)
    walks = np.repeat(mean[None, None], z.shape[1], 0).repeat(STOPS, 1)  # (D, STOPS, D)
    for i in range(z.shape[1]):
        walks[i, :, i] += steps * spread[i]
    images = model.decode(torch.from_numpy(walks.reshape(-1, z.shape[1]))).numpy()
    images = finite(images, "images along the axes").reshape(z.shape[1], STOPS, 1, 28, 28)
    effect = images.var(1).sum((1, 2, 3))
    order = np.argsort(-effect, kind="stable")[:most]
    return Axes(images[order], [int(i) for i in order], int((spread**2 > ACTIVE).sum()), z.shape[1])
