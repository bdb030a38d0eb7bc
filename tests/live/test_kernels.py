"""Every kernel of the page in Chromium against torch, on the examples of the operations' own tests."""

import base64
import math

import pytest
import torch
from tests.program.examples import EXAMPLES, b, f, i, program_of

from flowleague.live.entry import plan
from flowleague.live.page import SOURCES
from flowleague.program.draws import numbers
from flowleague.program.format import Draw
from flowleague.program.interpreter import Runner
from flowleague.program.operations import TABLE

RUN = """([plan, inputs, block]) => {
  const given = constantsOf(block, inputs), steps = interpreter(plan, [])(given);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return [value.dtype, value.shape, [...value.data].map(String)];
  }
}"""
PARTS = 10  # of the sources: what stands before the page's own
MORE = {
    "aten.add.Tensor": [(2, f(3), 3), (f(2, 3), 1.5), (i(3), f(3))],
    "aten.argmax.default": [(f(2, 3), 1, True)],
    "aten.bmm.default": [(f(2, 3, 5), f(2, 5, 2))],
    "aten.cat.default": [((i(2, 3), f(2, 1)), -1)],
    "aten._cdist_forward.default": [(f(2, 3, 4), f(2, 5, 4), 1.0, None), (f(3, 4), f(5, 4), math.inf, None)],
    "aten._to_copy.default": [(f(3) * 9, "int64"), (f(3) - 0.5, "bool"), (i(3), "float64"), (b(3), "float32")],
    "aten.convolution.default": [
        (f(2, 4, 3, 3), f(4, 2, 2, 2), f(4), (2, 2), (1, 0), (1, 1), True, (1, 0), 2),
        (f(1, 2, 4, 4, 4), f(3, 2, 2, 2, 2), None, (1, 1, 1), (0, 0, 0), (1, 1, 1), False, (0, 0, 0), 1),
    ],
    "aten.gelu.default": [(f(5) * 8 - 4, "tanh"), (f(9) * 12 - 6,)],
    "aten._adaptive_avg_pool2d.default": [(f(1, 2, 6, 6), (3, 2))],
    "aten.diagonal.default": [(f(2, 4, 3), -2, 1, 2), (f(3, 4), -1, 1, 0)],
    "aten.digamma.default": [(f(5) * 8 - 4.03,)],
    "aten.lgamma.default": [(f(5) * 8 - 4.03,)],
    "aten.index.Tensor": [(f(4, 5, 3), (i(2, 1, high=4), None, i(3, high=3))), (f(4, 5, 3), (None, i(2, high=5) - 5))],
    "aten.index_put.default": [(f(5, 3), (None, i(2, high=3)), f(2), False)],
    "aten.grid_sampler_2d.default": [
        (f(2, 3, 5, 4), f(2, 3, 4, 2) * 4 - 2, mode, padding, corners)
        for mode in (0, 1, 2) for padding in (0, 1, 2) for corners in (False, True)
    ],
    "aten.linalg_cholesky_ex.default": [(torch.eye(3).expand(2, 3, 3) + 0.1, True)],
    "aten.linalg_qr.default": [(f(2, 3, 5) - 0.5,), (f(5, 5) - 0.5,), (torch.eye(3),)],
    "aten.linalg_solve.default": [(f(2, 4, 4), f(2, 4, 3))],
    "aten.linalg_solve_triangular.default": [
        (torch.eye(3) + f(3, 3), f(2, 3) if not left else f(3, 2), upper, left, units)
        for upper in (False, True) for left in (False, True) for units in (False, True)
    ],
    "aten.nextafter.default": [
        (torch.tensor([0.0, 0.0, 1.0, 1.0, -1.0, -1.0, 2.0]), torch.tensor([1.0, -1.0, 2.0, 0.0, 0.0, -2.0, 2.0])),
        (torch.tensor([1.0, -1.0], dtype=torch.float64), torch.tensor([2.0, 0.0], dtype=torch.float64)),
    ],
    "aten._upsample_bilinear2d_aa.default": [(f(1, 2, 7, 6), (14, 9), False), (f(1, 2, 7, 6), (3, 3), True)],
    "aten._upsample_bicubic2d_aa.default": [(f(1, 2, 7, 6), (14, 2), False)],
    "aten.permute.default": [(f(2, 3), (1, 0))],
    "aten.pow.Tensor_Scalar": [(f(3), 0.5), (f(3), -1.0)],
    "aten.round.default": [(torch.tensor([0.5, 1.5, -0.5, -1.5, 2.5, 0.3]),)],
    "aten.scatter.src": [(f(5, 3), 1, i(2, 3, high=3).sort(1)[0], f(2, 3))],
    "aten.softplus.default": [(f(5) * 50, 2.0, 10.0)],
    "aten.sort.stable": [(f(3, 4), True, 0, False)],
    "aten.sum.dim_IntList": [(f(2, 3, 4), (0, 2))],
    "aten.avg_pool2d.default": [(f(1, 2, 7, 7), (3, 3), (2, 2), (1, 1), True, False),
                                (f(2, 5, 5), (2, 2), (2, 2), (0, 0), False, True, 3)],
    "aten.var.correction": [(f(2, 3),)],
}  # fmt: skip


@pytest.fixture(scope="module")
def runtime(chromium):
    page = chromium.new_page()
    page.add_script_tag(content="\n".join(SOURCES[:PARTS]))
    yield page
    page.close()


def test_the_kernels_are_those_of_the_table(runtime):
    assert set(runtime.evaluate("Object.keys(KERNELS)")) == {one.javascript for one in TABLE.values()} - {None}


@pytest.mark.parametrize("name", sorted(name for name, one in TABLE.items() if one.javascript))
def test_a_kernel_equals_that_of_torch(name, runtime):
    for arguments in [*EXAMPLES[name], *MORE.get(name, [])]:
        program, inputs = program_of(name, arguments)
        raws = [x.contiguous().view(-1).numpy().tobytes() for x in inputs]
        starts = [sum(map(len, raws[:k])) for k in range(len(raws))]
        places = [
            [spec.dtype, spec.shape, start, spec.bytes] for spec, start in zip(program.inputs, starts, strict=True)
        ]
        block = base64.b64encode(b"".join(raws)).decode()
        for wanted, at in zip(Runner(program, {})(inputs, []), program.outputs, strict=True):
            asked = {**plan(program, 0, {}), "output": at}
            dtype, shape, data = runtime.evaluate(RUN, [asked, places, block])
            assert (f"torch.{dtype}", tuple(shape)) == (str(wanted.dtype), wanted.shape)
            made = torch.tensor([float(value.replace("Infinity", "inf")) for value in data])
            torch.testing.assert_close(made, wanted.float().flatten(), atol=2e-6, rtol=2e-5, equal_nan=True)


@pytest.mark.parametrize(("kind", "shape"), [("uniform", (7, 3)), ("normal", (5, 60)), ("normal", (3, 3))])
def test_draws_are_those_of_python(kind, shape, runtime):
    wanted = numbers(Draw(kind, shape), 3, 2, 2**33 + 7)
    made = runtime.evaluate("(draw) => [...drawn(draw, 3, 2 ** 33 + 7, 2, 0).data]", [kind, shape])
    torch.testing.assert_close(torch.tensor(made), torch.from_numpy(wanted).flatten(), atol=1e-6, rtol=0)


def test_whole_numbers_that_a_page_cannot_hold_are_told(runtime):
    program, _ = program_of("aten.mul.Tensor", (torch.tensor([2**40]), torch.tensor([2**40])))
    block = base64.b64encode((2**40).to_bytes(8, "little") * 2).decode()
    places = [["int64", [1], 0, 8], ["int64", [1], 8, 8]]
    with pytest.raises(Exception, match="whole numbers beyond"):
        runtime.evaluate(RUN, [plan(program, 0, {}), places, block])
