"""Arguments for every operation of programs, and random changes to them: ``python -m tests.program.examples N`` runs N.

A program of one operation either gives what the table says or raises `ProgramError`, whatever its arguments.
"""

import random
import sys
from collections import Counter
from typing import Any

import torch
from torch import Tensor

from flowleague.program.format import Program, Step
from flowleague.program.interpreter import Runner, spec_of
from flowleague.program.operations import TABLE
from flowleague.program.values import ProgramError, Ref

_numbers = torch.Generator().manual_seed(0)
LARGE = 2**25  # bytes that a program of the fuzz may hold


def f(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Floats in (0, 1)."""
    return torch.rand(shape, generator=_numbers).clamp(0.05, 0.95).to(dtype)


def i(*shape: int, high: int = 2) -> Tensor:
    return torch.randint(0, high, shape, generator=_numbers)


def b(*shape: int) -> Tensor:
    return f(*shape) > 0.5


def c(*shape: int) -> Tensor:
    return torch.complex(f(*shape), f(*shape))


_UNARY = """abs acos angle asin asinh atan atanh ceil clone cos cosh digamma elu erf erfinv exp expm1 floor gelu
hardtanh isinf isnan leaky_relu lgamma log log10 log1p log2 logical_not mean neg prod reciprocal relu round rsqrt
sigmoid sign silu sin sinh softplus sqrt tan tanh trunc any _to_copy argmax argmin amax amin"""
_BINARY = """add.Tensor sub.Tensor mul.Tensor div.Tensor maximum minimum atan2 nextafter fmod.Tensor remainder.Tensor
pow.Tensor_Tensor eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor logical_and logical_or logical_xor
complex"""
_SCALAR = """eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar fmod.Scalar remainder.Scalar
pow.Tensor_Scalar"""


def _full(name: str) -> str:
    return f"aten.{name}" if "." in name else f"aten.{name}.default"


EXAMPLES: dict[str, list[tuple[Any, ...]]] = {_full(name): [(f(2, 3),)] for name in _UNARY.split()}
EXAMPLES |= {_full(name): [(f(2, 3), f(3))] for name in _BINARY.split()}
EXAMPLES |= {_full(name): [(f(2, 3), 2), (i(4), 3)] for name in _SCALAR.split()}
EXAMPLES |= {
    _full(name): given
    for name, given in {
        "acosh": [(f(3) + 1,)], "bitwise_and.Tensor": [(i(3), i(1)), (b(2), b(2))], "bitwise_or.Tensor": [(i(3), i(3))],
        "bitwise_xor.Tensor": [(i(3), i(1))], "bitwise_not": [(b(3),), (i(3),)],
        "div.Tensor_mode": [(f(3), 2.0, "floor"), (i(3, high=9), i(3) + 1, "trunc")], "pow.Scalar": [(2.0, f(3))],
        "where.self": [(b(2, 3), f(3), f(2, 1))], "clamp": [(f(3), 0.2, None)], "clamp.Tensor": [(f(3), f(3), None)],
        "view_as_real": [(c(3),)], "view_as_complex": [(f(3, 2),)], "_conj_physical": [(c(3),)],
        "sum.dim_IntList": [(f(2, 3), (1,), True), (i(3), None)], "mean.dim": [(f(2, 3), (0, -1))],
        "prod.dim_int": [(f(2, 3), 1)], "any.dim": [(b(2, 3), 1)], "any.dims": [(b(2, 3), (0, 1))],
        "var.correction": [(f(2, 3), (1,), 1, True)], "max.dim": [(f(2, 3), 1)], "min.dim": [(f(2, 3), 0, True)],
        "cumsum": [(f(2, 3), 1)], "cumprod": [(f(2, 3), 0)], "sort.stable": [(f(2, 5), True, -1, True)],
        "topk": [(f(2, 5), 3)], "view": [(f(2, 6), (3, 4))], "permute": [(f(2, 3, 4), (2, 0, 1))],
        "expand": [(f(3, 1), (2, 3, 4))], "slice.Tensor": [(f(5, 3), 0, 1, 4, 2)],
        "slice_scatter": [(f(5, 3), f(2, 3), 0, 1, 4, 2)], "select.int": [(f(5, 3), 0, -1)],
        "select_scatter": [(f(5, 3), f(3), 0, 4)], "unsqueeze": [(f(2, 3), 1)], "squeeze.dims": [(f(2, 1, 3), (1,))],
        "diagonal": [(f(3, 4), 1)], "cat": [((f(2, 3), f(1, 3)), 0)], "repeat": [(f(2, 3), (2, 1, 2))],
        "flip": [(f(2, 3), (0,))], "constant_pad_nd": [(f(2, 3), (1, -1, 2, 0), 0.5)], "full": [((2, 3), 1.5)],
        "scalar_tensor": [(2.0,)], "arange.start_step": [(0, 10, 3), (1.0, 0.0, -0.25)],
        "index.Tensor": [(f(5, 3), (i(4, high=5),)), (f(5, 3), (None, i(2, high=3)))],
        "index_put": [(f(5, 3), (i(4, high=5),), f(4, 3), True)], "gather": [(f(5, 3), 1, i(5, 2, high=3))],
        "scatter.src": [(f(5, 3), 0, i(2, 3, high=5), f(2, 3))], "scatter.value": [(f(5, 3), 0, i(2, 3, high=5), 1.0)],
        "scatter_add": [(f(5, 3), 0, i(2, 3, high=5), f(2, 3))],
        "scatter_reduce.two": [(f(5, 3), 0, i(2, 3, high=5), f(2, 3), "amax")],
        "index_select": [(f(5, 3), 1, i(4, high=3))], "embedding": [(f(5, 3), i(2, 2, high=5))],
        "searchsorted.Tensor": [(f(5).sort()[0], f(2, 2))], "mm": [(f(2, 3), f(3, 4))],
        "bmm": [(f(2, 2, 3), f(2, 3, 4))], "addmm": [(f(4), f(2, 3), f(3, 4))],
        "convolution": [(f(2, 4, 7, 7), f(6, 2, 3, 3), f(6), (2, 1), (1, 0), (1, 2), False, (0, 0), 2),
                        (f(2, 4, 5), f(4, 3, 3), None, (2,), (1,), (1,), True, (1,), 2)],
        "_cdist_forward": [(f(3, 4), f(5, 4), 2.0, None)], "_fft_r2c": [(f(2, 6), (1,), 0, True)],
        "_fft_c2r": [(c(2, 4), (1,), 2, 6)], "_fft_c2c": [(c(2, 4), (0, 1), 1, False)], "linalg_qr": [(f(4, 3),)],
        "linalg_cholesky_ex": [(torch.eye(3) + 0.1,)], "linalg_inv_ex": [(torch.eye(3) + f(3, 3),)],
        "_linalg_eigh": [(f(3, 3),)], "_linalg_svd": [(f(4, 3),)],
        "linalg_solve_triangular": [(torch.eye(3) + 0.1, f(3, 2), True)],
        "linalg_solve": [(torch.eye(3) + 0.1, f(3, 2))], "_softmax": [(f(2, 3), 1, False)],
        "_log_softmax": [(f(2, 3), 0, False)], "native_layer_norm": [(f(2, 3), (3,), f(3), None, 1e-5)],
        "native_group_norm": [(f(2, 4, 3), f(4), f(4), 2, 4, 3, 2, 1e-5)],
        "_native_batch_norm_legit_no_training": [(f(2, 4, 3), f(4), f(4), f(4), f(4), 0.1, 1e-5)],
        "avg_pool2d": [(f(1, 2, 6, 6), (2, 3), (2, 2), (1, 1), True)],
        "max_pool2d_with_indices": [(f(1, 2, 6, 6), (3, 3), (2, 2), (1, 1), (1, 1), True)],
        "_adaptive_avg_pool2d": [(f(1, 2, 6, 6), (4, 3))],
        "grid_sampler_2d": [(f(1, 2, 5, 5), f(1, 3, 3, 2) * 2 - 1, 0, 1, False)],
        "_upsample_bilinear2d_aa": [(f(1, 2, 6, 6), (3, 4), False)],
        "_upsample_bicubic2d_aa": [(f(1, 2, 6, 6), (3, 4), True)],
    }.items()
}  # fmt: skip


def program_of(name: str, arguments: tuple[Any, ...]) -> tuple[Program, list[Tensor]]:
    """A program of one operation that takes its tensors as inputs."""
    inputs: list[Tensor] = []

    def stored(value: Any) -> Any:
        if isinstance(value, Tensor):
            inputs.append(value)
            return Ref(len(inputs) - 1)
        return tuple(stored(one) for one in value) if isinstance(value, tuple) else value

    step = Step(name, tuple(stored(argument) for argument in arguments))
    outputs = tuple(len(inputs) + k for k in range(TABLE[name].results))
    return Program(tuple(spec_of(value) for value in inputs), (), (), (step,), outputs), inputs


def _tensor(rng: random.Random) -> Tensor:
    shape = [rng.choice((1, 1, 2, 3, 5)) for _ in range(rng.randint(0, 4))]
    kind = rng.randrange(8)
    if kind < 4:
        return f(*shape, dtype=rng.choice((torch.float32, torch.float64, torch.float16, torch.bfloat16)))
    if kind == 4:
        return f(*shape) * rng.choice((1e38, -1e38, float("inf"), float("nan"), 1e-44))
    if kind == 5:
        return b(*shape) if rng.random() < 0.5 else c(*shape)
    dtype = rng.choice((torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.int64, torch.int64))
    info = torch.iinfo(dtype)
    pool = torch.tensor([0, 1, 2, 5, info.min, info.max, info.max // 2, -1 if info.min else 3], dtype=dtype)
    return pool[torch.randint(0, len(pool), shape, generator=_numbers)]


def _value(rng: random.Random, old: Any) -> Any:
    """Something else in an argument's place, most often of the same kind."""
    if rng.random() < 0.1:
        return rng.choice((None, True, "floor", 1.5, -1, (), (None,), _tensor(rng)))
    if isinstance(old, Tensor):
        return _tensor(rng)
    if isinstance(old, tuple) and old:
        made = list(old)
        place = rng.randrange(len(made))
        made[place] = _value(rng, made[place])
        return tuple(rng.choice((made, made + made[:1], made[:-1])))
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return rng.choice((-(2**63), -(2**31), -7, -2, -1, 0, 1, 2, 3, 4, 7, 100, 2**20, 2**31, 2**62, 2**63 - 1))
    if isinstance(old, float):
        return rng.choice((0.0, -1.0, 0.5, 1e-40, 1e38, 1e300, float("inf"), float("-inf"), float("nan")))
    return rng.choice((None, 0, 1, "trunc", "float16", "int64", "complex64", (1,), (2, 2)))


def changed(rng: random.Random, name: str) -> tuple[Any, ...]:
    """An example's arguments with one to three of them replaced."""
    arguments = list(rng.choice(EXAMPLES[name]))
    parameters = TABLE[name].parameters
    arguments += [one.default for one in parameters[len(arguments) :] if rng.random() < 0.5]
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(arguments))
        arguments[place] = _value(rng, arguments[place])
    return tuple(arguments)


def outcome(name: str, arguments: tuple[Any, ...]) -> str:
    """Run a program of one operation: "ran", or "refused" where `ProgramError` is raised. Nothing else may happen."""
    program, inputs = program_of(name, arguments)
    try:
        if program.inferred.live_bytes > LARGE:
            return "large"
        Runner(program, {})(inputs, [])
    except ProgramError as error:
        if " gave " in str(error):
            raise AssertionError(f"the table and the kernel differ: {step_of(program)}") from error
        return "refused"
    return "ran"


def step_of(program: Program) -> str:
    """The operation, for a message."""
    return f"{program.steps[0]} of {list(map(str, program.inputs))}"


def main(wanted: int, seed: int) -> None:
    rng, counts = random.Random(seed), Counter[str]()
    for _ in range(wanted):
        name = rng.choice(sorted(TABLE))
        arguments = changed(rng, name)
        print(step_of(program_of(name, arguments)[0]), file=sys.stderr)  # the last line names what crashed
        counts[outcome(name, arguments)] += 1
    print(dict(counts))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
