"""The critic: a small classifier of the training digits, in whose features `flowleague.training.finetune` compares.

Distances between images say little about digits; distances between features of a network that reads digits say more
(Li et al., Generative Moment Matching Networks, 2015; Zhang et al., LPIPS, 2018). The critic is trained from scratch on
the training split within the run, and forgotten at its end: it is no judge, and no judge is ever asked in training.

Shapes: images (B, 1, 28, 28) in [0, 1]; maps (B, C, 14, 14), (B, 2C, 7, 7) and (B, 4C, 4, 4).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 24


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


class Critic(nn.Module):
    """Three levels of convolutions, and a linear layer on the means of the last."""

    def __init__(self, classes: int, width: int = WIDTH) -> None:
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
        """Channel means of the last map, (B, 4C): what the class is read from."""
        return self.maps(images)[-1].mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.head(self.summary(images))

    def views(self, images: Tensor) -> list[Tensor]:
        """What images are compared by, each flat: the summary, the last map, the first map at 7x7, the pixels."""
        first, _, last = self.maps(images)
        return [last.mean((2, 3)), last.flatten(1), F.avg_pool2d(first, 2).flatten(1), images.flatten(1)]
