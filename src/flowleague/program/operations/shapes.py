"""Operations that move numbers without computing: shapes, parts, joins, and tensors made from nothing."""

import math
from typing import Any

from flowleague.program.operations.table import operation
from flowleague.program.values import (
    COMPLEX,
    LARGEST,
    MOST_DIMENSIONS,
    MOST_ELEMENTS,
    Number,
    Spec,
    broadcast,
    dimension,
    promote,
    require,
)


def _is_size(sizes: tuple[int, ...]) -> None:
    require(all(1 <= n <= MOST_ELEMENTS for n in sizes), f"the shape {sizes} is not allowed")
    require(math.prod(sizes) <= MOST_ELEMENTS, f"the shape {sizes} is too large")


@operation("view(Tensor self, int[] size)", javascript="reshape")
def _view(self: Spec, size: tuple[int, ...]) -> Spec:
    _is_size(size)  # -1 is written out when a program is captured
    require(math.prod(size) == self.elements, f"{self.elements} elements do not make the shape {size}")
    return Spec(self.dtype, size)


@operation("permute(Tensor self, int[] dims)", javascript="permute")
def _permute(self: Spec, dims: tuple[int, ...]) -> Spec:
    rank = len(self.shape)
    order = [dimension(dim, rank) for dim in dims]
    require(sorted(order) == list(range(rank)), f"{dims} is no order of {rank} dimensions")
    return Spec(self.dtype, tuple(self.shape[dim] for dim in order))


@operation("expand(Tensor self, int[] size)", javascript="expand")
def _expand(self: Spec, size: tuple[int, ...]) -> Spec:
    size = tuple(
        self.shape[i - len(size)] if n == -1 and i - len(size) >= -len(self.shape) else n for i, n in enumerate(size)
    )
    _is_size(size)
    require(broadcast(self.shape, size) == size, f"{self.shape} does not expand to {size}")
    return Spec(self.dtype, size)


def bounds(n: int, start: int | None, end: int | None, step: int) -> range:
    """The indices of a slice of n elements; raises `ProgramError` for none and for steps that kernels cannot count."""
    require(1 <= step <= MOST_ELEMENTS, "the step of a slice is below one, or too large")
    found = range(n)[slice(start, end, step)]
    require(len(found) > 0, "a slice holds nothing")
    return found


_SLICE = "Tensor self, int dim=0, int? start=None, int? end=None, int step=1"


@operation(f"slice.Tensor({_SLICE})", javascript="slice")
def _slice(self: Spec, dim: int, start: int | None, end: int | None, step: int) -> Spec:
    require(bool(self.shape), "a value without dimensions has no slices")
    at = dimension(dim, len(self.shape))
    part = len(bounds(self.shape[at], start, end, step))
    return Spec(self.dtype, (*self.shape[:at], part, *self.shape[at + 1 :]))


@operation(f"slice_scatter({_SLICE.replace('self,', 'self, Tensor src,')})", javascript="slice_scatter")
def _slice_scatter(self: Spec, src: Spec, dim: int, start: int | None, end: int | None, step: int) -> Spec:
    require(src == _slice(self, dim, start, end, step), "the part does not fit the slice")
    return self


@operation("select.int(Tensor self, int dim, int index)", javascript="select")
def _select(self: Spec, dim: int, index: int) -> Spec:
    require(bool(self.shape), "a value without dimensions has no parts")
    at = dimension(dim, len(self.shape))
    require(-self.shape[at] <= index < self.shape[at], f"index {index} is out of {self.shape[at]}")
    return Spec(self.dtype, (*self.shape[:at], *self.shape[at + 1 :]))


@operation("select_scatter(Tensor self, Tensor src, int dim, int index)", javascript="select_scatter")
def _select_scatter(self: Spec, src: Spec, dim: int, index: int) -> Spec:
    require(src == _select(self, dim, index), "the part does not fit its place")
    return self


@operation("unsqueeze(Tensor self, int dim)", javascript="reshape")
def _unsqueeze(self: Spec, dim: int) -> Spec:
    at = dimension(dim, len(self.shape) + 1)
    return Spec(self.dtype, (*self.shape[:at], 1, *self.shape[at:]))


@operation("squeeze.dims(Tensor self, int[] dim)", javascript="reshape")
def _squeeze(self: Spec, dim: tuple[int, ...]) -> Spec:
    gone = {dimension(d, len(self.shape)) for d in dim}
    require(len(gone) == len(dim), "a dimension is named twice")
    return Spec(self.dtype, tuple(n for i, n in enumerate(self.shape) if i not in gone or n != 1))


@operation("diagonal(Tensor self, int offset=0, int dim1=0, int dim2=1)", javascript="diagonal")
def _diagonal(self: Spec, offset: int, dim1: int, dim2: int) -> Spec:
    one, two = dimension(dim1, len(self.shape)), dimension(dim2, len(self.shape))
    require(one != two, "a diagonal needs two dimensions")
    require(abs(offset) <= MOST_ELEMENTS, "the diagonal lies outside")
    n = min(self.shape[one] + min(offset, 0), self.shape[two] - max(offset, 0))
    require(n >= 1, "the diagonal lies outside")
    return Spec(self.dtype, (*(n for i, n in enumerate(self.shape) if i not in (one, two)), n))


@operation("cat(Tensor[] tensors, int dim=0)", javascript="cat")
def _cat(tensors: tuple[Spec, ...], dim: int) -> Spec:
    require(bool(tensors) and all(one.shape for one in tensors), "it joins tensors that have dimensions")
    shape = tensors[0].shape
    at = dimension(dim, len(shape))
    rests = {(len(one.shape), one.shape[:at], one.shape[at + 1 :]) for one in tensors}
    require(len(rests) == 1, "shapes differ beside the dimension that is joined")
    return Spec(promote(*tensors), (*shape[:at], sum(one.shape[at] for one in tensors), *shape[at + 1 :]))


@operation("repeat(Tensor self, int[] repeats)", javascript="repeat")
def _repeat(self: Spec, repeats: tuple[int, ...]) -> Spec:
    require(len(self.shape) <= len(repeats) <= MOST_DIMENSIONS, "there are fewer repeats than dimensions")
    _is_size(repeats)
    shape = (1,) * (len(repeats) - len(self.shape)) + self.shape
    return Spec(self.dtype, tuple(n * m for n, m in zip(shape, repeats, strict=True)))


@operation("flip(Tensor self, int[] dims)", javascript="flip")
def _flip(self: Spec, dims: tuple[int, ...]) -> Spec:
    found = {dimension(dim, len(self.shape)) for dim in dims}
    require(len(found) == len(dims) and bool(self.shape), "a dimension is named twice or missing")
    return self


@operation("constant_pad_nd(Tensor self, int[] pad, Scalar value=0)", javascript="pad")
def _pad(self: Spec, pad: tuple[int, ...], value: Number) -> Spec:
    require(len(pad) % 2 == 0 and len(pad) <= 2 * len(self.shape), "paddings come in pairs, one for each dimension")
    require(all(abs(n) <= MOST_ELEMENTS for n in pad), "the padding is too large")
    require(type(value) is not float or self.dtype not in ("bool", "uint8", "int8", "int16", "int32", "int64")
            or value.is_integer(), "the padding is no number of the type")  # fmt: skip
    if isinstance(value, float) and value.is_integer():
        _is_value(int(value), self.dtype)
    shape = list(self.shape)
    for i in range(len(pad) // 2):
        at = len(shape) - 1 - i
        before, after = pad[2 * i], pad[2 * i + 1]
        require(shape[at] + min(before, 0) + min(after, 0) >= 1, "the padding cuts everything away")
        shape[at] += before + after
    return Spec(self.dtype, tuple(shape))


# --- from nothing: the numbers in these are no data


def _is_value(value: Number, dtype: str | None) -> None:
    bits = {"bool": 1, "uint8": 8, "int8": 7, "int16": 15, "int32": 31, "int64": 63}.get(dtype or "", 0)
    if bits:
        require(math.isfinite(value) and -(2**bits) <= value < 2**bits, f"{value} is no {dtype}")


def _type_of(value: Number) -> str:
    return "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"


@operation("full(int[] size, Scalar fill_value, *, dtype? dtype=None)", javascript="full")
def _full(size: tuple[int, ...], fill_value: Number, dtype: str | None) -> Spec:
    _is_size(size)
    _is_value(fill_value, dtype)
    return Spec(dtype or _type_of(fill_value), size)


@operation("scalar_tensor(Scalar s, *, dtype? dtype=None)", javascript="full")
def _scalar_tensor(s: Number, dtype: str | None) -> Spec:
    _is_value(s, dtype)
    return Spec(dtype or "float32")


@operation("arange.start_step(Scalar start, Scalar end, Scalar step=1, *, dtype? dtype=None)", javascript="arange")
def _arange(start: Number, end: Number, step: Number, dtype: str | None) -> Spec:
    numbers = (start, end, step)
    require(all(type(n) is not bool and math.isfinite(n) and abs(n) <= LARGEST for n in numbers), "it takes numbers")
    require(step != 0 and (end - start) / step > 0, "it holds nothing")
    require(dtype != "bool" and dtype not in COMPLEX, "it takes numbers")
    whole = all(type(n) is int for n in numbers)
    if dtype is not None and dtype not in ("float16", "bfloat16", "float32", "float64"):
        require(whole, "integers count from integers to integers")
        for n in numbers:
            _is_value(n, dtype)
    length: Any = -(-(int(end) - int(start)) // int(step)) if whole else math.ceil((end - start) / step)
    require(1 <= length <= MOST_ELEMENTS, "it is too long")
    require(not whole or abs(end - start) + abs(step) <= LARGEST, "its steps are too large")
    return Spec(dtype or ("int64" if whole else "float32"), (int(length),))
