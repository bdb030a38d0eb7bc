"""Each operation of programs in ONNX: what onnxruntime computes, against torch, on the examples of the operations."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.live.captured import MODELS
from tests.live.test_entry import IMAGES, captured
from tests.live.test_kernels import MORE
from tests.program.examples import EXAMPLES, program_of
from tests.program.test_rows import APART, BATCH, TOGETHER, inputs
from tests.program.test_rows import captured as recorded

from flowleague.errors import LiveError
from flowleague.live import in_onnx
from flowleague.live.onnx.convert import TRANSLATIONS, networks_in_onnx
from flowleague.program.draws import drawn
from flowleague.program.format import Constant, Entry
from flowleague.program.interpreter import Runner, loaded, spec_of
from flowleague.program.operations import TABLE

NAMES = sorted(name for name, one in TABLE.items() if one.javascript in TRANSLATIONS)


def run(network: onnx.ModelProto, *given: torch.Tensor) -> torch.Tensor:
    onnx.checker.check_model(network, full_check=True)
    session = onnxruntime.InferenceSession(network.SerializeToString())
    names = [value.name for value in session.get_inputs()]
    (out,) = session.run(None, {name: x.numpy() for name, x in zip(names, given, strict=True)})
    return torch.from_numpy(np.asarray(out))


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_in_onnx_equals_that_of_torch(name):
    for arguments in [*EXAMPLES[name], *MORE.get(name, [])]:
        program, given = program_of(name, arguments)
        names = [f"x{k}" for k in range(len(given))]
        wanted = Runner(program, {})(given, [])[0]
        first = type(program)(program.inputs, (), (), program.steps, program.outputs[:1])
        try:
            (network,) = networks_in_onnx(Entry(4000, {"one": first}, {}), {"one": (names, "y")}).values()
        except LiveError:
            assert name in REFUSES, arguments
            continue
        made = run(network, *given)
        assert (made.dtype, made.shape) == (wanted.dtype, wanted.shape)
        torch.testing.assert_close(made.float(), wanted.float(), atol=1e-5, rtol=1e-4, equal_nan=True)


REFUSES = {
    "aten._adaptive_avg_pool2d.default",
    "aten.div.Tensor_mode", "aten.index.Tensor", "aten.avg_pool2d.default", "aten.argmax.default",
    "aten.argmin.default", "aten.slice_scatter.default", "aten.scatter.src", "aten.scatter_add.default",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", APART)
def test_rows_that_are_apart_come_in_any_number(name):
    program, constants = recorded(APART[name])
    held = {key: Constant(spec_of(one), one.contiguous().numpy().tobytes()) for key, one in constants.items()}
    (network,) = networks_in_onnx(Entry(BATCH, {"one": program}, held), {"one": (["x"], "y")}).values()
    x, draws = inputs(9), [torch.from_numpy(one) for one in drawn(program.draws, BATCH, 5, 0, 0)]
    wanted = Runner(program, constants)([x], draws)[0]
    for rows in (1, 3, BATCH):
        cut = [one[:rows] if len(one) == BATCH else one for one in draws]
        torch.testing.assert_close(run(network, x[:rows], *cut), wanted[:rows], atol=1e-5, rtol=1e-4)


def test_rows_that_know_each_other_come_as_they_were_captured():
    program, _ = recorded(TOGETHER["mean"])
    (network,) = networks_in_onnx(Entry(BATCH, {"one": program}, {}), {"one": (["x"], "y")}).values()
    assert network.graph.input[0].type.tensor_type.shape.dim[0].dim_value == BATCH
    torch.testing.assert_close(run(network, inputs(1)), inputs(1) - inputs(1).mean(0))


@pytest.mark.parametrize("name", MODELS)
def test_a_captured_entry_equals_its_programs(name):
    entry = captured(name, 20)
    made = in_onnx(entry)
    assert list(made) == ["encode", "decode", "generate"]
    codes = Runner(entry.programs["encode"], loaded(entry))([IMAGES[:20]], [])[0]
    for rows in (1, 20):
        torch.testing.assert_close(run(made["encode"], IMAGES[:rows]), codes[:rows], atol=1e-4, rtol=0)
        images = Runner(entry.programs["decode"], loaded(entry))([codes], [])[0]
        torch.testing.assert_close(run(made["decode"], codes[:rows]), images[:rows], atol=1e-4, rtol=0)
    draws = [torch.from_numpy(one) for one in drawn(entry.programs["generate"].draws, 20, 3, 0, 0)]
    wanted = Runner(entry.programs["generate"], loaded(entry))([], draws)[0]
    torch.testing.assert_close(run(made["generate"], *draws), wanted, atol=1e-4, rtol=0)


def test_what_onnx_does_not_hold_is_told_in_a_sentence():
    program, _ = program_of("aten._fft_r2c.default", EXAMPLES["aten._fft_r2c.default"][0])
    with pytest.raises(LiveError, match="computes with complex64, which is not written in ONNX"):
        networks_in_onnx(Entry(4000, {"one": program}, {}), {"one": (["x"], "y")})
    program, _ = program_of("aten.lgamma.default", EXAMPLES["aten.lgamma.default"][0])
    with pytest.raises(LiveError, match=r"aten\.lgamma\.default of this network is not written in ONNX"):
        networks_in_onnx(Entry(4000, {"one": program}, {}), {"one": (["x"], "y")})
