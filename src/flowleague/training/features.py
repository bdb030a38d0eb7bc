"""The feature network: a small classifier of the training images, in whose features fine-tuning compares images.

Distances between images say little about digits; distances between features of a network that classifies digits say
more (Li et al., Generative Moment Matching Networks, 2015; Zhang et al., LPIPS, 2018). It is trained from scratch on
the training split within the run, and deleted at the end. It is not a judge, and training never uses a judge.

The comparison is the squared energy distance (Székely & Rizzo 2013), which is the maximum mean discrepancy with the
kernel -|a - b| (Sejdinovic et al. 2013) and is 0 only where both distributions agree,

    D²(P, Q) = 2 E|a - b| - E|a - a'| - E|b - b'|        a, a' ~ P,  b, b' ~ Q

in each view of an image: its features at three depths and its pixels, in units of the mean distance between two real
images there. Where it is known of which class an image is to be, the classes are compared one by one and the mean is
taken: they lie far apart, and the distances between them drown what differs within one.

Shapes: images (B, 1, 28, 28) in [0, 1]; maps (B, W, 14, 14), (B, 2W, 7, 7) and (B, 4W, 4, 4); N training images, K
classes.
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
        """Channel means of the last map, (B, 4W): the input of the linear layer."""
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


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """Unbiased estimate of the squared energy distance of two samples (n, F) and (m, F), a scalar; n, m > 1.

    >>> round(float(energy_distance(torch.zeros(2, 1), torch.full((2, 1), 3.0))), 4)
    6.0
    """
    one, other = a.new_ones(len(a), 1), b.new_ones(len(b), 1)
    return energy_distance_by_class(a, b, one, other, _within(b, other))


def energy_distance_by_class(a: Tensor, b: Tensor, of_a: Tensor, of_b: Tensor, within_b: Tensor) -> Tensor:
    """The mean over classes of the squared energy distance of samples (n, F) and (m, F) within each, a scalar.

    `of_a` (n, K) and `of_b` (m, K) are 1 where a row is of a class, else 0; `within_b` (K,) is the mean distance of two
    rows of a class of Q. Classes with fewer than two rows of a, or none of b, are left out.

    >>> a, of_a = torch.tensor([[0.0], [0.0], [9.0], [9.0]]), torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    >>> b, of_b = torch.tensor([[3.0], [9.0]]), torch.eye(2)
    >>> round(float(energy_distance_by_class(a, b, of_a, of_b, torch.zeros(2))), 4)
    3.0
    """
    each = 2 * _class_means(_distances(a, b), of_a, of_b) - _within(a, of_a) - within_b
    present = (of_a.sum(0) > 1) & (of_b.sum(0) > 0)
    return each.where(present, 0).sum() / present.sum().clamp(min=1)


def _within(a: Tensor, of_a: Tensor) -> Tensor:
    """The mean distance between two different rows of each class, (K,), of (n, F) and (n, K)."""
    none = torch.eye(len(a), dtype=torch.bool, device=a.device)
    n = of_a.sum(0)
    return _class_means(_distances(a, a, none), of_a, of_a) * n / (n - 1).clamp(min=1)


def _class_means(distances: Tensor, of_a: Tensor, of_b: Tensor) -> Tensor:
    """The mean of the entries (n, m) whose row and column are of a class, (K,); 0 where there is none."""
    pairs = of_a.sum(0) * of_b.sum(0)
    return (of_a.T @ distances * of_b.T).sum(1) / pairs.clamp(min=1)


def _distances(a: Tensor, b: Tensor, none: Tensor | None = None) -> Tensor:
    """Euclidean distances (n, m) of rows (n, F) and (m, F), by matrix products, forth and back; 0 where `none` (n, m).

    torch.cdist goes back through every coordinate of every pair, which takes several times as long.
    """
    squares = torch.addmm(a.square().sum(1, keepdim=True) + b.square().sum(1), a, b.T, alpha=-2)
    squares = squares.clamp(min=_SAME) if none is None else squares.masked_fill(none, 0).clamp(min=_SAME)
    return squares.sqrt() if none is None else squares.sqrt().masked_fill(none, 0)


@dataclass(frozen=True)
class Views:
    """A frozen feature network, and what it says of the training images.

    summaries  (N, F)
    members    (N, K), 1 where an image is of a class; K = 1 where classes are not told apart
    scales     the mean distance of two images in each view
    within     the same of two images of a class, (K,) in each view
    """

    network: FeatureNetwork
    summaries: Tensor
    members: Tensor
    scales: tuple[float, ...]
    within: tuple[Tensor, ...]

    @classmethod
    @torch.no_grad()
    def of(cls, network: FeatureNetwork, digits: Digits, *, by_class: bool) -> "Views":
        """Freeze the network and compute all else, once; `by_class` tells classes apart."""
        network.eval().requires_grad_(False)
        summaries = torch.cat(
            [network.summary(digits.pixels(rows)) for rows in torch.arange(len(digits.train)).split(1000)]
        )
        labels = digits.train_labels if by_class else torch.zeros_like(digits.train_labels)
        members = F.one_hot(labels, digits.classes if by_class else 1).float()
        half = min(_SCALE_ROWS, len(digits.train) // 2)
        parts = [slice(k * half, (k + 1) * half) for k in (0, 1)]
        one, other = (network.views(digits.pixels(part)) for part in parts)
        distances = [torch.cdist(a, b) for a, b in zip(one, other, strict=True)]
        within = tuple(_class_means(between, *(members[part] for part in parts)) for between in distances)
        return cls(network, summaries, members, tuple(float(between.mean()) for between in distances), within)

    def distance(self, drawn: Tensor, real: Tensor) -> Tensor:
        """Weighted distance between images (n, 1, 28, 28) and (m, 1, 28, 28) of all classes, a scalar."""
        a, b = self.network.views(drawn), self.network.views(real)
        terms = [
            weight * energy_distance(one, other) / scale
            for weight, one, other, scale in zip(_WEIGHTS, a, b, self.scales, strict=True)
        ]
        return torch.stack(terms).sum()

    def distance_by_class(self, drawn: Tensor, of_drawn: Tensor, real: Tensor, rows: Tensor, others: Tensor) -> Tensor:
        """Weighted distance within classes, a scalar, in units of the mean distance of two real images of a class.

        Images (n, 1, 28, 28) that are to be of classes (n, K) beside training images (m, 1, 28, 28), whose numbers are
        `rows` (m,). In the first view summaries of `others` (k,) replace those of `real`.
        """
        a = self.network.views(drawn)
        with torch.no_grad():
            b = self.network.views(real)
        b[0] = self.summaries[others]
        of_b = [self.members[others], *[self.members[rows]] * (len(b) - 1)]
        terms = [
            weight * energy_distance_by_class(one, other, of_drawn, of_other, within) / within.mean()
            for weight, one, other, of_other, within in zip(_WEIGHTS, a, b, of_b, self.within, strict=True)
        ]
        return torch.stack(terms).sum()
