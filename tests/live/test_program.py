"""What the page can run: each operation in Chromium against onnxruntime, and what it cannot."""

import base64
import itertools

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from flowleague.errors import LiveError
from flowleague.live.page import SOURCES
from flowleague.live.program import OPERATIONS, program

RUN = """([made, x]) => {
  const out = network(made)({ shape: x.shape, data: new Float32Array(x.data) });
  return [out.shape, [...out.data]];
}"""
random = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


ONE = ["Sin", "Cos", "Relu", "Sigmoid"]
CASES = [
    *[(op, [2, 3, 4], [], {}) for op in ONE],
    *[(op, [2, 3, 4], [shape], {}) for op in ("Add", "Sub", "Mul") for shape in ([2, 3, 4], [4], [3, 1], [])],
    ("Div", [2, 3], [np.array([[2.0], [3.0]], np.float32)], {}),
    ("Gemm", [2, 3], [[3, 5], [5]], {}),
    ("Gemm", [3, 2], [[5, 3], [5]], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}),
    ("Gemm", [2, 9], [[5, 9]], {"transB": 1}),
    ("Conv", [2, 3, 5, 6], [[4, 3, 3, 3], [4]], {"pads": [1, 1, 1, 1]}),
    ("Conv", [2, 4, 7, 7], [[4, 1, 5, 5], [4]], {"pads": [2, 2, 2, 2], "group": 4}),
    ("Conv", [1, 4, 7, 6], [[6, 2, 3, 2]], {"pads": [0, 1, 2, 1], "group": 2, "strides": [2, 1], "dilations": [1, 2]}),
    ("Conv", [2, 3, 4, 4], [[5, 3, 1, 1]], {}),
    ("LayerNormalization", [2, 3, 4], [[4], [4]], {}),
    ("LayerNormalization", [2, 3, 4], [[3, 4]], {"axis": 1, "epsilon": 0.01}),
    ("Reshape", [2, 3, 4], [np.array([0, -1, 2])], {}),
    ("Flatten", [2, 3, 4], [], {}),
    ("Unsqueeze", [2, 3], [np.array([0, -1])], {}),
    ("Concat", [2, 3, 4], [[2, 1, 4]], {"axis": 1}),
    ("DepthToSpace", [2, 8, 3, 2], [], {"blocksize": 2, "mode": "CRD"}),
    ("DepthToSpace", [2, 8, 3, 2], [], {"blocksize": 2, "mode": "DCR"}),
    ("SpaceToDepth", [2, 2, 4, 6], [], {"blocksize": 2}),
]  # fmt: skip


def graph(op, others, attributes):
    """A network of one operation, its first input free, the others constants."""
    constants = [numpy_helper.from_array(value, f"c{k}") for k, value in enumerate(others)]
    node = helper.make_node(op, ["in", *(c.name for c in constants)], ["out"], **attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("in", "out")]
    made = helper.make_graph([node], op, ends[:1], ends[1:], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_every_operation_equals_onnxruntime(chromium):
    page = chromium.new_page()
    page.add_script_tag(content="\n".join(SOURCES))
    assert set(page.evaluate("Object.keys(OPERATIONS)")) == OPERATIONS == {op for op, *_ in CASES}
    for op, shape, shapes, attributes in CASES:
        x = floats(*shape)
        others = [floats(*other) if isinstance(other, list) else other for other in shapes]
        network = graph(op, others, attributes)
        (wanted,) = onnxruntime.InferenceSession(network.SerializeToString()).run(["out"], {"in": x})
        wanted = np.asarray(wanted)
        asked = [program(network), {"shape": x.shape, "data": x.ravel().tolist()}]
        got_shape, got = page.evaluate(RUN, asked)
        assert tuple(got_shape) == wanted.shape, op
        assert got == pytest.approx(wanted.ravel().tolist(), abs=1e-5), (op, attributes)
    page.close()


def test_weights_are_one_block_of_floats_in_order():
    first, second = floats(2, 3), floats(4)
    made = program(graph("Conv", [first, second], {}))
    block = np.frombuffer(base64.b64decode(made["weights"]), "<f4")
    assert block.tolist() == list(itertools.chain(first.ravel(), second))
    assert made["constants"] == {"c0": {"shape": [2, 3], "first": 0}, "c1": {"shape": [4], "first": 6}}


def test_what_the_page_cannot_do_is_refused():
    with pytest.raises(LiveError, match="cannot run the operation Det of this network"):
        program(graph("Det", [], {}))
    with pytest.raises(LiveError, match="float64 constants"):
        program(graph("Add", [np.zeros(3)], {}))
