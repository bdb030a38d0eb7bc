"""Arrays that leave torch, are computed with in NumPy, and come back."""

import numpy as np
import torch
from tests.program.styles import B, Cases, collect, decoder, encoder

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")

REFUSED = {"changed_through_the_array": ".numpy()"}


@enc
def standardised_in_numpy():
    net, mean = encoder(), np.arange(8, dtype=np.float32)
    return lambda x: torch.from_numpy((net(x).cpu().numpy() - mean) / np.float32(1.7)).float()


@gen
def batches_gathered_in_numpy():
    net = decoder()

    def generate():
        parts = [net(torch.randn(min(6, B - i), 8)).numpy() for i in range(0, B, 6)]
        return torch.tensor(np.clip(np.concatenate(parts, axis=0), 0.1, 0.9))

    return generate


@gen
def batches_written_into_an_array():
    net = decoder()

    def generate():
        images = np.zeros((B, 1, 28, 28), dtype=np.float32)
        for i in range(0, B, 8):
            images[i : i + 8] = net(torch.randn(8, 8)).numpy()
        return torch.from_numpy(images)

    return generate


@enc
def changed_through_the_array():
    net = encoder()

    def encode(x):
        z = net(x)
        z.numpy()[:] *= 2
        return z

    return encode
