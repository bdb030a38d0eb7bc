"""Ways to draw noise."""

import random

import numpy as np
import torch
from tests.program.styles import B, Cases, collect, decoder, encoder, velocity
from torch import nn

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


@gen
def euler_steps():
    net, v = decoder(), velocity()

    def generate():
        x = torch.randn(B, 8)
        for i in range(12):
            x = x + v(x, torch.full((B, 1), i / 12)) / 12
        return net(x)

    return generate


@gen
def ancestral_steps():
    net, v = decoder(), velocity()
    levels = torch.linspace(1, 0.1, 6)

    def generate():
        x = torch.randn(B, 8) * levels[0]
        for s in levels:
            x = x - 0.1 * v(x, s.expand(B, 1)) + 0.05 * s * torch.randn_like(x)
        return net(x)

    return generate


@gen
def guided_in_one_batch():
    net, v = decoder(), velocity()

    def generate():
        x = torch.randn(B, 8)
        for i in range(5):
            a, b = v(torch.cat([x, 0.5 * x]), torch.full((2 * B, 1), i / 5)).chunk(2)
            x = x + (1.5 * a - 0.5 * b) / 5
        return net(x)

    return generate


@gen
def own_generator():
    net = decoder()
    g = torch.Generator().manual_seed(7)
    return lambda: net(torch.randn(B, 8, generator=g))


@gen
def seeded_each_time():
    net = decoder()

    def generate():
        torch.manual_seed(1234)
        return net(torch.empty(B, 8).normal_(0, 0.8))

    return generate


@gen
def numpy_generator():
    net = decoder()
    return lambda: net(torch.as_tensor(np.random.default_rng().standard_normal((B, 8)), dtype=torch.float32))


@gen
def numpy_scaled():
    net = decoder()
    return lambda: net(torch.from_numpy(np.random.normal(0.2, 0.7, (B, 8)).astype(np.float32)))  # noqa: NPY002


@gen
def python_numbers():
    net = decoder()
    return lambda: net(torch.tensor([random.gauss(0, 1) for _ in range(8 * B)]).view(B, 8))


@gen
def mixture_of_gaussians():
    net = decoder()
    torch.manual_seed(0)
    means, weights = torch.randn(6, 8), torch.rand(6)

    def generate():
        which = torch.multinomial(weights, B, replacement=True)
        return net(means[which] + 0.3 * torch.randn(B, 8))

    return generate


@gen
def categorical_and_uniform():
    net = decoder()
    logits = torch.linspace(-1, 1, 8)
    return lambda: net(torch.distributions.Categorical(logits=logits).sample((B, 8)) / 4 - torch.rand(B, 8))


@gen
def classes_in_random_order():
    net = decoder()
    table = torch.randn(10, 8, generator=torch.Generator().manual_seed(6))
    return lambda: net(table[(torch.arange(B) % 10)[torch.randperm(B)]])


@gen
def exponential_and_cauchy():
    net = decoder()
    return lambda: net(torch.empty(B, 8).exponential_(2.0) + torch.empty(B, 8).cauchy_().clamp(-2, 2))


@gen
def dropout_at_sampling():
    net, drop = decoder(), nn.Dropout(0.25).train()
    return lambda: net(drop(torch.randn(B, 8)))


@gen
def best_of_three():
    net = decoder()

    def generate():
        images = net(torch.randn(3 * B, 8)).view(3, B, 784)
        best = images.var(-1).argmax(0)
        return images[best, torch.arange(B)].view(B, 1, 28, 28)

    return generate


@enc
def posterior_sample():
    net = encoder()

    def encode(x):
        mean, log_var = net(x).chunk(2, 1)
        return torch.distributions.Normal(mean, (0.5 * log_var).exp()).rsample()

    return encode


@enc
def noisy_input():
    net = encoder()
    return lambda x: net((x + 0.1 * torch.rand_like(x)).clamp_(0, 1) * torch.bernoulli(torch.full_like(x, 0.9)))
