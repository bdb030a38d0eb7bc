"""Operations whose indices are values: checked against the bounds each time that a program runs."""

from typing import Any

from flowleague.program.operations.table import operation, per_input
from flowleague.program.values import (
    COMPLEX,
    Number,
    Spec,
    broadcast,
    dimension,
    require,
)

_INDICES = ("int32", "int64")


def _is_index(index: Spec) -> None:
    require(index.dtype in _INDICES, f"indices are int32 or int64, not {index.dtype}")


def _within(index: Any, size: int, *, negative: bool = False) -> None:
    require(
        bool(index.min() >= (-size if negative else 0)) and bool(index.max() < size),
        f"an index lies outside 0 .. {size - 1}",
    )


def _all_within(self: Any, indices: tuple[Any, ...], *_rest: Any) -> None:
    for size, index in zip(self.shape, indices, strict=False):
        if index is not None:
            _within(index, size, negative=True)


def indexed(self: Spec, indices: tuple[Spec | None, ...]) -> tuple[int, ...]:
    """The shape of ``self[indices]`` where None takes a whole dimension (NumPy's rules of advanced indexing)."""
    require(len(indices) <= len(self.shape), "there are more indices than dimensions")
    used = [i for i, index in enumerate(indices) if index is not None]
    require(bool(used), "it needs an index")
    for i in used:
        index = indices[i]
        assert index is not None
        _is_index(index)
    shape = broadcast(*(index.shape for index in indices if index is not None))
    rest = [n for i, n in enumerate(self.shape) if i not in used]
    first = used[0] if used == list(range(used[0], used[-1] + 1)) else 0
    return (*rest[:first], *shape, *rest[first:])


@operation("index.Tensor(Tensor self, Tensor?[] indices)", javascript="index", guard=_all_within)
def _index(self: Spec, indices: tuple[Spec | None, ...]) -> Spec:
    return Spec(self.dtype, indexed(self, indices))


@operation(
    "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False)",
    flops=lambda _results, _self, _indices, values, accumulate: values.elements if accumulate else 0,
    javascript="index_put",
    guard=_all_within,
)
def _index_put(self: Spec, indices: tuple[Spec | None, ...], values: Spec, accumulate: bool) -> Spec:
    shape = indexed(self, indices)
    require(values.dtype == self.dtype, "values are of another type")
    require(broadcast(values.shape, shape) == shape, "values do not fit their places")
    return self


def _gathers(self: Spec, dim: int, index: Spec) -> int:
    at = dimension(dim, len(self.shape))
    require(index.dtype == "int64", "indices are int64")
    require(len(index.shape) == len(self.shape) and bool(self.shape), "the index has other dimensions")
    for i, (n, m) in enumerate(zip(self.shape, index.shape, strict=True)):
        require(i == at or m <= n, "the index is larger than the tensor")
    return at


def _along(self: Any, dim: int, index: Any, *_rest: Any) -> None:
    _within(index, self.shape[dim] if self.shape else 1)


@operation("gather(Tensor self, int dim, Tensor index)", javascript="gather", guard=_along)
def _gather(self: Spec, dim: int, index: Spec) -> Spec:
    _gathers(self, dim, index)
    return Spec(self.dtype, index.shape)


def _scatters(self: Spec, dim: int, index: Spec, src: Spec) -> None:
    _gathers(self, dim, index)
    require(src.dtype == self.dtype and len(src.shape) == len(self.shape), "what is put in does not fit")
    require(all(m <= n for n, m in zip(src.shape, index.shape, strict=True)), "the index is larger than the source")


@operation("scatter.src(Tensor self, int dim, Tensor index, Tensor src)", javascript="scatter", guard=_along)
def _scatter(self: Spec, dim: int, index: Spec, src: Spec) -> Spec:
    _scatters(self, dim, index, src)
    return self


@operation("scatter.value(Tensor self, int dim, Tensor index, Scalar value)", javascript="scatter", guard=_along)
def _scatter_value(self: Spec, dim: int, index: Spec, value: Number) -> Spec:
    _gathers(self, dim, index)
    require(self.dtype.startswith(("float", "bfloat", "complex")) or abs(value) < 128, "the value does not fit")
    return self


@operation(
    "scatter_add(Tensor self, int dim, Tensor index, Tensor src)",
    flops=lambda _results, _self, _dim, index, _src: index.elements,
    javascript="scatter_add",
    guard=_along,
)
def _scatter_add(self: Spec, dim: int, index: Spec, src: Spec) -> Spec:
    _scatters(self, dim, index, src)
    return self


@operation(
    "scatter_reduce.two(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True)",
    flops=per_input,
    guard=_along,
)
def _scatter_reduce(self: Spec, dim: int, index: Spec, src: Spec, reduce: str, include_self: bool) -> Spec:
    _scatters(self, dim, index, src)
    require(reduce in ("sum", "prod", "mean", "amax", "amin"), "the reduction does not exist")
    require(self.dtype not in COMPLEX and self.dtype != "bool", "it takes numbers")
    return self


@operation("index_select(Tensor self, int dim, Tensor index)", javascript="index_select", guard=_along)
def _index_select(self: Spec, dim: int, index: Spec) -> Spec:
    _is_index(index)
    require(len(index.shape) <= 1 and bool(self.shape), "indices have one dimension")
    at = dimension(dim, len(self.shape))
    return Spec(self.dtype, (*self.shape[:at], index.elements, *self.shape[at + 1 :]))


@operation(
    "embedding(Tensor weight, Tensor indices)",
    javascript="embedding",
    guard=lambda weight, indices: _within(indices, weight.shape[0]),
)
def _embedding(weight: Spec, indices: Spec) -> Spec:
    _is_index(indices)
    require(len(weight.shape) == 2, "the table has two dimensions")
    return Spec(weight.dtype, (*indices.shape, weight.shape[1]))


def _searched(sorted_sequence: Spec, self: Spec, out_int32: bool, right: bool, side: str | None) -> Spec:
    edges, rank = sorted_sequence.shape, len(sorted_sequence.shape)
    require(sorted_sequence.dtype == self.dtype and self.dtype not in COMPLEX, "it compares numbers of one type")
    require(rank == 1 or (rank == len(self.shape) and edges[:-1] == self.shape[:-1]), "the edges do not fit the values")
    require(side in (None, "left", "right") and not (right and side == "left"), "the side is left or right")
    return Spec("int32" if out_int32 else "int64", self.shape)


operation(
    "searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, "
    "str? side=None)",
    flops=lambda results, edges, *_rest: results[0].elements * edges.shape[-1].bit_length(),
    javascript="searchsorted",
)(_searched)
