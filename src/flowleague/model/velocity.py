"""The velocity network v(x_t, t) of the flow, and the normalisation of its space.

A residual MLP on flat latents, with the time added to every block through a shared embedding of Fourier features:

    h_0     = W_in x_t
    h_{i+1} = h_i + W2 silu(W1 norm(h_i) + T_i e(t))
    v       = W_out norm(h_n)

The flow works on normalised latents x = (z - mean) / std, so that data and noise have the same scale. Mean and std of
the encoded training split are buffers here, stored with the weights; at first they are 0 and 1.

>>> v = Velocity(latent=9, width=16, blocks=2)
>>> v(torch.randn(5, 9), torch.rand(5)).shape  # one time for each row, or (1,): one for all
torch.Size([5, 9])
>>> time_features(torch.zeros(1)).tolist() == [[0.0] * FREQUENCIES + [1.0] * FREQUENCIES]
True
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FREQUENCIES = 8  # of the time


def time_features(t: Tensor) -> Tensor:
    """Times t (B,) in [0, 1] to sines and cosines of pi/2 * 2^(k/2) t for k < FREQUENCIES, (B, 2 * FREQUENCIES)."""
    frequencies = (math.pi / 2) * 2 ** (torch.arange(FREQUENCIES, device=t.device, dtype=t.dtype) / 2)
    angles = t[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class FlowBlock(nn.Module):
    """A pre-norm residual MLP block whose hidden layer is shifted by the time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)  # W1 would absorb an affine map
        self.expand = nn.Linear(width, width)
        self.time = nn.Linear(2 * FREQUENCIES, width, bias=False)
        self.contract = nn.Linear(width, width)

    def forward(self, h: Tensor, e: Tensor) -> Tensor:
        """h (B, width) and time features e (B, 2 * FREQUENCIES) to (B, width)."""
        return h + self.contract(F.silu(self.expand(self.norm(h)) + self.time(e)))


class Velocity(nn.Module):
    """v(x_t, t) for normalised latents x_t (B, D) and times t in [0, 1], (B,) or (1,); returns (B, D)."""

    mean: Tensor
    std: Tensor

    def __init__(self, latent: int, width: int, blocks: int) -> None:
        super().__init__()
        self.inlet = nn.Linear(latent, width)
        self.blocks = nn.ModuleList(FlowBlock(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.outlet = nn.Linear(width, latent)
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("std", torch.ones(latent))

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        """The velocity dx/dt at (x_t, t)."""
        e = time_features(t)
        h = self.inlet(x_t)
        for block in self.blocks:
            h = block(h, e)
        return self.outlet(self.norm(h))

    def normalise(self, z: Tensor) -> Tensor:
        """Latents z of the VAE (B, D) to the flow's x (B, D)."""
        return (z - self.mean) / self.std

    def denormalise(self, x: Tensor) -> Tensor:
        """The flow's x (B, D) to latents z of the VAE (B, D)."""
        return x * self.std + self.mean


class Normalised(nn.Module):
    """Any network v(x_t (B, D), t (B,)) -> (B, D) with the normalisation of its space: what `Velocity` is by itself."""

    mean: Tensor
    std: Tensor
    normalise, denormalise = Velocity.normalise, Velocity.denormalise

    def __init__(self, network: nn.Module, latent: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("std", torch.ones(latent))

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        """The velocity dx/dt at (x_t, t); the network is given a time for each row."""
        return self.network(x_t, t.expand(len(x_t)))
