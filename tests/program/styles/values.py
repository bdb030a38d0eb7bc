"""What depends on values: kept where every check agrees, refused in one sentence otherwise."""

import numpy as np
import torch
from tests.program.styles import B, Cases, collect, decoder, encoder
from torch import nn
from torch.nn.functional import one_hot

CASES: Cases = {}
enc, gen = collect(CASES, "enc"), collect(CASES, "gen")

# What the sentence must name
REFUSED = {
    "calls_counted": "state",
    "running_mean": "state",
    "noise_of_the_first_call": "state",
    "pixels_by_mask": "where",
    "less_the_mean_of_the_chosen": "a size depends on values",
    "nothing_finite": "NaN or infinite",
    "largest_by_item": ".item()",
    "rounded_by_list": ".tolist()",
    "inverted_by_the_ink_of_a_batch": "torch.where",
    "shifted_by_the_mean_of_a_batch": "float()",
    "steps_by_the_ink": "int()",
    "gamma_numbers": "gamma",
    "classes_counted": "num_classes",
    "list_returned": "tensor",
    "raises": "ValueError",
}


@enc
def full_ink_by_item():
    net = encoder()
    return lambda x: net(x / x.max().item())


@enc
def range_checked():
    net = encoder()

    def encode(x):
        if x.min() < 0 or x.max() > 1:
            x = x / 255
        return net(x)

    return encode


@enc
def inverted_by_the_ink_of_a_batch():
    net = encoder()
    return lambda x: net(1 - x if x.mean() > 0.22 else x)  # of one image now and then, of a batch never


@enc
def shifted_by_the_mean_of_a_batch():
    net = encoder()
    return lambda x: net(x) + (10 if float(x.mean()) > 0.22 else 0)


@gen
def weights_made_in_the_first_call():
    made = {}

    def generate():
        if not made:
            made["net"] = nn.Linear(8, 784)
            nn.init.zeros_(made["net"].bias)
            made["net"].weight.data.copy_(torch.linspace(-1, 1, 8 * 784).view(784, 8))
        return made["net"](torch.randn(B, 8)).sigmoid()

    return generate


@gen
def resampled_until_small():
    net = decoder()

    def generate():
        z = torch.randn(B, 8)
        while (z.abs() > 2).any():
            z = torch.where(z.abs() > 2, torch.randn_like(z), z)
        return net(z)

    return generate


@enc
def calls_counted():
    net, seen = encoder(), []

    def encode(x):
        seen.append(1)
        return net(x) * len(seen)

    return encode


@enc
def running_mean():
    net, mean = encoder(), torch.zeros(8)

    def encode(x):
        mean.lerp_(net(x).mean(0), 0.1)
        return net(x) - mean

    return encode


@gen
def noise_of_the_first_call():
    net, kept = decoder(), []

    def generate():
        if not kept:
            kept.append(torch.randn(B, 8))
        return net(kept[0])

    return generate


@enc
def pixels_by_mask():
    return lambda x: torch.stack([image[image > 0.5].mean() for image in x])[:, None]


@enc
def refined_where_the_error_is_large():
    net, back = encoder(), decoder()

    def encode(x):
        z = net(x)
        for _ in range(2):
            bad = (back(z) - x).square().mean((1, 2, 3)) > 0.2
            if bad.any():
                z[bad] = z[bad] * 0.9
        return z

    return encode


@enc
def best_of_three():
    nets, back = [encoder(), encoder(), encoder()], decoder()

    def encode(x):
        least, best = torch.full((len(x),), float("inf")), torch.zeros(len(x), 8)
        for net in nets:
            z = net(x)
            error = (back(z) - x).square().flatten(1).mean(1)
            better = error < least
            least[better], best[better] = error[better], z[better]
        return best

    return encode


@enc
def less_the_mean_of_the_chosen():
    net = encoder()

    def encode(x):
        z = net(x)
        return z - z[z[:, 0] > 0].mean(0)

    return encode


@enc
def largest_by_item():
    net = encoder()
    return lambda x: net(x) / net(x).max().item()


@enc
def rounded_by_list():
    net = encoder()
    return lambda x: torch.tensor([[round(v, 3) for v in row] for row in net(x).tolist()])


@enc
def moments_by_numpy():
    return lambda x: torch.from_numpy(np.stack([x.numpy().mean((1, 2, 3)), x.numpy().std((1, 2, 3))], 1))


@enc
def steps_by_the_ink():
    net = encoder()

    def encode(x):
        z = net(x)
        for _ in range(int(x.sum()) % 7):
            z = z * 0.9
        return z

    return encode


@enc
def lbfgs_steps():
    net, back = encoder(), decoder()

    def encode(x):
        z = net(x).detach().clone().requires_grad_()
        optimiser = torch.optim.LBFGS([z], max_iter=6)

        def closure():
            optimiser.zero_grad()
            loss = (back(z) - x).square().mean()
            loss.backward()
            return loss

        with torch.enable_grad():
            optimiser.step(closure)
        return z.detach()

    return encode


@gen
def gamma_numbers():
    net = decoder()
    return lambda: net(torch.distributions.Gamma(2.0, 1.0).sample((B, 8)))


@enc
def classes_counted():
    net = encoder()
    return lambda x: one_hot((net(x).abs() * 40).long().argmax(1) * x.flatten(1).sum(1).long()).float()


@gen
def shuffled_by_numpy():
    net = decoder()
    table = torch.randn(B, 8, generator=torch.Generator().manual_seed(6))
    return lambda: net(table[torch.from_numpy(np.random.permutation(B))])  # noqa: NPY002


@enc
def list_returned():
    net = encoder()
    return lambda x: list(net(x))


@enc
def raises():
    def encode(_x):
        raise ValueError("no weights found")

    return encode


@enc
def nothing_finite():
    net = encoder()
    return lambda x: (net(x) - 100).log()
