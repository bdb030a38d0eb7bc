"""The two networks that judge: a residual CNN and a token mixer. Small, because a score reads 100,000 images.

Different families, so that a generator which pleases one by accident does not please both.

ResidualCNN   5x5 conv /2 -> residual blocks at 14x14 -> 3x3 conv /2 -> residual blocks at 7x7 -> mean -> linear
TokenMixer    5x5 conv /2 -> 3x3 conv -> 3x3 conv /2 -> 49 tokens -> mixer blocks -> mean -> linear

Shapes: images (B, 1, 28, 28) in [0, 1]; features (B, F); logits (B, C) with C classes.
References: He et al., Deep Residual Learning, arXiv:1512.03385; Tolstikhin et al., MLP-Mixer,
arXiv:2105.01601; Li et al., ConvMLP, arXiv:2109.04454, for the convolutions in stem and blocks.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class _ConvNorm(nn.Sequential):
    """A k x k convolution without bias, then batch normalisation."""

    def __init__(self, c_in: int, c_out: int, k: int = 3, stride: int = 1):
        super().__init__(
            nn.Conv2d(c_in, c_out, k, stride, padding=k // 2, bias=False),
            nn.BatchNorm2d(c_out),
        )


class _ResidualBlock(nn.Module):
    """relu(x + conv(relu(conv(x)))): the resolution and the channels stay."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = _ConvNorm(channels, channels)
        self.conv2 = _ConvNorm(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, H, W) -> (B, c, H, W)."""
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class _ResidualCNN(nn.Module):
    """A residual CNN that works at 14x14 and 7x7 only."""

    def __init__(self, classes: int = 10, narrow: int = 16, wide: int = 64, blocks: tuple[int, int] = (2, 2)):
        super().__init__()
        self.trunk = nn.Sequential(
            _ConvNorm(1, narrow, 5, stride=2),
            nn.ReLU(),
            *(_ResidualBlock(narrow) for _ in range(blocks[0])),
            _ConvNorm(narrow, wide, 3, stride=2),
            nn.ReLU(),
            *(_ResidualBlock(wide) for _ in range(blocks[1])),
        )
        self.head = nn.Linear(wide, classes)

    def features(self, images: Tensor) -> Tensor:
        """Channel means of the last map, (B, wide), none negative."""
        return self.trunk(images).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.head(self.features(images))


class _MixerBlock(nn.Module):
    """Mixes neighbours, then all tokens channel by channel, then the channels token by token; each residual."""

    def __init__(self, side: int, width: int):
        super().__init__()
        self.side = side
        self.local = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.norm1 = nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(side**2, width), nn.ReLU(), nn.Linear(width, side**2))
        self.norm2 = nn.LayerNorm(width)
        self.channels = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, side**2, width) -> (B, side**2, width)."""
        x = x + self.local(x.transpose(1, 2).unflatten(2, (self.side, self.side))).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class TokenMixer(nn.Module):
    """An MLP-Mixer with a look at the neighbours, on the 7x7 tokens of a small convolutional stem."""

    def __init__(self, classes: int = 10, stem: tuple[int, int] = (24, 48), width: int = 80, blocks: int = 3):
        super().__init__()
        self.stem = nn.Sequential(
            _ConvNorm(1, stem[0], 5, stride=2),
            nn.ReLU(),
            _ConvNorm(stem[0], stem[1]),
            nn.ReLU(),
            _ConvNorm(stem[1], width, stride=2),
        )
        self.mixer = nn.Sequential(*(_MixerBlock(7, width) for _ in range(blocks)), nn.LayerNorm(width))
        self.head = nn.Linear(width, classes)

    def features(self, images: Tensor) -> Tensor:
        """Token means of the normalised last layer, (B, width)."""
        return self.mixer(self.stem(images).flatten(2).transpose(1, 2)).mean(1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.head(self.features(images))


Classifier = _ResidualCNN | TokenMixer
NETWORKS: dict[str, type[Classifier]] = {"residual-cnn": _ResidualCNN, "token-mixer": TokenMixer}
