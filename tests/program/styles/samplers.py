"""Samplers as students and researchers write them: schedulers, solvers, priors over codes, weights that are swapped."""

import contextlib
import itertools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tests.program.styles import B, Cases, collect, decoder, velocity
from torch import Tensor, nn

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


@dataclass
class Moved:
    """What a step of a scheduler returns."""

    prev_sample: Tensor


class Scheduler:
    """Steps of DDIM, with the time as a tensor of the list that `set_timesteps` makes."""

    def __init__(self) -> None:
        self.alphas, self.last = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0), torch.tensor(1.0)

    def set_timesteps(self, n: int) -> None:
        self.stride, self.timesteps = 1000 // n, torch.arange(0, 1000, 1000 // n).flip(0)

    def step(self, noise: Tensor, t: Tensor, x: Tensor, eta: float) -> Moved:
        before = t - self.stride
        a, b = self.alphas[t], self.alphas[before] if before >= 0 else self.last
        clean = ((x - (1 - a) ** 0.5 * noise) / a**0.5).clamp(-1, 1)
        sigma = eta * ((1 - b) / (1 - a) * (1 - a / b)) ** 0.5
        return Moved(b**0.5 * clean + (1 - b - sigma**2) ** 0.5 * noise + sigma * torch.randn_like(x))


@gen
def scheduler_of_noise_levels():
    v, to_image, scheduler = velocity(), decoder(), Scheduler()

    def generate():
        scheduler.set_timesteps(6)
        x = torch.randn(B, 8)
        for t in scheduler.timesteps:
            x = scheduler.step(v(x, (t / 1000).expand(B, 1)), t, x, eta=0.5).prev_sample
        return to_image(x)

    return generate


@gen
def scheduler_whose_index_goes_on():
    v, to_image, at = velocity(), decoder(), [0]
    sigmas = torch.linspace(1, 0, 400)

    def generate():
        x = torch.randn(B, 8)
        for _ in range(3):
            x = x - v(x, sigmas[at[0]].expand(B, 1)) * sigmas[at[0]]
            at[0] = (at[0] + 1) % 400
        return to_image(x)

    return generate


@gen
def churned_noise_in_float64():
    v, to_image = velocity(), decoder()

    def generate():
        steps = torch.arange(5, dtype=torch.float64) / 4
        sigmas = torch.cat([(80 ** (1 / 7) + steps * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7, torch.zeros(1)])
        x = torch.randn(B, 8).to(torch.float64) * sigmas[0]
        for now, after in itertools.pairwise(sigmas):
            gamma = min(8.0, 2**0.5 - 1) if 0.05 <= now <= 50 else 0
            hat = torch.as_tensor(now + gamma * now)
            x = x + (hat**2 - now**2).sqrt() * torch.randn_like(x)
            slope = (x - v((x / hat).float(), hat.float().log().expand(B, 1)).to(torch.float64)) / hat
            x = x + (after - hat) * slope
        return to_image(x.float())

    return generate


@gen
def solver_of_two_orders():
    v, to_image = velocity(), decoder()

    @torch.no_grad()
    def generate():
        x, t, h = torch.randn(B, 8), 0.0, 0.2
        while t < 1:
            h = min(h, 1 - t)
            a = v(x, torch.full((B, 1), t))
            b = v(x + h * a, torch.full((B, 1), t + h))
            error = (h / 2 * (b - a)).abs().max().item()
            if error < 0.5 or h < 1e-3:
                x, t = x + h / 2 * (a + b), t + h
            h = h * min(2, max(0.3, 0.9 * (0.5 / (error + 1e-9)) ** 0.5))
        return to_image(x)

    return generate


@gen
def averaged_weights_are_swapped_in():
    torch.manual_seed(0)
    net, to_image = nn.Linear(8, 8), decoder()
    shadow = [0.9 * p.detach() for p in net.parameters()]

    @contextlib.contextmanager
    def averaged():
        kept = [p.clone() for p in net.parameters()]
        for p, s in zip(net.parameters(), shadow, strict=True):
            p.data.copy_(s)
        try:
            yield
        finally:
            for p, k in zip(net.parameters(), kept, strict=True):
                p.data.copy_(k)

    def generate():
        with averaged():
            x = torch.randn(B, 8)
            for _ in range(3):
                x = x + net(x) / 3
        return to_image(x)

    return generate


@gen
def tokens_with_a_cache_of_keys():
    torch.manual_seed(0)
    embed, out, to_image = nn.Embedding(17, 8), nn.Linear(8, 16), decoder()
    key, value, query = (nn.Linear(8, 8) for _ in range(3))

    def generate():
        tokens, keys, values = torch.full((B, 1), 16), [], []
        for _ in range(4):
            h = embed(tokens[:, -1:])
            keys.append(key(h))
            values.append(value(h))
            seen = F.scaled_dot_product_attention(
                query(h)[:, None], torch.cat(keys, 1)[:, None], torch.cat(values, 1)[:, None]
            )
            logits = out(seen[:, 0, -1])
            least = logits.topk(8).values[:, -1:]
            chances = F.softmax(logits.masked_fill(logits < least, -math.inf) / 0.8, -1)
            tokens = torch.cat([tokens, torch.multinomial(chances, 1)], 1)
        return to_image(embed(tokens[:, 1:]).mean(1))

    return generate


@gen
def metropolis():
    torch.manual_seed(0)
    energy, to_image = nn.Linear(8, 1), decoder()

    def generate():
        z = torch.randn(B, 8)
        for _ in range(3):
            new = z + 0.3 * torch.randn_like(z)
            accepted = torch.rand(B, 1) < torch.exp(energy(z).square() - energy(new).square())
            z = torch.where(accepted, new, z)
        return to_image(z)

    return generate


@gen
def truncated_by_the_initialiser():
    to_image = decoder()
    return lambda: to_image(nn.init.trunc_normal_(torch.empty(B, 8), std=0.8, a=-1, b=1))


@gen
def noise_that_was_drawn_before():
    to_image, noise = decoder(), iter(torch.randn(64, B, 8))
    return lambda: to_image(next(noise))


@enc
def convolutions_of_each_image_its_own():
    torch.manual_seed(0)
    kernels = nn.Linear(784, 9)

    def encode(x):
        own = kernels(x.flatten(1)).view(-1, 1, 3, 3)
        return F.conv2d(x.view(1, len(x), 28, 28), own, groups=len(x), stride=7).view(len(x), -1)

    return encode


REFUSED = {"scheduler_whose_index_goes_on": "keeps state", "noise_that_was_drawn_before": "keeps state"}
