"""Layers and ways to build a network."""

import torch
import torch.nn.functional as F
from tests.program.styles import Cases, collect, decoder, encoder
from torch import nn

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")


@enc
def residual_convolutions():
    torch.manual_seed(0)
    a, b, c = nn.Conv2d(1, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 1, 1, stride=2)
    return lambda x: c(F.relu(a(x)) + b(F.relu(a(x)))).flatten(1)


@enc
def unet_with_group_norm():
    torch.manual_seed(0)
    down, up = nn.Conv2d(1, 8, 4, 2, 1), nn.ConvTranspose2d(8, 4, 4, 2, 1)
    norm, out = nn.GroupNorm(2, 8), nn.Conv2d(5, 1, 3, 2, 1)
    return lambda x: out(torch.cat([up(F.silu(norm(down(x)))), x], 1)).flatten(1)[:, ::7]


@enc
def batch_norm_eval():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 6, 5, 4), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.Flatten())
    for _ in range(3):
        net(torch.rand(32, 1, 28, 28))
    return net.eval()


@enc
def responses_of_neighbours():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 6, 5, 4), nn.LocalResponseNorm(3), nn.Flatten()).eval()


@enc
def batch_norm_training():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.BatchNorm1d(12), nn.ELU(), nn.Linear(12, 6)).train()


@enc
def patches_and_attention():
    torch.manual_seed(0)
    embed, layer = nn.Linear(49, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True)
    place, head = nn.Parameter(torch.randn(1, 16, 16)), nn.Linear(16, 8)
    layer.eval()

    def encode(x):
        patches = F.unfold(x, 7, stride=7).transpose(1, 2)
        return head(layer(embed(patches) + place).mean(1))

    return encode


@enc
def masked_attention():
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(28, 4, batch_first=True).eval()
    mask = torch.triu(torch.full((28, 28), float("-inf")), 1)
    return lambda x: attention(x[:, 0], x[:, 0], x[:, 0], attn_mask=mask, need_weights=False)[0][:, -1]


@enc
def recurrent_rows():
    torch.manual_seed(0)
    cell, head = nn.GRUCell(28, 12), nn.Linear(12, 6)

    def encode(x):
        h = x.new_zeros(len(x), 12)
        for row in x[:, 0].unbind(1)[::4]:
            h = cell(row, h)
        return head(h)

    return encode


@enc
def scripted():
    return torch.jit.script(encoder())


@enc
def half_precision_with_cast():
    net = encoder().to(torch.bfloat16)
    return lambda x: net(x.bfloat16()).float()


@enc
def weight_normalised():
    torch.manual_seed(0)
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(784, 8))
    return lambda x: layer(x.flatten(1))


@enc
def wavelet_by_strides():
    def encode(x):
        a, b, c, d = x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]
        return torch.cat([a + b + c + d, a - b + c - d], 1).flatten(1)[:, 100:140] / 2

    return encode


@enc
def spectrum():
    return lambda x: torch.view_as_real(torch.fft.fft2(x)[:, 0, :3, :3]).flatten(1) / 28


@enc
def pyramid():
    def encode(x):
        small = F.avg_pool2d(x, 4)
        back = F.interpolate(small, (28, 28), mode="bilinear", align_corners=False)
        return F.max_pool2d((x - back).abs(), 7).flatten(1)

    return encode


@enc
def principal_components():
    torch.manual_seed(0)
    basis, mean = torch.linalg.qr(torch.randn(784, 8))[0], torch.rand(784)
    return lambda x: (x.flatten(1) - mean) @ basis


@enc
def codebook_by_distance():
    net, codes = encoder(), torch.randn(32, 8, generator=torch.Generator().manual_seed(4))

    def encode(x):
        z = net(x)
        return codes[torch.cdist(z, codes).argmin(1)] + 0.1 * z

    return encode


@gen
def embedded_classes():
    net = decoder()
    torch.manual_seed(0)
    table = nn.Embedding(10, 8)
    return lambda: net(table(torch.arange(16) % 10) + torch.randn(16, 8))


@gen
def shared_slices_of_one_tensor():
    net = decoder()
    bank = torch.randn(20, 8, generator=torch.Generator().manual_seed(5))
    return lambda: net(torch.randn(16, 8) @ bank[:8] + bank[4:12].t().mean(1) + bank[3])
