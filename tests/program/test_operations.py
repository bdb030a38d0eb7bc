import random

import pytest
import torch
from tests.program.examples import EXAMPLES, changed, outcome, program_of

from flowleague.program.interpreter import kernel, spec_of
from flowleague.program.operations import TABLE
from flowleague.program.values import BYTES, ProgramError, Spec, promote

FORBIDDEN = ("_backward", "_unsafe", "_foreach", "_fused", "as_strided", "empty", "resize", "set_", "quant", "sparse")


def test_every_operation_is_forward_functional_and_has_an_example():
    for name in TABLE:
        _, head, overload = name.split(".")
        schema = getattr(getattr(torch.ops.aten, head), overload)._schema
        assert not schema.is_mutable
        assert not any(part in name for part in FORBIDDEN)
    assert set(EXAMPLES) == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_table_says_what_the_kernel_gives(name):
    for arguments in EXAMPLES[name]:
        program, inputs = program_of(name, arguments)
        assert outcome(name, arguments) == "ran"
        assert program.inferred.flops[0] >= 0
        for value, spec in zip(inputs, program.inputs, strict=True):
            assert spec_of(value) == spec


@pytest.mark.parametrize("name", sorted(TABLE))
def test_wrong_arguments_are_refused_and_crash_nothing(name):
    rng = random.Random(name)
    assert outcome(name, ()) == "refused"
    for _ in range(12):
        assert outcome(name, changed(rng, name)) in ("ran", "refused", "large")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("aten.index.Tensor", (torch.rand(5, 3), (torch.tensor([5]),))),
        ("aten.index.Tensor", (torch.rand(5, 3), (torch.tensor([-6]),))),
        ("aten.index_put.default", (torch.rand(5), (torch.tensor([2**40]),), torch.rand(1))),
        ("aten.gather.default", (torch.rand(5, 3), 0, torch.full((1, 1), 5))),
        ("aten.scatter.src", (torch.rand(5, 3), 0, torch.full((1, 1), -1), torch.rand(1, 1))),
        ("aten.scatter_add.default", (torch.rand(5, 3), 1, torch.full((1, 1), 3), torch.rand(1, 1))),
        ("aten.index_select.default", (torch.rand(5, 3), 0, torch.tensor([7]))),
        ("aten.embedding.default", (torch.rand(5, 3), torch.tensor([[5]]))),
        ("aten.grid_sampler_2d.default", (torch.rand(1, 1, 3, 3), torch.full((1, 1, 1, 2), torch.nan), 0, 0, False)),
        ("aten.div.Tensor_mode", (torch.tensor([3]), torch.tensor([0]), "floor")),
        ("aten.remainder.Tensor", (torch.tensor([-(2**63)]), torch.tensor([-1]))),
        ("aten._native_batch_norm_legit_no_training.default",
         (torch.rand(2, 400), torch.rand(1), None, torch.rand(400), torch.rand(400), 0.1, 1e-5)),
        ("aten.expand.default", (torch.rand(1), (10**15,))),
        ("aten.full.default", ((2**31, 2**31), 0.0)),
        ("aten.linalg_qr.default", (torch.full((3, 3), torch.nan),)),
        ("aten.topk.default", (torch.rand(3), 4)),
        ("aten.slice.Tensor", (torch.rand(5, 3), 0, 1, 2**31, 2**63 - 1)),
        ("aten.arange.start_step", (0, 10, 2**63 - 1)),
        ("aten._fft_r2c.default", (torch.rand(2, 6), (-2,), 0, True)),
        ("aten._fft_c2r.default", (torch.rand(2, 4, dtype=torch.complex64), (-2,), 2, 2)),
        ("aten._fft_c2c.default", (torch.rand(2, 4, dtype=torch.complex64), (0, -1), 1, False)),
    ],
)  # fmt: skip
def test_what_kernels_do_not_survive_is_refused(name, arguments):
    assert outcome(name, arguments) == "refused"


def test_promotion_is_that_of_torch():
    types = [getattr(torch, name) for name in BYTES]
    tensors = [torch.ones(shape, dtype=dtype) for dtype in types for shape in ((), (2,))]
    for a in tensors:
        for b in [*tensors, True, 3, 1.5]:
            wanted = str(torch.result_type(a, b)).removeprefix("torch.")
            operands = [spec_of(v) if isinstance(v, torch.Tensor) else v for v in (a, b)]
            half = any(isinstance(v, Spec) and v.dtype in ("float16", "bfloat16") for v in operands)
            if wanted.startswith("complex") and half:
                with pytest.raises(ProgramError):
                    promote(*operands)
            else:
                assert promote(*operands) == wanted, operands


def test_flops_are_those_of_the_closed_forms():
    product, _ = program_of("aten.addmm.default", (torch.rand(4), torch.rand(2, 3), torch.rand(3, 4)))
    assert product.inferred.flops == (2 * 4 * (2 * 3 + 1),)
    image, weight = torch.rand(2, 4, 8, 8), torch.rand(6, 2, 3, 3)
    convolution, _ = program_of(
        "aten.convolution.default", (image, weight, None, (1, 1), (1, 1), (1, 1), False, (0, 0), 2)
    )
    assert convolution.inferred.flops == (2 * 6 * 8 * 8 * (2 * 2 * 9),)
    assert callable(kernel("aten.view.default"))
