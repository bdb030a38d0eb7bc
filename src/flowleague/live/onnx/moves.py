"""Operations that move numbers in ONNX: shapes, parts, joins, indices."""

from math import prod
from typing import Any

from flowleague.live.onnx.graph import Graph, Translation, Value, refusal


def _reshape(g: Graph, a: list[Any], outs: list[Value]) -> str:
    return g.shaped(a[0].name, outs[0].spec.shape, outs[0].layout)


def _expand(g: Graph, a: list[Any], outs: list[Value]) -> str:
    layout = outs[0].layout
    return g.add(
        "Expand",
        a[0].name,
        g.ints(*(1 if layout and k == layout.axis else n for k, n in enumerate(outs[0].spec.shape))),
    )


def _sliced(g: Graph, x: str, start: int, end: int, axis: int, step: int = 1) -> str:
    return g.add("Slice", x, g.ints(start), g.ints(end), g.ints(axis), g.ints(step))


def _slice(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, dim, start, end, step = a
    axis, shape, layout = dim % x.rank, x.spec.shape, x.layout
    start, end, step = slice(start, end, step).indices(shape[axis])
    if not layout or layout.axis != axis:
        return _sliced(g, x.name, start, end, axis, step)
    if outs[0].spec.shape == shape:
        return x.name
    block = shape[axis] // layout.blocks  # whole blocks of rows
    apart = g.add("Reshape", x.name, g.ints(*shape[:axis], layout.blocks, -1, *shape[axis + 1 :]))
    return g.shaped(_sliced(g, apart, start // block, end // block, axis), outs[0].spec.shape, outs[0].layout)


def _select(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    return g.add("Gather", a[0].name, g.constant(a[2], "int64"), axis=a[1] % a[0].rank)


def _put_between(g: Graph, x: str, part: str, axis: int, start: int, end: int, size: int) -> str:
    parts = [_sliced(g, x, 0, start, axis)] if start else []
    parts += [part, *([_sliced(g, x, end, size, axis)] if end < size else [])]
    return g.add("Concat", *parts, axis=axis)


def _slice_scatter(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, src, dim, start, end, step = a
    axis = dim % x.rank
    start, end, step = slice(start, end, step).indices(x.spec.shape[axis])
    if step != 1:
        raise refusal("A change in steps")
    shape, layout = x.spec.shape, x.layout
    if not layout or layout.axis != axis:
        return _put_between(g, x.name, src.name, axis, start, end, shape[axis])
    block = shape[axis] // layout.blocks  # whole blocks of rows
    start, end = start // block, end // block
    apart, part = (
        g.add("Reshape", name, g.ints(*shape[:axis], n, -1, *shape[axis + 1 :]))
        for name, n in ((x.name, layout.blocks), (src.name, end - start))
    )
    made = _put_between(g, apart, part, axis, start, end, layout.blocks)
    return g.shaped(made, outs[0].spec.shape, outs[0].layout)


def _select_scatter(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    x, src, dim, at = a
    axis = dim % x.rank
    size = x.spec.shape[axis]
    at %= size
    return _put_between(g, x.name, g.add("Unsqueeze", src.name, g.ints(axis)), axis, at, at + 1, size)


def _cat(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype, rank = outs[0].spec.dtype, len(outs[0].spec.shape)
    return g.add("Concat", *(g.operand(one, dtype) for one in a[0]), axis=a[1] % rank)


def _repeat(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    x, times = a
    added = len(times) - x.rank
    wide = g.add("Unsqueeze", x.name, g.ints(*range(added))) if added else x.name
    return g.add("Tile", wide, g.ints(*times))


def _flip(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    x = a[0].name
    for dim in a[1]:
        x = _sliced(g, x, -1, -(2**31), dim % a[0].rank, -1)
    return x


def _pad(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, widths, value = a
    pairs = [(0, 0)] * (x.rank - len(widths) // 2) + [
        (widths[k], widths[k + 1]) for k in range(len(widths) - 2, -1, -2)
    ]
    pads = [before for before, _ in pairs] + [after for _, after in pairs]
    return g.add("Pad", x.name, g.ints(*pads), g.constant(value, outs[0].spec.dtype))


def _full(g: Graph, a: list[Any], outs: list[Value]) -> str:
    value = next(one for one in a if isinstance(one, (bool, int, float)))
    return g.add("Expand", g.constant(value, outs[0].spec.dtype), g.ints(*outs[0].spec.shape))


def _arange(g: Graph, a: list[Any], outs: list[Value]) -> str:
    (n,) = outs[0].spec.shape
    return g.constant([a[0] + k * a[2] for k in range(n)], outs[0].spec.dtype)


def _index(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    """Indices of neighbouring dimensions, as one index into those joined."""
    x, indices = a
    used = [k for k, index in enumerate(indices) if index is not None]
    shape, first, last = x.spec.shape, used[0], used[-1]
    if last - first != len(used) - 1 or (x.layout and first <= x.layout.axis <= last):
        raise refusal("An index of dimensions that are no neighbours")
    at = ""
    for k in used:
        index = g.operand(indices[k], "int64")
        size = g.constant(shape[k], "int64")
        index = g.add("Mod", index, size)
        at = g.add("Add", g.add("Mul", at, size), index) if at else index
    joined = x.name
    if len(used) > 1:
        sizes = [-1 if x.layout and k == x.layout.axis else n for k, n in enumerate(shape)]
        joined = g.add("Reshape", x.name, g.ints(*sizes[:first], prod(shape[first : last + 1]), *sizes[last + 1 :]))
    return g.add("Gather", joined, at, axis=first)


def _index_select(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    return g.add("Gather", a[0].name, g.shaped(a[2].name, [-1], None), axis=a[1] % a[0].rank)


def _scatter(reduction: str) -> Translation:
    def write(g: Graph, a: list[Any], _outs: list[Value]) -> str:
        x, dim, index, src = a
        if not isinstance(src, Value):
            shape = g.add("Shape", index.name)
            src = Value(g.add("Expand", g.constant(src, x.spec.dtype), shape), x.spec, None)
        elif src.spec.shape != index.spec.shape:
            raise refusal("A scatter of parts")
        return g.add("ScatterElements", x.name, index.name, src.name, axis=dim % x.rank, reduction=reduction)

    return write


TRANSLATIONS: dict[str, Translation] = {
    "reshape": _reshape, "expand": _expand, "slice": _slice, "select": _select, "slice_scatter": _slice_scatter,
    "permute": lambda g, a, _outs: g.add("Transpose", a[0].name, perm=[dim % a[0].rank for dim in a[1]]),
    "select_scatter": _select_scatter, "cat": _cat, "repeat": _repeat, "flip": _flip, "pad": _pad, "full": _full,
    "arange": _arange, "index": _index, "index_select": _index_select,
    "gather": lambda g, a, _outs: g.add("GatherElements", a[0].name, a[2].name, axis=a[1] % a[0].rank),
    "embedding": lambda g, a, _outs: g.add("Gather", a[0].name, a[1].name, axis=0),
    "scatter": _scatter("none"), "scatter_add": _scatter("add"),
}  # fmt: skip
