"""The judge that reads along in pages: a program of the residual CNN, and digits to draw a map of latents with.

    python -m flowleague.judge.reader src/flowleague/live/mnist

writes `judge.zip`, the network from images to calibrated log probabilities as a captured program, and `digits.bin`, the
first training digits of each class. Batch normalisation is folded into the convolutions; weights are rounded to 8 bits
with a scale for each output (Jacob et al. 2018, section 2.1), which makes the program a fourth of the size.
"""

import argparse
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.fusion import fuse_conv_bn_eval

from flowleague.data import Split, load_training
from flowleague.files import write_atomically
from flowleague.judge.judges import Judge, load_judges
from flowleague.program.capturing.entry import record
from flowleague.program.container import packed

BATCH = 120  # rows of the program as it is captured; a page writes it for fewer
DIGITS = 24  # of each class


def reading(judge: Judge) -> Callable[[Tensor], Tensor]:
    """Images (B, 1, 28, 28) in [0, 1] to calibrated log probabilities (B, C), by weights of 8 bits."""
    network = _folded(judge.network)
    weights = {name: value.detach() for name, value in network.named_parameters()}
    rounded = {name: _rounded(value) for name, value in weights.items() if value.ndim > 1}

    def read(images: Tensor) -> Tensor:
        own = weights | {name: whole.float() * scale for name, (whole, scale) in rounded.items()}
        return (functional_call(network, own, images) / judge.card["temperature"]).log_softmax(1)

    return read


def _rounded(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A weight (out, ...) as whole numbers from -127 to 127 and a scale for each output."""
    scale = weight.abs().flatten(1).amax(1).view(-1, *[1] * (weight.ndim - 1)) / 127
    return (weight / scale).round().to(torch.int8), scale


def _folded(module: nn.Module) -> nn.Module:
    """A copy in which each convolution holds the batch normalisation that follows it."""
    made = type(module).__new__(type(module))
    made.__dict__ = {**module.__dict__, "_modules": {}}
    children = dict(module.named_children())
    first, second = children.get("0"), children.get("1")
    if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
        return fuse_conv_bn_eval(first, second)
    for name, child in children.items():
        made.add_module(name, _folded(child))
    return made


def first_digits(split: Split) -> bytes:
    """The first digits of each class, class by class, in 16 greys, two pixels a byte, compressed."""
    rows = np.concatenate([np.flatnonzero(split.labels == label)[:DIGITS] for label in range(10)])
    greys = np.rint(split.images[rows].reshape(-1, 2) / 17).astype(np.uint8)
    return zlib.compress((greys[:, 0] << 4 | greys[:, 1]).tobytes(), 9)


def main() -> None:
    """Write both files into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    train = load_training("mnist").train
    _, entry = record(encode=reading(load_judges("mnist")[0]), images=train.pixels(1000), batch=BATCH)
    write_atomically(folder / "judge.zip", packed(entry))
    write_atomically(folder / "digits.bin", first_digits(train))


if __name__ == "__main__":
    main()
