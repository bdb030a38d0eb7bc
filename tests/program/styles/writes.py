"""Writing in place, through views, and into buffers that were made for it."""

import torch
from tests.program.styles import B, Cases, collect, decoder, encoder, velocity
from torch import nn

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


@enc
def rows_into_a_buffer():
    net = encoder()

    def encode(x):
        out = torch.empty(len(x), 8)
        for i in range(0, len(x), 5):
            out[i : i + 5] = net(x[i : i + 5])
        return out

    return encode


@gen
def path_kept_in_one_tensor():
    net, v = decoder(), velocity()

    def generate():
        path = torch.zeros(5, B, 8)
        path[0] = torch.randn(B, 8)
        for i in range(4):
            path[i + 1] = path[i] + v(path[i], torch.full((B, 1), i / 4)) / 4
        return net(path[-1])

    return generate


@enc
def diagonal_and_columns():
    def encode(x):
        y = x[:, 0].clone()
        y.diagonal(dim1=1, dim2=2).fill_(1.0)
        y[:, :, 3:9].mul_(0.5)
        y.transpose(1, 2)[:, 5] += y[:, 7]
        return y.flatten(1)[:, 100:150]

    return encode


@enc
def out_arguments():
    torch.manual_seed(0)
    weight, out = torch.randn(784, 8), torch.zeros(B, 8)

    def encode(x):
        torch.mm(x.flatten(1), weight, out=out)
        return out.tanh_()

    return encode


@enc
def masked_fill_and_scatter():
    net = encoder()

    def encode(x):
        z = net(x.masked_fill(x < 0.2, 0.0))
        z.scatter_(1, z.argmax(1, keepdim=True), 0.0)
        z[z.abs() < 0.1] = 0.0
        return z.clamp_(-1, 1)

    return encode


@enc
def data_attribute():
    layer = nn.Linear(784, 8)

    def encode(x):
        z = layer(x.flatten(1))
        z.data[:, :2] *= 3
        z.data = z.data + 1
        return z

    return encode


@enc
def same_memory_through_numpy():
    net = encoder()
    return lambda x: torch.from_numpy(net(x).numpy())
