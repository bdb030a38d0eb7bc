"""A network in ONNX while it is written."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from flowleague.errors import LiveError
from flowleague.program.row_layouts import Layout
from flowleague.program.values import Spec

TYPES = {
    name: getattr(onnx.TensorProto, onnx_name)
    for name, onnx_name in {
        "bool": "BOOL", "uint8": "UINT8", "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64",
        "float16": "FLOAT16", "float32": "FLOAT", "float64": "DOUBLE",
    }.items()
}  # fmt: skip


class Value(NamedTuple):
    """A value of the program: its name in the graph, its type and shape, and where its rows lie."""

    name: str
    spec: Spec
    layout: Layout | None

    @property
    def rank(self) -> int:
        """How many dimensions it has."""
        return len(self.spec.shape)


class Graph:
    """A network while it is written."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.rows = ""  # the name of the number of rows, (1,)

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """Append an operation of ONNX and return the name of its output."""
        name = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def several(self, count: int, operation: str, *inputs: str, **attributes: Any) -> list[str]:
        """Append an operation with so many outputs."""
        names = [f"{operation.lower()}_{len(self.nodes)}_{k}" for k in range(count)]
        self.nodes.append(helper.make_node(operation, inputs, names, **attributes))
        return names

    def constant(self, value: Any, dtype: str) -> str:
        """A constant, equal ones once."""
        array = np.array(value, np.bool_ if dtype == "bool" else dtype)
        name = f"{dtype}_{array.shape}_{array.tobytes().hex()}" if array.size < 9 else f"constant_{len(self.constants)}"
        self.constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def ints(self, *values: int) -> str:
        """A list of whole numbers, as shapes and axes are."""
        return self.constant(list(values), "int64")

    def operand(self, value: Any, dtype: str) -> str:
        """A tensor cast to a type, or a number as a constant of it."""
        if not isinstance(value, Value):
            return self.constant(value, dtype)
        return value.name if value.spec.dtype == dtype else self.cast(value.name, dtype)

    def cast(self, name: str, dtype: str) -> str:
        """A value in another type."""
        return self.add("Cast", name, to=TYPES[dtype])

    def shaped(self, name: str, shape: Sequence[int], layout: Layout | None) -> str:
        """A value in another shape, the size of its rows' axis left open."""
        sizes = [-1 if layout and k == layout.axis else n for k, n in enumerate(shape)]
        return self.add("Reshape", name, self.ints(*sizes))


# Takes the graph, the operation's arguments in the order of the table (tensors as `Value`), and its results without
# names; returns the name of the result, or of the first ones.
Translation = Callable[[Graph, list[Any], list[Value]], str | list[str]]


def refusal(what: str) -> LiveError:
    """The error for something that ONNX could not hold, or that nobody has translated."""
    return LiveError(f"{what} of this network is not written in ONNX.")
