"""The feature network: a small classifier of the training images, in whose features fine-tuning compares images.

Distances between images say little about digits; distances between features of a network that classifies digits say
more (Li et al., Generative Moment Matching Networks, 2015; Zhang et al., LPIPS, 2018). It is trained from scratch on
the training split within the run, and deleted at the end. It is not a judge, and training never uses a judge.

The comparison is the squared energy distance (Székely & Rizzo 2013), which is the maximum mean discrepancy with the
kernel -|a - b| (Sejdinovic et al. 2013) and is 0 only where both distributions agree,

    D²(P, Q) = 2 E|a - b| - E|a - a'| - E|b - b'|        a, a' ~ P,  b, b' ~ Q

in each view of an image: its features at three depths and its pixels, in units of the mean distance between two real
images there.

Shapes: images (B, 1, 28, 28) in [0, 1]; maps (B, C, 14, 14), (B, 2C, 7, 7) and (B, 4C, 4, 4).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from flowleague.bundle.recipe import CriticRecipe
from flowleague.model.randomness import generator
from flowleague.training.augmentation import warp
from flowleague.training.device import training_precision
from flowleague.training.objectives import Digits, Loss, epoch_rows

_WIDTH = 24
_WEIGHTS = (1.0, 1.0, 1.0, 0.3)  # of the views
_SCALE_ROWS = 1000  # real images from which the scales are measured
_SAME = 1e-12  # squared distances are no smaller: a root has no gradient at 0
_FEATURES = 4  # in addresses, see `flowleague.training.objectives`


def _level(c_in: int, c_out: int, k: int) -> nn.Sequential:
    """Two convolutions, the first of which halves the resolution; smooth, since gradients go through it."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, k, stride=2, padding=k // 2, bias=False),
        nn.BatchNorm2d(c_out),
        nn.SiLU(),
        nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.SiLU(),
    )


class FeatureNetwork(nn.Module):
    """Three levels of convolutions, and a linear layer on the channel means of the last."""

    def __init__(self, classes: int, width: int = _WIDTH) -> None:
        super().__init__()
        self.levels = nn.ModuleList([_level(1, width, 5), _level(width, 2 * width, 3), _level(2 * width, 4 * width, 3)])
        self.head = nn.Linear(4 * width, classes)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def maps(self, images: Tensor) -> list[Tensor]:
        """The maps of the three levels."""
        maps = [images.contiguous(memory_format=torch.channels_last)]
        for level in self.levels:
            maps.append(level(maps[-1]))
        return maps[1:]

    def summary(self, images: Tensor) -> Tensor:
        """Channel means of the last map, (B, 4C): the input of the linear layer."""
        return self.maps(images)[-1].mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.head(self.summary(images))

    def views(self, images: Tensor) -> list[Tensor]:
        """What images are compared by, each flat: the summary, the last map, the first map at 7x7, the pixels."""
        first, _, last = self.maps(images)
        return [last.mean((2, 3)), last.flatten(1), F.avg_pool2d(first, 2).flatten(1), images.flatten(1)]


def features_objective(network: FeatureNetwork, digits: Digits, recipe: CriticRecipe, seed: int) -> Loss:
    """Cross entropy on the batch of a step, its images warped: the features must not be the pixels."""
    device, n = digits.device, len(digits.train)

    def loss_at(step: int) -> Tensor:
        rows = epoch_rows(seed, _FEATURES, n, recipe.batch, step).to(device)
        images = warp(digits.pixels(rows), generator(device, seed, _FEATURES, step))
        with training_precision(device):
            return F.cross_entropy(network(images), digits.train_labels[rows])

    return loss_at


@torch.no_grad()
def validate_features(network: FeatureNetwork, digits: Digits) -> dict[str, float]:
    """Accuracy on the validation split, in [0, 1]."""
    network.eval()
    read = torch.cat([network(images).argmax(1) for images in digits.validation.split(500)])
    network.train()
    return {"accuracy": float((read == digits.validation_labels).float().mean())}


def energy_distance(a: Tensor, b: Tensor, within_b: float | None = None) -> Tensor:
    """Unbiased estimate of the squared energy distance of two samples (n, F) and (m, F), a scalar; n, m > 1.

    `within_b` is the mean distance within Q where that is known.

    >>> round(float(energy_distance(torch.zeros(2, 1), torch.full((2, 1), 3.0))), 4)
    6.0
    """
    known = _within(b) if within_b is None else within_b
    return 2 * _distances(a, b).mean() - _within(a) - known


def _within(a: Tensor) -> Tensor:
    """The mean distance between two different rows of (n, F), a scalar."""
    n = len(a)
    return _distances(a, a, torch.eye(n, dtype=torch.bool, device=a.device)).sum() / (n * (n - 1))


def _distances(a: Tensor, b: Tensor, none: Tensor | None = None) -> Tensor:
    """Euclidean distances (n, m) of rows (n, F) and (m, F), by matrix products, forth and back; 0 where `none` (n, m).

    torch.cdist goes back through every coordinate of every pair, which takes several times as long.
    """
    squares = torch.addmm(a.square().sum(1, keepdim=True) + b.square().sum(1), a, b.T, alpha=-2)
    squares = squares.clamp(min=_SAME) if none is None else squares.masked_fill(none, 0).clamp(min=_SAME)
    return squares.sqrt() if none is None else squares.sqrt().masked_fill(none, 0)


@dataclass(frozen=True)
class Views:
    """A frozen feature network, its summaries of all training images (N, F), and the mean distance in each view."""

    network: FeatureNetwork
    summaries: Tensor
    scales: tuple[float, ...]

    @classmethod
    @torch.no_grad()
    def of(cls, network: FeatureNetwork, digits: Digits) -> "Views":
        """Freeze the network and compute the summaries and scales, once."""
        network.eval().requires_grad_(False)
        summaries = torch.cat(
            [network.summary(digits.pixels(rows)) for rows in torch.arange(len(digits.train)).split(1000)]
        )
        half = min(_SCALE_ROWS, len(digits.train) // 2)
        one, other = (network.views(digits.pixels(slice(k * half, (k + 1) * half))) for k in (0, 1))
        scales = tuple(float(torch.cdist(a, b).mean()) for a, b in zip(one, other, strict=True))
        return cls(network, summaries, scales)

    def distance(self, drawn: Tensor, real: Tensor, summaries: Tensor | None = None) -> Tensor:
        """Weighted distance between images (n, 1, 28, 28) and (m, 1, 28, 28), a scalar.

        `summaries` (k, F) of other real images replace those of `real` in the first view, and the mean distance between
        real images is then the one of `scales`, which has no gradient.
        """
        a = self.network.views(drawn)
        with torch.no_grad():
            b = self.network.views(real)
        if summaries is not None:
            b[0] = summaries
        known = self.scales if summaries is not None else (None,) * len(self.scales)
        terms = [
            weight * energy_distance(one, other, within) / scale
            for weight, one, other, within, scale in zip(_WEIGHTS, a, b, known, self.scales, strict=True)
        ]
        return torch.stack(terms).sum()
