"""A generator's three networks in ONNX, the open format of networks (https://onnx.ai).

    encoder    images (B, 1, 28, 28) in [0, 1]   ->  x (B, D)
    velocity   x_t (B, D), t (B,)                ->  v (B, D)
    decoder    x (B, D)                          ->  images (B, 1, 28, 28) in [0, 1]

x are latents in the flow's normalised space: mean and standard deviation of the latents are inside of encoder and
decoder. A sample starts as noise x_0 (`flowleague.model.source`), moves from t = 0 to 1 along dx/dt = v(x_t, t), and
is decoded.

The graphs are written here, operation by operation, as `flowleague.model.autoencoder` and `velocity` compute, without
torch; tests compare the numbers. Of the encoder's last layer only the half that gives the means is kept. The steps that
refine a latent need gradients and are left out.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from flowleague.bundle.read import Bundle, Weights
from flowleague.bundle.recipe import FlowRecipe, VAERecipe
from flowleague.errors import LiveError, printable

_OPSET, _IR_VERSION = 20, 10
PATCH, GRID, FREQUENCIES = 4, 7, 8  # as in flowleague.model.autoencoder and velocity
Shape = list[int | str]
IMAGES: Shape = ["B", 1, 28, 28]
LATENTS: Shape = ["B", "D"]


class Graph:
    """A network while it is written: `add` appends an operation, `weight` takes one of the generator's weights."""

    def __init__(self, weights: Weights) -> None:
        self.weights, self.taken = weights, set()
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Append an operation of ONNX and return the name of its output."""
        name = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def constant(self, name: str, value: NDArray) -> str:
        """A constant by its name."""
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

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
        terms = [self.weight(f"{name}.weight", out, size, first=first)]
        terms += [self.weight(f"{name}.bias", out, first=first)] if bias else []
        return self.add("Gemm", x, *terms, transB=1)

    def convolution(
        self, x: str, name: str, size: int, out: int, kernel: int, *, group: int = 1, first: int | None = None
    ) -> str:
        """A convolution that keeps height and width."""
        weight = self.weight(f"{name}.weight", out, size // group, kernel, kernel, first=first)
        pads = [kernel // 2] * 4
        return self.add("Conv", x, weight, self.weight(f"{name}.bias", out, first=first), pads=pads, group=group)

    def blocks(self, x: str, part: str, at: int, n: int, vae: VAERecipe) -> str:
        """Residual blocks of the autoencoder, from layer number `at` of a part on."""
        for k in range(at, at + n):
            x = self.add("Add", x, BLOCKS[vae.block](self, x, f"{part}.{k}", vae.channels))
        return x

    def network(self, inputs: dict[str, Shape], output: str, shape: Shape) -> onnx.ModelProto:
        """The network, whose output is that of the last operation; inputs and output hold floats."""
        self.nodes[-1].output[0] = output
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (*inputs.items(), (output, shape))]
        graph = helper.make_graph(self.nodes, output, ends[:-1], ends[-1:], list(self.constants.values()))
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="flowleague")


def _depthwise(graph: Graph, x: str, name: str, C: int) -> str:
    inner = graph.convolution(x, f"{name}.depthwise", C, C, 5, group=C)
    inner = graph.add("Relu", graph.convolution(inner, f"{name}.expand", C, 2 * C, 1))
    return graph.convolution(inner, f"{name}.contract", 2 * C, C, 1)


def _dense(graph: Graph, x: str, name: str, C: int) -> str:
    inner = graph.add("Relu", graph.convolution(x, f"{name}.spread", C, C, 3))
    return graph.convolution(inner, f"{name}.gather", C, C, 3)


# The layers of each block of `flowleague.model.autoencoder.BLOCKS`: the graph, its input, the block's name, C channels.
BLOCKS: dict[str, Callable[[Graph, str, str, int], str]] = {
    "depthwise": _depthwise,
    "dense": _dense,
}


def networks(bundle: Bundle) -> dict[str, onnx.ModelProto]:
    """The three networks by name, for batches of any size B; raises `LiveError` for weights that do not fit.

    So it does where the flow is cut: a page and a reader of three networks would take the flow's end for the latent.

    >>> from flowleague import shipped
    >>> from flowleague.bundle.read import read_bundle
    >>> list(networks(read_bundle(shipped.bundle("tiny"))))
    ['encoder', 'velocity', 'decoder']
    """
    if bundle.recipe.flow.cut < 1:
        raise LiveError(
            f"The flow of this model is cut at t = {bundle.recipe.flow.cut:g}, and the rest decodes: neither the page "
            "nor the three networks of ONNX can run that yet; show its samples as pictures, or pack it."
        )
    weights = {f"vae.{name}": weight for name, weight in bundle.vae.items()}
    weights |= {f"flow.{name}": weight for name, weight in bundle.flow.items()}
    recipe, graphs = bundle.recipe, {name: Graph(weights) for name in ("encoder", "velocity", "decoder")}
    made = {
        "encoder": encoder(graphs["encoder"], recipe.vae),
        "velocity": velocity(graphs["velocity"], recipe.vae.latent, recipe.flow),
        "decoder": decoder(graphs["decoder"], recipe.vae),
    }
    left = set(weights).difference(*(graph.taken for graph in graphs.values()))
    if left:
        raise LiveError(f"The weights do not fit their recipe: '{printable(min(left), 100)}' is foreign.")
    return made


def encoder(graph: Graph, vae: VAERecipe) -> onnx.ModelProto:
    """Images to the flow's latents."""
    C, D, n = vae.channels, vae.latent, vae.encoder_blocks
    x = graph.add("SpaceToDepth", "images", blocksize=PATCH)
    x = graph.convolution(x, "vae.encoder.1", PATCH**2, C, 3)
    x = graph.blocks(x, "vae.encoder", 2, n, vae)
    head = f"vae.encoder.{2 + n}"
    if vae.grid:
        z = graph.add("Flatten", graph.convolution(x, head, C, 2, 1, first=1))
    else:
        narrow = C // 4
        x = graph.add("Flatten", graph.add("Relu", graph.convolution(x, head, C, narrow, 1)))
        z = graph.linear(x, f"vae.encoder.{5 + n}", narrow * GRID**2, 2 * D, first=D)
    centred = graph.add("Sub", z, graph.weight("flow.mean", D))
    graph.add("Div", centred, graph.weight("flow.std", D))
    return graph.network({"images": IMAGES}, "x", LATENTS)


def velocity(graph: Graph, D: int, flow: FlowRecipe) -> onnx.ModelProto:
    """Latents and times to the velocity there."""
    width = flow.width
    frequencies = (math.pi / 2) * 2 ** (np.arange(FREQUENCIES, dtype=np.float32) / 2)
    times = graph.add("Unsqueeze", "t", graph.constant("last", np.array([1])))
    angles = graph.add("Mul", times, graph.constant("frequencies", frequencies.astype(np.float32)))
    e = graph.add("Concat", graph.add("Sin", angles), graph.add("Cos", angles), axis=1)
    one = graph.constant("one", np.ones(width, np.float32))
    h = graph.linear("x_t", "flow.inlet", D, width)
    for name in (f"flow.blocks.{k}" for k in range(flow.blocks)):
        inner = graph.linear(graph.add("LayerNormalization", h, one), f"{name}.expand", width, width)
        inner = graph.add("Add", inner, graph.linear(e, f"{name}.time", 2 * FREQUENCIES, width, bias=False))
        inner = graph.add("Mul", inner, graph.add("Sigmoid", inner))
        h = graph.add("Add", h, graph.linear(inner, f"{name}.contract", width, width))
    graph.linear(graph.add("LayerNormalization", h, one), "flow.outlet", width, D)
    return graph.network({"x_t": LATENTS, "t": ["B"]}, "v", LATENTS)


def decoder(graph: Graph, vae: VAERecipe) -> onnx.ModelProto:
    """The flow's latents to images."""
    C, D, n = vae.channels, vae.latent, vae.decoder_blocks
    scaled = graph.add("Mul", "x", graph.weight("flow.std", D))
    z = graph.add("Add", scaled, graph.weight("flow.mean", D))
    channels, at = (1, 1) if vae.grid else (C // 4, 2)  # the neck's, and the number of its convolution
    if not vae.grid:
        z = graph.linear(z, "vae.decoder.0", D, channels * GRID**2)
    x = graph.add("Reshape", z, graph.constant("grid", np.array([-1, channels, GRID, GRID])))
    x = graph.convolution(x, f"vae.decoder.{at}", channels, C, 3)
    x = graph.blocks(x, "vae.decoder", at + 1, n, vae)
    x = graph.convolution(x, f"vae.decoder.{at + 1 + n}", C, PATCH**2, 1)
    graph.add("Sigmoid", graph.add("DepthToSpace", x, blocksize=PATCH, mode="CRD"))
    return graph.network({"x": LATENTS}, "images", IMAGES)
