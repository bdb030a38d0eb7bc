"""Two strangers' models to be captured: layers of perceptrons, and convolutions with attention that draw more noise."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LATENT = 6


class Perceptrons(nn.Module):
    """A flow of two layers, solved by Euler's steps from normal noise."""

    def __init__(self) -> None:
        super().__init__()
        self.inlet = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, LATENT))
        self.outlet = nn.Sequential(nn.Linear(LATENT, 32), nn.GELU(), nn.Linear(32, 784), nn.Sigmoid())
        self.velocity = nn.Sequential(nn.Linear(LATENT + 1, 24), nn.SiLU(), nn.LayerNorm(24), nn.Linear(24, LATENT))

    def encode(self, images: Tensor) -> Tensor:
        return self.inlet(images.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        return self.outlet(z).view(-1, 1, 28, 28)

    def generate(self, n: int) -> Tensor:
        x = torch.randn(n, LATENT)
        for k in range(4):
            x = x + self.velocity(torch.cat([x, torch.full((n, 1), k / 4)], 1)) / 4
        return self.decode(x)


class Attention(nn.Module):
    """Patches by convolutions, a transformer's layer over them, transposed convolutions back; labels are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            nn.Conv2d(1, 8, 4, 4), nn.GroupNorm(2, 8), nn.GELU(), nn.MaxPool2d(2, 2, padding=1)
        )
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.code = nn.Linear(8 * 16, LATENT)
        self.back = nn.Linear(LATENT, 8 * 49)
        self.up = nn.Sequential(
            nn.ConvTranspose2d(8, 4, 2, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Upsample(scale_factor=2)
        )
        self.last = nn.Conv2d(4, 1, 3, padding=1)
        self.labels = nn.Embedding(10, LATENT)
        self.velocity = nn.Linear(2 * LATENT, LATENT)

    def encode(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        attended = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.code(attended.flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.last(self.up(F.elu(self.back(z)).view(-1, 8, 7, 7))))

    def generate(self, n: int) -> Tensor:
        x, labels = torch.randn(n, LATENT), self.labels(torch.randint(0, 10, (n,)))
        for _ in range(3):
            x = x + self.velocity(torch.cat([x, labels], 1)) / 3 + 0.1 * torch.randn_like(x)
        return self.decode(x)


MODELS = {"perceptrons": Perceptrons, "attention": Attention}


def functions(name: str) -> dict[str, Any]:
    torch.manual_seed(2)
    model = MODELS[name]().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(2)  # images with some contrast
    return {"encode": model.encode, "decode": model.decode, "generate": model.generate}
