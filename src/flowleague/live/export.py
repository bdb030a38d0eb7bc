"""A bundle's three networks in ONNX, the open format of networks (https://onnx.ai).

    encoder    images (B, 1, 28, 28) in [0, 1]   ->  x (B, D)
    velocity   x_t (B, D), t (B,)                ->  v (B, D)
    decoder    x (B, D)                          ->  images (B, 1, 28, 28) in [0, 1]

x are latents in the flow's normalised space: mean and standard deviation of the latents are inside of encoder and
decoder. A sample is x_0, noise as `flowleague.generator.source` says, carried from t = 0 to 1 along dx/dt = v(x_t, t),
decoded.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from flowleague.errors import OutputError
from flowleague.files import write_atomically
from flowleague.generator.model import LatentFlow

NETWORKS = ("encoder", "velocity", "decoder")


class Encoder(nn.Module):
    """Images to the flow's latents."""

    def __init__(self, model: LatentFlow) -> None:
        super().__init__()
        self.vae, self.velocity = model.vae, model.velocity

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, 28, 28) to (B, D)."""
        return self.velocity.normalise(self.vae.encode(images))


class Decoder(nn.Module):
    """The flow's latents to images."""

    def __init__(self, model: LatentFlow) -> None:
        super().__init__()
        self.vae, self.velocity = model.vae, model.velocity

    def forward(self, x: Tensor) -> Tensor:
        """(B, D) to (B, 1, 28, 28)."""
        return self.vae.decode(self.velocity.denormalise(x))


def export(model: LatentFlow) -> dict[str, onnx.ModelProto]:
    """The three networks by name, each for batches of any size B."""
    with torch.device(model.device):
        x, t, images = torch.zeros(2, model.recipe.vae.latent), torch.zeros(2), torch.zeros(2, 1, 28, 28)
    return {
        "encoder": to_onnx(Encoder(model), {"images": images}, "x"),
        "velocity": to_onnx(model.velocity, {"x_t": x, "t": t}, "v"),
        "decoder": to_onnx(Decoder(model), {"x": x}, "images"),
    }


def to_onnx(network: nn.Module, inputs: dict[str, Tensor], output: str) -> onnx.ModelProto:
    """A network in ONNX; the first axis of each input may have any size."""
    axes = tuple({0: torch.export.Dim.DYNAMIC} for _ in inputs)
    with _quietly():
        program = torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=axes,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None only for the older exporter
    return program.model_proto


def write_export(model: LatentFlow, folder: Path, *, force: bool = False) -> list[Path]:
    """Write `encoder.onnx`, `velocity.onnx` and `decoder.onnx` into a folder; raises `OutputError`.

    Files that exist are replaced with `force` only.
    """
    paths = [folder / f"{name}.onnx" for name in NETWORKS]
    if folder.is_file():
        raise OutputError(f"{folder} is a file, and three files are to be written; name a folder.")
    for path in paths:
        if path.exists() and not force:
            raise OutputError(f"{path} exists; choose another folder or add --force.")
    for path, network in zip(paths, export(model).values(), strict=True):
        write_atomically(path, network.SerializeToString())
    return paths


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporter's remarks about itself: that torchvision is not there, and what it will call differently."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
