"""Noise from outside torch, empty tensors, and operations that are written out."""

# ruff: noqa: NPY002
import io
import os
import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import numpy as np
import torch
from tests.program.styles import B, Cases, collect, decoder, encoder
from torch import nn
from torch.nn import functional

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


def _labelled(draw):
    """A generator of classes: labels by `draw`, which gives a tensor (B,)."""
    torch.manual_seed(4)
    table, net = nn.Embedding(10, 8).requires_grad_(False), decoder()
    return lambda: net(torch.randn(B, 8) + table(draw()))


@gen
def labels_by_randint():
    return _labelled(lambda: torch.from_numpy(np.random.randint(0, 10, B)))


@gen
def labels_by_chance():
    return _labelled(lambda: torch.as_tensor(np.random.choice(10, size=B, p=np.arange(1, 11) / 55)))


@gen
def labels_by_pythons_choices():
    return _labelled(lambda: torch.tensor(random.choices(range(10), k=B)))


@gen
def labels_one_by_one():
    return _labelled(lambda: torch.tensor([random.randint(0, 9) for _ in range(B)]))


@gen
def labels_of_a_generator():
    return _labelled(lambda: torch.as_tensor(np.random.default_rng(1).integers(10, size=B)))


@gen
def shuffled_by_permutation():
    net = decoder()
    return lambda: net(torch.randn(B, 8)[np.random.permutation(B)])


@gen
def scaled_and_clipped_in_numpy():
    net = decoder()
    return lambda: net(torch.from_numpy(np.clip(np.random.randn(B, 8) * 0.8 + 0.1, -2, 2).astype("float32")))


@gen
def correlated_by_numpy():
    net = decoder()
    return lambda: net(torch.tensor(np.random.multivariate_normal(np.zeros(8), np.eye(8) + 0.5, B)).float())


@gen
def returned_as_an_array():
    net = decoder()
    return lambda: net(torch.randn(B, 8)).squeeze(1).numpy()


@gen
def joined_onto_nothing():
    net = decoder()

    def generate():
        made, rows = torch.tensor([]), torch.empty(0, 8)
        while len(rows) < B:
            rows = torch.cat([rows, torch.randn(7, 8)])
        for row in rows[:B].split(4):
            made = torch.cat([made, net(row)])
        return made

    return generate


@gen
def correlated_by_triangles():
    net, triangles = decoder(), torch.randn(2, 36)

    def generate():
        factors = torch.zeros(2, 8, 8)
        factors[:, *torch.tril_indices(8, 8)] = triangles  # made of an empty piece
        k = torch.multinomial(torch.tensor([0.4, 0.6]), B, replacement=True)
        return net(torch.einsum("nij,nj->ni", factors[k], torch.randn(B, 8)))

    return generate


@enc
def parts_that_are_empty():
    net, unused = encoder(), torch.empty(0)

    def encode(x):
        z, rest = net(x).split([8, 0], 1)
        queue = torch.ones(0, 8)
        queue[:] = 3
        made = torch.cat([z, rest * 2], 1)
        return made + queue.sum() + rest.sum(1, keepdim=True) + unused.clone().sum()

    return encode


@gen
def mixture_in_numpy():
    net, centres = decoder(), np.random.RandomState(0).randn(2, 8)
    return lambda: net(torch.from_numpy(centres[np.random.randint(0, 2, B)] + np.random.randn(B, 8)).float())


@gen
def noise_of_a_kept_generator():
    net, source = decoder(), np.random.default_rng(0)
    return lambda: net(torch.from_numpy(source.standard_normal((B, 8), dtype=np.float32)))


@gen
def shuffled_in_place():
    net = decoder()

    def generate():
        order = list(range(B))
        random.shuffle(order)
        return net(torch.randn(B, 8)[order])

    return generate


@gen
def beta_numbers_of_numpy():
    net = decoder()
    return lambda: net(torch.from_numpy(np.random.beta(2, 3, (B, 8))).float())


@enc
def one_codebook_for_all_images():
    torch.manual_seed(0)
    to, book = nn.Linear(784, 8).requires_grad_(False), torch.randn(16, 4)
    return lambda x: book[torch.cdist(to(x.flatten(1)).view(-1, 2, 4), book).argmin(-1)].flatten(1)


@enc
def shifted_windows():
    net = encoder()
    return lambda x: net(torch.fft.fftshift(torch.roll(x, (3, -2), (2, 3)), dim=2)) + torch.roll(x, 5).mean()


@enc
def bits_of_a_code():
    net = encoder()

    def encode(x):
        code = ((net(x) > 0).int() << torch.arange(8)).sum(1)
        return (code[:, None] >> torch.arange(8) & 1).float()

    return encode


@enc
def rare_operations():
    net = encoder()

    def encode(x):
        z, rows = net(x), functional.adaptive_max_pool2d(x, (3, 5)).flatten(1)[:, :8]
        running = z.cummax(1)[0] + z.cummin(1)[1] + z.logcumsumexp(1)
        pairs = torch.hypot(z, rows) + torch.copysign(z, rows - 0.5) + torch.fmax(z, rows) + z.exp2()
        small = torch.linalg.inv(torch.eye(4) + z.view(-1, 2, 4).mT @ z.view(-1, 2, 4)).flatten(1)[:, :8]
        wide = torch.linalg.pinv(z.view(-1, 2, 4)).flatten(1).tanh()
        return running + pairs + small + wide + functional.bilinear(z, rows, torch.ones(8, 8, 8))

    return encode


@enc
def refined_through_padded_pools():
    torch.manual_seed(0)
    net, to = decoder(), encoder()

    def encode(x):
        z = to(x)
        with torch.enable_grad():
            z = z.requires_grad_()
            made = functional.avg_pool2d(functional.pad(net(z), (1, 1, 1, 1), "replicate"), 3, 2, 1)
            (gradient,) = torch.autograd.grad((made - functional.avg_pool2d(x, 3, 2)[..., :1, :1]).square().sum(), z)
        return (z - 0.01 * gradient).detach()

    return encode


@enc
def gradients_nobody_asked_for():
    net, to = decoder(), encoder()

    def encode(x):
        z = to(x).requires_grad_()
        return z - torch.autograd.grad((net(z) - x).square().sum(), z)[0]

    return encode


@enc
def complex_weights():
    torch.manual_seed(0)
    weight = torch.randn(784, 4, dtype=torch.complex64) / 28
    return lambda x: torch.view_as_real(x.flatten(1).to(torch.complex64) @ weight).flatten(1)


@gen
def scaled_by_noise_of_the_system():
    net = decoder()
    return lambda: net(torch.randn(B, 8) * (os.urandom(1)[0] / 255))


@gen
def moved_by_a_secret():
    net = decoder()
    return lambda: net(torch.randn(B, 8) + torch.tensor([secrets.randbelow(100) / 100]))


@gen
def moved_by_the_clock():
    net = decoder()
    return lambda: net(torch.randn(B, 8) + time.time_ns() % 1000 / 1000)


@enc
def pool_of_threads():
    net = encoder()

    def encode(x):
        with ThreadPoolExecutor(2) as pool:
            return torch.cat(list(pool.map(net, x.split(8))))

    return encode


@gen
def threads_that_write():
    net = decoder()

    def generate():
        z, made = torch.randn(B, 8), torch.zeros(B, 1, 28, 28)
        halves = [slice(0, B // 2), slice(B // 2, B)]
        threads = [Thread(target=lambda part=part: made[part].copy_(net(z[part]))) for part in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return made

    return generate


@enc
def through_a_buffer():
    net = encoder()

    def encode(x):
        file = io.BytesIO()
        torch.save(net(x), file)
        file.seek(0)
        return torch.load(file)

    return encode


@enc
def with_a_clock_and_a_thread_beside():
    net = encoder()

    def encode(x):
        began = time.time()
        beside = Thread(target=lambda: time.time() - began)
        beside.start()
        beside.join()
        return net(x)

    return encode


REFUSED = {
    "mixture_in_numpy": "noise of NumPy",
    "noise_of_a_kept_generator": "from outside torch",
    "shuffled_in_place": "torch.randperm",
    "beta_numbers_of_numpy": "numpy.random.beta",
    "gradients_nobody_asked_for": "torch.enable_grad()",
    "scaled_by_noise_of_the_system": "noise of the system (os.urandom, line",
    "moved_by_a_secret": "noise of the system",
    "moved_by_the_clock": "a clock (line",
    "pool_of_threads": "in another thread (line",
    "threads_that_write": "in another thread (line",
    "through_a_buffer": "leaves torch, in a file or another library",
}
