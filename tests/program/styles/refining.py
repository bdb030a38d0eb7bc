"""Gradients and optimisers inside encode and generate."""

import torch
import torch.nn.functional as F
from tests.program.styles import B, Cases, collect, decoder, encoder
from torch import nn

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


@enc
def gradient_steps():
    net, back = encoder(), decoder()

    def encode(x):
        z = net(x)
        for _ in range(3):
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                (slope,) = torch.autograd.grad(F.mse_loss(back(z), x, reduction="sum"), z)
            z = z - 0.02 * slope
        return z.detach()

    return encode


@enc
def momentum_by_torch_optim():
    net, back = encoder(), decoder()

    def encode(x):
        z = net(x).detach().clone().requires_grad_()
        optimiser = torch.optim.SGD([z], lr=0.02, momentum=0.9)
        with torch.enable_grad():
            for _ in range(4):
                optimiser.zero_grad()
                (back(z) - x).square().sum().backward()
                optimiser.step()
        return z.detach()

    return encode


@enc
def through_convolutions():
    torch.manual_seed(0)
    net = encoder()
    back = nn.Sequential(
        nn.Linear(8, 49), nn.Unflatten(1, (1, 7, 7)), nn.Conv2d(1, 4, 3, padding=1), nn.SiLU(),
        nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.Upsample(scale_factor=2), nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid(),
    ).requires_grad_(False)  # fmt: skip

    def encode(x):
        z = net(x)
        return z - 0.1 * torch.func.grad(lambda z: (back(z) - x).square().sum())(z)

    return encode


@gen
def langevin():
    net = decoder()
    torch.manual_seed(0)
    energy = nn.Linear(784, 1)

    def generate():
        z = torch.randn(B, 8)
        for _ in range(3):
            with torch.enable_grad():
                z.requires_grad_()
                (slope,) = torch.autograd.grad(energy(net(z).flatten(1)).sum(), z)
            z = z.detach() - 0.1 * slope + 0.1 * torch.randn_like(z)
        return net(z)

    return generate


@gen
def divergence_by_jvp():
    net = decoder()
    torch.manual_seed(0)
    field = nn.Sequential(nn.Linear(8, 8), nn.Tanh()).requires_grad_(False)

    def generate():
        z, e = torch.randn(B, 8), torch.randn(B, 8)
        value, slope, *_ = torch.func.jvp(field, (z,), (e,))
        return net(z + 0.1 * value + 0.1 * (slope * e).sum(1, keepdim=True))

    return generate
