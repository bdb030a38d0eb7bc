"""What flows through a program: values of a fixed type and shape, and the rules by which types and shapes combine.

    dtype   promotion as in PyTorch: bool < integers < floats < complex; a tensor with dimensions outranks one without,
            and that outranks a number of the same kind
    shape   broadcasting as in NumPy

Nothing here needs torch. Sizes are bounded before anything is made: an `expand` to 10^15 elements costs nothing until
it is touched.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flowleague.errors import FlowLeagueError, printable

BYTES = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
REAL_OF = {"complex64": "float32", "complex128": "float64"}
COMPLEX_OF = {"float32": "complex64", "float64": "complex128"}

MOST_DIMENSIONS = 12
MOST_ELEMENTS = 2**28  # of one value: a gigabyte of float32
LARGEST = 2**63 - 1

Number = bool | int | float


class ProgramError(FlowLeagueError):
    """A program is damaged, asks for too much, or fails when it is replayed: the fault of the entry that it is from."""


@dataclass(frozen=True, slots=True)
class Spec:
    """Type and shape of a value.

    >>> Spec("float32", (2, 3)).elements
    6
    """

    dtype: str
    shape: tuple[int, ...] = ()

    @property
    def elements(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Their size in memory."""
        return self.elements * BYTES[self.dtype]

    def __str__(self) -> str:
        return f"{self.dtype} ({', '.join(map(str, self.shape))})"


class Ref(NamedTuple):
    """A value of a program by its number."""

    at: int


def require(holds: bool, reason: str) -> None:
    """Raise `ProgramError` with the reason unless something holds."""
    if not holds:
        raise ProgramError(reason)


def checked_spec(spec: Spec) -> Spec:
    """The spec, if its type is known and its size within the limits; raises `ProgramError`."""
    if spec.dtype not in BYTES:
        raise ProgramError(f"'{printable(spec.dtype, 30)}' is no type of numbers")
    if len(spec.shape) > MOST_DIMENSIONS:
        raise ProgramError(f"a value has more than {MOST_DIMENSIONS} dimensions")
    if not all(type(n) is int and 1 <= n <= MOST_ELEMENTS for n in spec.shape) or spec.elements > MOST_ELEMENTS:
        raise ProgramError(f"the shape {printable(spec.shape, 100)} is not allowed")
    return spec


def _kind(dtype: str) -> int:
    return 0 if dtype == "bool" else 1 if dtype in INTEGERS else 2 if dtype in FLOATS else 3


def _wider(a: str, b: str) -> str:
    """The smallest type that holds both (PyTorch's promotion table)."""
    if a == b or _kind(a) != _kind(b):
        return a if _kind(a) >= _kind(b) else b
    if {a, b} == {"float16", "bfloat16"}:
        return "float32"
    if "uint8" in (a, b) and _kind(a) == 1:
        other = b if a == "uint8" else a
        return "int16" if other == "int8" else other
    return a if BYTES[a] >= BYTES[b] else b


def _combine(a: str, b: str) -> str:
    """As `_wider`, but a complex number meets a wide float in the wide complex."""
    wide = _wider(a, b)
    if wide == "complex64" and "float64" in (a, b):
        return "complex128"
    return wide


def promote(*operands: Spec | Number) -> str:
    """The type in which an elementwise operation computes.

    >>> promote(Spec("float32", (2,)), Spec("float64"), 3)
    'float32'
    """
    ranks: list[str | None] = [None, None, None]  # tensors with dimensions, without, numbers
    for operand in operands:
        if isinstance(operand, Spec):
            rank, dtype = (0 if operand.shape else 1), operand.dtype
        else:
            rank = 2
            dtype = "bool" if isinstance(operand, bool) else "int64" if isinstance(operand, int) else "float32"
        held = ranks[rank]
        ranks[rank] = dtype if held is None else _combine(held, dtype)
    result = None
    for dtype in ranks:
        if dtype is None:
            continue
        if result is None:
            result = dtype
        elif _kind(dtype) > _kind(result):
            if _kind(dtype) == 3 and result == "float64":  # a complex of the width of the floats it meets
                dtype = "complex128"
            elif _kind(dtype) == 3 and _kind(result) == 2:
                dtype = "complex64"
            result = dtype
    require(result is not None, "an operation has no operand")
    assert result is not None
    if _kind(result) == 3:
        halves = any(isinstance(o, Spec) and o.dtype in ("float16", "bfloat16") for o in operands)
        require(not halves, "complex numbers do not meet half precision")
    return result


def as_float(dtype: str) -> str:
    """The type of the result where an operation on integers gives floats."""
    return "float32" if _kind(dtype) < 2 else dtype


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape to which shapes broadcast; raises `ProgramError`."""
    rank = max((len(shape) for shape in shapes), default=0)
    out = [1] * rank
    for shape in shapes:
        for i, n in enumerate(shape, rank - len(shape)):
            require(n == out[i] or n == 1 or out[i] == 1, f"shapes {tuple(map(tuple, shapes))} do not broadcast")
            out[i] = max(out[i], n)
    return tuple(out)


def dimension(dim: int, rank: int) -> int:
    """A dimension counted from the front; a value without dimensions counts as having one."""
    rank = max(rank, 1)
    require(-rank <= dim < rank, f"dimension {dim} does not exist among {rank}")
    return dim % rank


def dimensions(dims: Iterable[int] | None, rank: int) -> tuple[int, ...]:
    """Distinct dimensions counted from the front; all of them for None or an empty list."""
    found = tuple(dimension(dim, rank) for dim in dims or ())
    require(len(set(found)) == len(found), "a dimension is named twice")
    return found or tuple(range(rank))


def reduced(shape: tuple[int, ...], dims: Iterable[int], keep: bool) -> tuple[int, ...]:
    """The shape after a reduction over dimensions."""
    gone = set(dims)
    return tuple(1 if i in gone else n for i, n in enumerate(shape) if keep or i not in gone)
