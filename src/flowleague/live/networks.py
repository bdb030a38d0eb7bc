"""A bundle's three networks as programs (`flowleague.program`), without torch.

    encoder    images (B, 1, 28, 28) in [0, 1]   ->  x (B, D)
    velocity   x_t (B, D), t (B,)                ->  v (B, D)
    decoder    x (B, D)                          ->  images (B, 1, 28, 28) in [0, 1]

x are latents in the flow's normalised space: mean and standard deviation of the latents are inside of encoder and
decoder. A sample starts as noise x_0 (`flowleague.model.source`), moves from t = 0 to 1 along dx/dt = v(x_t, t), and
is decoded.

The programs are written as `flowleague.model.autoencoder` and `velocity` compute; tests compare the numbers. Of the
encoder's last layer only the half that gives the means is kept. The steps that refine a latent are left out.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowleague.bundle.read import Bundle, Weights
from flowleague.bundle.recipe import FlowRecipe, VAERecipe
from flowleague.errors import LiveError, printable
from flowleague.program.format import Constant, Entry, Program, Step
from flowleague.program.values import Ref, Spec

BATCH = 24  # rows of the programs as they are written; `program.rows` writes them for others
PATCH, GRID, FREQUENCIES = 4, 7, 8  # as in flowleague.model.autoencoder and velocity
PIXELS = (BATCH, 1, PATCH * GRID, PATCH * GRID)


class Graph:
    """A program while it is written: `add` appends an operation, `weight` takes one of the generator's weights."""

    def __init__(self, weights: Weights, *inputs: tuple[int, ...]) -> None:
        self.weights, self.taken = weights, set[str]()
        self.inputs = [Spec("float32", shape) for shape in inputs]
        self.constants: dict[str, Constant] = {}
        self.steps: list[tuple[str, tuple[Any, ...]]] = []

    def add(self, operation: str, *arguments: Any) -> str:
        """Append an operation, its tensors by their names, and return the name of its result."""
        self.steps.append((f"aten.{operation}" if "." in operation else f"aten.{operation}.default", arguments))
        return f"={len(self.steps) - 1}"

    def constant(self, name: str, value: NDArray) -> str:
        """A constant by its name."""
        self.constants[name] = Constant(Spec("float32", value.shape), np.ascontiguousarray(value, "<f4").tobytes())
        return f"+{name}"

    def weight(self, name: str, *shape: int, first: int | None = None) -> str:
        """A weight that must have a shape, or only its first rows; raises `LiveError`."""
        value = self.weights.get(name)
        if value is None or value.shape != shape or value.dtype != np.float32:
            raise LiveError(f"The weights do not fit their recipe: '{name}' is not there as {shape} 32-bit floats.")
        if not np.isfinite(value).all():
            raise LiveError(f"The weights cannot be used: '{name}' holds numbers that are not finite.")
        self.taken.add(name)
        return self.constant(name, value[:first])

    def linear(self, x: str, name: str, size: int, out: int, *, first: int | None = None, bias: bool = True) -> str:
        """A linear layer; with `first`, only its first outputs."""
        turned = self.add("permute", self.weight(f"{name}.weight", out, size, first=first), (1, 0))
        if not bias:
            return self.add("mm", x, turned)
        return self.add("addmm", self.weight(f"{name}.bias", out, first=first), x, turned)

    def convolution(
        self, x: str, name: str, size: int, out: int, kernel: int, *, group: int = 1, first: int | None = None
    ) -> str:
        """A convolution that keeps height and width."""
        weight = self.weight(f"{name}.weight", out, size // group, kernel, kernel, first=first)
        bias, pad = self.weight(f"{name}.bias", out, first=first), kernel // 2
        return self.add("convolution", x, weight, bias, (1, 1), (pad, pad), (1, 1), False, (0, 0), group)

    def blocks(self, x: str, part: str, at: int, n: int, vae: VAERecipe) -> str:
        """Residual blocks of the autoencoder, from layer number `at` of a part on."""
        for k in range(at, at + n):
            x = self.add("add.Tensor", x, BLOCKS[vae.block](self, x, f"{part}.{k}", vae.channels))
        return x

    def program(self) -> Program:
        """The program, whose output is that of the last operation."""
        numbers = {str(k): k for k in range(len(self.inputs))}
        numbers |= {f"+{name}": len(numbers) + k for k, name in enumerate(self.constants)}
        count, steps = len(numbers), []
        for number, (name, arguments) in enumerate(self.steps):
            placed = tuple(Ref(numbers[one]) if isinstance(one, str) else _placed(one, numbers) for one in arguments)
            steps.append(Step(name, placed))
            numbers[f"={number}"] = count
            count += 3 if name == "aten.native_layer_norm.default" else 1
        named = tuple((name, constant.spec) for name, constant in self.constants.items())
        return Program(tuple(self.inputs), (), named, tuple(steps), (numbers[f"={len(self.steps) - 1}"],))


def _placed(value: Any, numbers: dict[str, int]) -> Any:
    return tuple(Ref(numbers[one]) if isinstance(one, str) else one for one in value) if type(value) is tuple else value


def _depthwise(graph: Graph, x: str, name: str, C: int) -> str:
    inner = graph.convolution(x, f"{name}.depthwise", C, C, 5, group=C)
    inner = graph.add("relu", graph.convolution(inner, f"{name}.expand", C, 2 * C, 1))
    return graph.convolution(inner, f"{name}.contract", 2 * C, C, 1)


def _dense(graph: Graph, x: str, name: str, C: int) -> str:
    inner = graph.add("relu", graph.convolution(x, f"{name}.spread", C, C, 3))
    return graph.convolution(inner, f"{name}.gather", C, C, 3)


# The layers of each block of `flowleague.model.autoencoder.BLOCKS`: the graph, its input, the block's name, C channels.
BLOCKS: dict[str, Callable[[Graph, str, str, int], str]] = {
    "depthwise": _depthwise,
    "dense": _dense,
}


def networks(bundle: Bundle) -> Entry:
    """The three networks by name, for B rows; raises `LiveError` for weights that do not fit.

    Where the flow is cut, a latent is its state there, and the three networks are parts of encode and decode.

    >>> from flowleague import shipped
    >>> from flowleague.bundle.read import read_bundle
    >>> list(networks(read_bundle(shipped.bundle("base"))).programs)
    ['encoder', 'velocity', 'decoder']
    """
    weights = {f"vae.{name}": weight for name, weight in bundle.vae.items()}
    weights |= {f"flow.{name}": weight for name, weight in bundle.flow.items()}
    recipe, D = bundle.recipe, bundle.recipe.vae.latent
    graphs = {
        "encoder": encoder(Graph(weights, PIXELS), recipe.vae),
        "velocity": velocity(Graph(weights, (BATCH, D), (BATCH,)), D, recipe.flow),
        "decoder": decoder(Graph(weights, (BATCH, D)), recipe.vae),
    }
    left = set(weights).difference(*(graph.taken for graph in graphs.values()))
    if left:
        raise LiveError(f"The weights do not fit their recipe: '{printable(min(left), 100)}' is foreign.")
    constants = {name: one for graph in graphs.values() for name, one in graph.constants.items()}
    return Entry(BATCH, {name: graph.program() for name, graph in graphs.items()}, constants)


def encoder(graph: Graph, vae: VAERecipe) -> Graph:
    """Images to the flow's latents."""
    C, D, n = vae.channels, vae.latent, vae.encoder_blocks
    apart = graph.add("permute", graph.add("view", "0", (BATCH, 1, GRID, PATCH, GRID, PATCH)), (0, 1, 3, 5, 2, 4))
    x = graph.add("view", apart, (BATCH, PATCH**2, GRID, GRID))
    x = graph.convolution(x, "vae.encoder.1", PATCH**2, C, 3)
    x = graph.blocks(x, "vae.encoder", 2, n, vae)
    head = f"vae.encoder.{2 + n}"
    if vae.grid:
        z = graph.add("view", graph.convolution(x, head, C, 2, 1, first=1), (BATCH, D))
    else:
        narrow = C // 4
        x = graph.add("relu", graph.convolution(x, head, C, narrow, 1))
        x = graph.add("view", x, (BATCH, narrow * GRID**2))
        z = graph.linear(x, f"vae.encoder.{5 + n}", narrow * GRID**2, 2 * D, first=D)
    graph.add("div.Tensor", graph.add("sub.Tensor", z, graph.weight("flow.mean", D)), graph.weight("flow.std", D))
    return graph


def velocity(graph: Graph, D: int, flow: FlowRecipe) -> Graph:
    """Latents and times to the velocity there."""
    width = flow.width
    frequencies = (math.pi / 2) * 2 ** (np.arange(FREQUENCIES, dtype=np.float32) / 2)
    angles = graph.add("mul.Tensor", graph.add("unsqueeze", "1", 1), graph.constant("frequencies", frequencies))
    e = graph.add("cat", (graph.add("sin", angles), graph.add("cos", angles)), 1)
    h = graph.linear("0", "flow.inlet", D, width)
    for name in (f"flow.blocks.{k}" for k in range(flow.blocks)):
        inner = graph.add("native_layer_norm", h, (width,), None, None, 1e-5)
        inner = graph.linear(inner, f"{name}.expand", width, width)
        inner = graph.add("add.Tensor", inner, graph.linear(e, f"{name}.time", 2 * FREQUENCIES, width, bias=False))
        h = graph.add("add.Tensor", h, graph.linear(graph.add("silu", inner), f"{name}.contract", width, width))
    graph.linear(graph.add("native_layer_norm", h, (width,), None, None, 1e-5), "flow.outlet", width, D)
    return graph


def decoder(graph: Graph, vae: VAERecipe) -> Graph:
    """The flow's latents to images."""
    C, D, n = vae.channels, vae.latent, vae.decoder_blocks
    z = graph.add("mul.Tensor", "0", graph.weight("flow.std", D))
    z = graph.add("add.Tensor", z, graph.weight("flow.mean", D))
    channels, at = (1, 1) if vae.grid else (C // 4, 2)  # the neck's, and the number of its convolution
    if not vae.grid:
        z = graph.linear(z, "vae.decoder.0", D, channels * GRID**2)
    x = graph.add("view", z, (BATCH, channels, GRID, GRID))
    x = graph.convolution(x, f"vae.decoder.{at}", channels, C, 3)
    x = graph.blocks(x, "vae.decoder", at + 1, n, vae)
    x = graph.convolution(x, f"vae.decoder.{at + 1 + n}", C, PATCH**2, 1)
    apart = graph.add("permute", graph.add("view", x, (BATCH, 1, PATCH, PATCH, GRID, GRID)), (0, 1, 4, 2, 5, 3))
    graph.add("sigmoid", graph.add("view", apart, PIXELS))
    return graph
