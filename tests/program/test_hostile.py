"""Programs that attack the reader or the interpreter, by kind: each is refused in a sentence, bounded, or computes what
the table says. What is counted, and what the judge finds, is tested beside the count and beside the finding."""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tests.program.examples import EXAMPLES, outcome, program_of
from tests.program.test_container import changed, entry
from torch import Tensor

from flowleague.program.container import CONSTANTS, STRUCTURE, listed, packed, unpacked
from flowleague.program.format import MOST_OPERATIONS, Program, Step
from flowleague.program.interpreter import Runner, replay
from flowleague.program.operations import TABLE
from flowleague.program.values import ProgramError, Ref, Spec

X = Spec("float32", (4, 3))


def runner(*steps: Step, inputs: tuple[Spec, ...] = (X,), constants: dict[str, Tensor] | None = None) -> Runner:
    """A program whose output is the result of its last operation, or its last leaf."""
    named = tuple((name, Spec("float32", tuple(value.shape))) for name, value in (constants or {}).items())
    return Runner(Program(inputs, (), named, steps, (len(inputs) + len(named) + len(steps) - 1,)), constants or {})


# Operations of torch that write, alias, hand out memory as it was, read files, or have kernels of another kind.
ABSENT = """add_.Tensor copy_.default fill_.Scalar index_put_.default relu_.default normal_.default add.out mm.out
set_.source_Tensor resize_.default as_strided.default as_strided_scatter.default view.dtype _unsafe_view.default
_unsafe_index.Tensor _reshape_alias.default detach.default alias.default lift_fresh.default split.Tensor unbind.int
empty.memory_format empty_like.default empty_strided.default new_empty.default new_empty_strided.default
_efficientzerotensor.default from_file.default nonzero.default unique_dim.default masked_select.default
repeat_interleave.Tensor bincount.default convolution_backward.default native_batch_norm.default
native_layer_norm_backward.default _foreach_add.List _fused_adam.default quantize_per_tensor.default
_to_sparse.default _nested_tensor_from_mask.default rand.default normal.Tensor_Tensor bernoulli.default
native_dropout.default randperm.default _scaled_dot_product_flash_attention_for_cpu.default item.default
_local_scalar_dense.default equal.default set_.default record_stream.default to_mkldnn.default _cudnn_rnn.default"""


@pytest.mark.parametrize("name", ABSENT.split())
def test_operations_that_write_alias_or_hand_out_memory_are_absent(name: str) -> None:
    with pytest.raises(ProgramError, match="not among the operations of programs"):
        unpacked(changed(lambda s: s["programs"]["encode"]["operations"].append([f"aten.{name}", -1])))


def test_what_is_returned_can_be_overwritten_without_the_program_noticing() -> None:
    # outputs that are the constant, a view of it, and what is computed once: none is changed by who received it
    weight = torch.rand(4, 3)
    for steps in (
        (),
        (Step("aten.view.default", (Ref(1), (4, 3))),),
        (Step("aten.sin.default", (Ref(1),)), Step("aten.permute.default", (Ref(2), (0, 1)))),
    ):
        program, x = runner(*steps, constants={"w": weight.clone()}), torch.zeros(4, 3)
        read = replay(program, len(x), 0, x)
        first = read.clone()
        read.zero_()
        assert torch.equal(replay(program, len(x), 0, x), first)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_no_operation_shows_what_memory_held_before(name: str) -> None:
    for arguments in EXAMPLES[name]:
        program, inputs = program_of(name, arguments)
        made = []
        for filling in (math.nan, 1.0):
            held = [torch.full((n,), filling) for n in (1, 3, 6, 16, 64, 256, 1024) for _ in range(20)]
            del held  # freed memory, which the next tensors of these sizes get
            ready = Runner(program, {})
            values = ready._constants | dict(enumerate(inputs))
            for call in ready._calls:
                call.run(values, ())
            made.append([values[at].clone() for at in program.outputs])
        for one, other in zip(*made, strict=True):
            assert torch.equal(one.nan_to_num(), other.nan_to_num()), program.steps[0]


# --- shapes


BIG = 2**31
OVERFLOWS = {
    "expand": ("aten.expand.default", (torch.rand(1, 1), (10**15, 10))),
    "expand to 2^64 and a little": ("aten.expand.default", (torch.rand(1, 1), (2**32, 2**32 + 1))),
    "full": ("aten.full.default", ((BIG, BIG, 4), 0.0)),
    "repeat": ("aten.repeat.default", (torch.rand(2, 2), (BIG, BIG))),
    "pad": ("aten.constant_pad_nd.default", (torch.rand(2, 2), (2**62, 2**62), 0.0)),
    "pad to less than nothing": ("aten.constant_pad_nd.default", (torch.rand(2, 2), (-(2**62), 0), 0.0)),
    "view": ("aten.view.default", (torch.rand(4), (2**32, 2**32, 4))),
    "view with a factor that wraps around": ("aten.view.default", (torch.rand(4), (2**62, 2**62, -1))),
    "arange": ("aten.arange.start_step", (0, 2**62, 1)),
    "arange of steps near zero": ("aten.arange.start_step", (0.0, 1.0, 1e-300)),
    "slice": ("aten.slice.Tensor", (torch.rand(4), 0, -(2**63), 2**63 - 1, 2**63 - 1)),
    "convolution": (
        "aten.convolution.default",
        (torch.rand(1, 1, 4, 4), torch.rand(1, 1, 2, 2), None, (1, 1), (2**40, 0), (1, 1), False, (0, 0), 1),
    ),
    "transposed convolution": (
        "aten.convolution.default",
        (torch.rand(1, 1, 4, 4), torch.rand(1, 1, 2, 2), None, (2**40, 1), (0, 0), (1, 1), True, (0, 0), 1),
    ),
    "dilation": (
        "aten.convolution.default",
        (torch.rand(1, 1, 4, 4), torch.rand(1, 1, 2, 2), None, (1, 1), (0, 0), (2**62, 1), False, (0, 0), 1),
    ),
    "pooling": ("aten.avg_pool2d.default", (torch.rand(1, 1, 4, 4), (2**40, 1), (1, 1), (2**39, 0))),
    "adaptive pooling": ("aten._adaptive_avg_pool2d.default", (torch.rand(1, 1, 4, 4), (2**40, 2**40))),
    "resize": ("aten._upsample_bilinear2d_aa.default", (torch.rand(1, 1, 4, 4), (2**30, 2**30), False)),
    "inverse Fourier": ("aten._fft_c2r.default", (torch.rand(2, 4, dtype=torch.complex64), (1,), 2, 2**60)),
    "outer product": ("aten.mm.default", (torch.rand(2**15, 1), torch.rand(1, 2**15))),
}


@pytest.mark.parametrize("what", OVERFLOWS)
def test_a_shape_that_overflows_is_refused(what: str) -> None:
    assert outcome(*OVERFLOWS[what]) == "refused"


def test_a_huge_expand_is_bounded_where_it_is_touched_again() -> None:
    steps = [["aten.expand.default", 0, [2**20, 10, 3]]]  # 31 million numbers, which cost nothing yet
    steps += [["aten.cat.default", [-1, -1, -1], 0]] * 3
    with pytest.raises(ProgramError, match="shape"):
        unpacked(changed(lambda s: s["programs"]["encode"]["operations"].extend(steps)))


# --- indices


INDICES = {  # the place of the tensor of indices, and the size of what it indexes
    "aten.index.Tensor": (1, 5), "aten.index_put.default": (1, 5), "aten.gather.default": (2, 3),
    "aten.scatter.src": (2, 5), "aten.scatter.value": (2, 5), "aten.scatter_add.default": (2, 5),
    "aten.scatter_reduce.two": (2, 5), "aten.index_select.default": (2, 3), "aten.embedding.default": (1, 5),
}  # fmt: skip
PLACES = {  # operations that take an index as a number
    "aten.select.int": (torch.rand(5, 3), 0), "aten.select_scatter.default": (torch.rand(5, 3), torch.rand(3), 0),
}  # fmt: skip


def test_every_operation_that_takes_indices_is_attacked_below() -> None:
    found = {name for name in TABLE if any(one.name in ("index", "indices") for one in TABLE[name].parameters)}
    assert found == {*INDICES, *PLACES}


def _outside(size: int) -> Iterator[int]:
    yield from (size, size + 1, -size - 1, 2**31, -(2**31), 2**40, 2**63 - 1, -(2**63))


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("within", [False, True])
def test_an_index_out_of_bounds_is_refused(name: str, within: bool) -> None:
    place, size = INDICES[name]
    example = EXAMPLES[name][0]
    for index in _outside(size):
        wrong = _replaced(example[place], index, within)
        assert outcome(name, (*example[:place], wrong, *example[place + 1 :])) == "refused", index


def _replaced(old: Any, index: int, within: bool) -> Any:
    """A tensor of indices, or the first of a tuple of them, of which all or only the last are another."""
    if isinstance(old, tuple):
        return (_replaced(old[0], index, within), *old[1:])
    made = torch.full_like(old, index)
    if within:
        made = old.clone()
        made.view(-1)[-1] = index
    return made


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("index", [*_outside(5)])
def test_a_place_out_of_bounds_is_refused(name: str, index: int) -> None:
    assert outcome(name, (*PLACES[name], index)) == "refused"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_dimension_that_does_not_exist_is_refused(name: str) -> None:
    example, parameters = EXAMPLES[name][0], TABLE[name].parameters
    for place, parameter in enumerate(parameters):
        if parameter.name not in ("dim", "dims", "dim1", "dim2") or name == "aten.expand.default":
            continue
        for dimension in (12, -13, 2**62, -(2**63)):
            wrong = (dimension,) if "[]" in parameter.kind else dimension
            given = [*example, *(one.default for one in parameters[len(example) :])]
            assert outcome(name, (*given[:place], wrong, *given[place + 1 :])) == "refused", parameter.name


# --- weights that are too short, or too many


SHORT = {
    "layer norm": ("aten.native_layer_norm.default", (torch.rand(2, 3), (3,), torch.rand(2), None, 1e-5)),
    "layer norm's shift": ("aten.native_layer_norm.default", (torch.rand(2, 3), (3,), None, torch.rand(1), 1e-5)),
    "group norm": ("aten.native_group_norm.default", (torch.rand(2, 4, 3), torch.rand(3), None, 2, 4, 3, 2, 1e-5)),
    "group norm of more rows": ("aten.native_group_norm.default", (torch.rand(2, 4, 3), None, None, 9, 4, 3, 2, 1e-5)),
    "group norm of a larger field": (
        "aten.native_group_norm.default", (torch.rand(2, 4, 3), None, None, 2, 4, 300, 2, 1e-5)),
    "batch norm's mean": ("aten._native_batch_norm_legit_no_training.default",
                          (torch.rand(2, 4, 3), None, None, torch.rand(3), torch.rand(4), 0.1, 1e-5)),
    "batch norm's variance": ("aten._native_batch_norm_legit_no_training.default",
                              (torch.rand(2, 4, 3), None, None, torch.rand(4), torch.rand(1), 0.1, 1e-5)),
    "a product": ("aten.mm.default", (torch.rand(2, 400), torch.rand(3, 4))),
    "a batch of products": ("aten.bmm.default", (torch.rand(2, 2, 3), torch.rand(1, 3, 4))),
    "a product's shift": ("aten.addmm.default", (torch.rand(3), torch.rand(2, 3), torch.rand(3, 4))),
    "a convolution": ("aten.convolution.default", (
        torch.rand(1, 4, 7, 7), torch.rand(6, 3, 3, 3), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)),
    "a convolution's shift": ("aten.convolution.default", (
        torch.rand(1, 4, 7, 7), torch.rand(6, 4, 3, 3), torch.rand(5), (1, 1), (0, 0), (1, 1), False, (0, 0), 1)),
    "a grid": ("aten.grid_sampler_2d.default", (torch.rand(2, 1, 3, 3), torch.rand(1, 3, 3, 2), 0, 0, False)),
    "a source": ("aten.scatter_add.default", (
        torch.rand(5, 3), 0, torch.zeros(4, 3, dtype=torch.int64), torch.rand(2, 3))),
    "values to put": ("aten.index_put.default", (torch.rand(5, 3), (torch.tensor([0, 1, 2]),), torch.rand(2, 3))),
}  # fmt: skip


@pytest.mark.parametrize("what", SHORT)
def test_weights_that_are_too_short_are_refused(what: str) -> None:
    assert outcome(*SHORT[what]) == "refused"


# --- length


def test_ten_million_operations_are_refused_before_they_are_parsed() -> None:
    operation = b'["aten.neg.default",-1],'
    with zipfile.ZipFile(io.BytesIO(packed(entry()))) as archive:
        structure, numbers = archive.read(STRUCTURE), archive.read(CONSTANTS)
    first = json.dumps(listed(entry().programs["encode"])[0], separators=(",", ":")).encode()
    assert first in structure
    for count, method in ((10_000_000, zipfile.ZIP_DEFLATED), (MOST_OPERATIONS, zipfile.ZIP_STORED)):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", method, compresslevel=1) as archive:
            with archive.open(STRUCTURE, "w") as file:
                file.write(structure[: structure.index(first)])
                for _ in range(0, count, 100_000):
                    file.write(100_000 * operation)
                file.write(structure[structure.index(first) :])
            archive.writestr(CONSTANTS, numbers)
        with pytest.raises(ProgramError, match="damaged"):
            unpacked(made.getvalue())


def test_many_large_values_at_one_time_are_refused() -> None:
    def change(structure: dict[str, Any]) -> None:
        program = structure["programs"]["encode"]
        program["operations"] += [["aten.full.default", [2**27], 0.5]] * 40  # 20 GB, all of them returned
        program["outputs"] = [10, *range(11, 51)]

    with pytest.raises(ProgramError, match="GB at one time"):
        unpacked(changed(change))


# --- numbers


@pytest.mark.parametrize("text", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 400, "1e-400000000000"])
def test_a_number_that_json_or_float64_does_not_have_is_refused_or_finite(text: str) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(entry()))) as archive:
        structure, numbers = archive.read(STRUCTURE), archive.read(CONSTANTS)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(STRUCTURE, structure.replace(b"2.0", text.encode()))
        archive.writestr(CONSTANTS, numbers)
    if text == "1e-400000000000":
        scale = unpacked(made.getvalue()).programs["encode"].steps[2].arguments[2]
        assert scale == 0
        return
    with pytest.raises(ProgramError, match="damaged"):
        unpacked(made.getvalue())


@pytest.mark.parametrize(
    "steps",
    [
        (Step("aten.mul.Tensor", (Ref(0), math.nan)),),
        (Step("aten.mul.Tensor", (Ref(0), math.inf)),),
        (Step("aten.mul.Tensor", (Ref(0), 1e30)), Step("aten.mul.Tensor", (Ref(1), 1e30))),
        (Step("aten.log.default", (Ref(0),)), Step("aten.sqrt.default", (Ref(1),))),
    ],
)
def test_an_output_that_is_not_finite_is_the_entrys_failure(steps: tuple[Step, ...]) -> None:
    with pytest.raises(ProgramError, match="not finite"):
        runner(*steps)([torch.full((4, 3), 0.5)], [])


def test_denormal_numbers_hold_nothing() -> None:
    # a picture at 1e-42 of another would pass through noise that is relative to the whole
    steps = (Step("aten.mul.Tensor", (Ref(0), 1e-40)), Step("aten.mul.Tensor", (Ref(1), 1e20)))
    again = Step("aten.mul.Tensor", (Ref(2), 1e20))
    assert not runner(*steps, again)([torch.rand(4, 3)], [])[0].any()
    weight = torch.full((4, 3), 1e-40)
    kept = (Step("aten.mul.Tensor", (Ref(1), 1e30)), Step("aten.add.Tensor", (Ref(0), Ref(2))))
    assert torch.equal(runner(*kept, constants={"w": weight})([torch.ones(4, 3)], [])[0], torch.ones(4, 3))
