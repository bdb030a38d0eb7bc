"""An ONNX network as the page runs it: a list of operations in order, and one block of weights.

    {"inputs": ["x_t", "t"], "output": "v",
     "nodes": [{"op": "Gemm", "in": ["x_t", "inlet.weight", "inlet.bias"], "out": ["linear"], "transB": 1}, ...],
     "constants": {"inlet.weight": {"shape": [128, 49], "first": 0}, "axes": {"shape": [1], "ints": [1]}, ...},
     "weights": base64 of 32-bit floats, little-endian}

Nothing here or in the page knows the generator's architecture; what a network may consist of is `OPERATIONS`.
"""

import base64
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from flowleague.errors import LiveError

# What page/ops.js can do, by the names of ONNX
OPERATIONS = frozenset({
    "Add", "Sub", "Mul", "Div", "Sin", "Cos", "Relu", "Sigmoid", "Gemm", "Conv", "LayerNormalization", "Reshape",
    "Flatten", "Unsqueeze", "Concat", "DepthToSpace", "SpaceToDepth",
})  # fmt: skip


def program(model: onnx.ModelProto) -> dict[str, Any]:
    """The program of a network with one output; raises `LiveError` when the page has no such operation."""
    graph = model.graph
    nodes = [_node(node) for node in graph.node]
    constants, weights, first = {}, [], 0
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            constants[tensor.name] = {"shape": list(values.shape), "first": first}
            weights.append(values.ravel())
            first += values.size
        elif values.dtype == np.int64:
            constants[tensor.name] = {"shape": list(values.shape), "ints": values.ravel().tolist()}
        else:
            raise LiveError(f"The page cannot run a network with {values.dtype} constants; use 32-bit floats.")
    raw = np.concatenate([np.empty(0, np.float32), *weights]).astype("<f4").tobytes()
    return {
        "inputs": [value.name for value in graph.input],
        "output": graph.output[0].name,
        "nodes": nodes,
        "constants": constants,
        "weights": base64.b64encode(raw).decode(),
    }


def _node(node: onnx.NodeProto) -> dict[str, Any]:
    if node.op_type not in OPERATIONS or node.domain:
        raise LiveError(
            f"The page cannot run the operation {node.op_type} of this network; show its samples as pictures."
        )
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    values = {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}
    return {"op": node.op_type, "in": list(node.input), "out": list(node.output), **values}
