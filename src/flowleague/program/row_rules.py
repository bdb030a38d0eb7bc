"""How each kind of operation keeps rows apart: which arguments change for fewer rows, and where the result has them.

A rule takes the program that is written, the arguments by name, which it may change, and the number of the operation's
first result; it returns the layouts of the results, or raises `MixesRowsError`.
"""

from collections.abc import Callable
from math import prod

from flowleague.program.operations import Operation
from flowleague.program.row_layouts import Arguments, Layout, Layouts, MixesRowsError, Writer
from flowleague.program.values import Ref

_ALONE = {"view_as_real", "view_as_complex"}  # in the files of elementwise operations, but not elementwise
_SHAPED = {"view", "unsqueeze", "squeeze"}
_Rule = Callable[[Writer, Arguments, int], Layouts]


def rule(entry: Operation) -> _Rule:
    """How an operation is written for fewer rows, of which its arguments have some; raises `MixesRowsError`."""
    head, kind = entry.name.split(".")[1], entry.check.__module__.rpartition(".")[2]
    if head in _RULES:
        return _RULES[head]
    if head in _SHAPED:
        return _shaped
    if kind in ("arithmetic", "pointwise") and head not in _ALONE:
        return _elementwise
    if kind == "reductions" or head in ("_softmax", "_log_softmax", "flip"):
        return _along
    raise MixesRowsError


def _require(holds: bool) -> None:
    if not holds:
        raise MixesRowsError


def _together(writer: Writer, given: Arguments, names: list[str], rank: int) -> Layout:
    """The layout that operands share which are broadcast to `rank` dimensions; those without one are cut."""
    tensors = {name: given[name] for name in names if isinstance(given[name], Ref)}
    offset = {name: rank - len(writer.shape(value)) for name, value in tensors.items()}
    held = {name: layout for name, value in tensors.items() if (layout := writer.layout(value))}
    found = {layout._replace(axis=layout.axis + offset[name]) for name, layout in held.items()}
    _require(len(found) == 1)
    (layout,) = found
    for name, value in tensors.items():
        axis = layout.axis - offset[name]
        if name not in held and axis >= 0 and writer.shape(value)[axis] != 1:
            given[name] = writer.cut(value, layout._replace(axis=axis))
    return layout


def _elementwise(writer: Writer, given: Arguments, first: int) -> Layouts:
    return (_together(writer, given, list(given), len(writer.specs[first].shape)),)


def _shaped(writer: Writer, given: Arguments, first: int) -> Layouts:
    old, new = writer.shape(given["self"]), writer.specs[first].shape
    layout = writer.layout(given["self"])
    assert layout
    outer, before = layout.blocks * prod(old[: layout.axis]), 1
    for axis, size in enumerate(new):
        blocks, left = divmod(outer, before)
        if not left and size % (blocks * writer.batch) == 0:
            made = Layout(axis, blocks, size // (blocks * writer.batch))
            if "size" in given:
                given["size"] = writer.resized(given["size"], made)
            return (made,)
        before *= size
    raise MixesRowsError


def _along(writer: Writer, given: Arguments, _first: int) -> Layouts:
    """Operations over dimensions, none of them the rows'."""
    rank = len(writer.shape(given["self"]))
    layout = _together(writer, given, [name for name in given if isinstance(given[name], Ref)], rank)
    dims = given.get("dim", given.get("dims"))
    if dims is None or dims == ():
        raise MixesRowsError
    gone = {dim % rank for dim in (dims if isinstance(dims, tuple) else (dims,))}
    _require(layout.axis not in gone)
    lost = sum(dim < layout.axis for dim in gone) if "keepdim" in given and not given["keepdim"] else 0
    return (layout._replace(axis=layout.axis - lost),) * 3


def _placewise(writer: Writer, given: Arguments, first: int) -> Layouts:
    """Operations that go by places along a dimension, and broadcast nothing."""
    (layout,) = _along(writer, dict(given), first)[:1]
    assert layout
    tensors = [value for value in given.values() if isinstance(value, Ref)]
    _require(all(writer.shape(value)[layout.axis] == layout.size(writer.batch) for value in tensors))
    return _along(writer, given, first)


def _permute(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout = writer.layout(given["self"])
    assert layout
    order = [dim % len(given["dims"]) for dim in given["dims"]]
    return (layout._replace(axis=order.index(layout.axis)),)


def _expand(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout = writer.layout(given["self"])
    assert layout
    made = layout._replace(axis=layout.axis + len(given["size"]) - len(writer.shape(given["self"])))
    given["size"] = writer.resized(given["size"], made)
    return (made,)


def _repeat(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout, times = writer.layout(given["self"]), given["repeats"]
    assert layout
    axis = layout.axis + len(times) - len(writer.shape(given["self"]))
    return (Layout(axis, layout.blocks * times[axis], layout.places),)


def _slice(writer: Writer, given: Arguments, _first: int) -> Layouts:
    """A part of the other dimensions, or of whole blocks of rows."""
    layout, shape = writer.layout(given["self"]), writer.shape(given["self"])
    assert layout
    if given["dim"] % len(shape) != layout.axis:
        return (layout,)
    block = writer.batch * layout.places
    start, end, step = slice(given["start"], given["end"], given["step"]).indices(shape[layout.axis])
    _require(step == 1 and start % block == 0 and end % block == 0)
    start, end = start // block, end // block
    given |= {"start": start * writer.rows * layout.places, "end": end * writer.rows * layout.places}
    return (layout._replace(blocks=end - start),)


def _select(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout, dim = writer.layout(given["self"]), given["dim"] % len(writer.shape(given["self"]))
    _require(layout is not None and layout.axis != dim)
    assert layout
    return (layout._replace(axis=layout.axis - (dim < layout.axis)),)


def _slice_scatter(writer: Writer, given: Arguments, _first: int) -> Layouts:
    """Into a part of the other dimensions, or over whole blocks of rows."""
    shape, own, src = writer.shape(given["self"]), writer.layout(given["self"]), writer.layout(given["src"])
    held = own or src
    assert held
    dim, block = given["dim"] % len(shape), writer.batch * held.places
    if dim != held.axis:
        return (_together(writer, given, ["self", "src"], len(shape)),)
    start, end, step = slice(given["start"], given["end"], given["step"]).indices(shape[dim])
    _require(step == 1 and start % block == end % block == shape[dim] % block == 0)
    layouts = [layout._replace(blocks=1) for layout in (own, src) if layout]
    _require(len(set(layouts)) == 1)
    made, part = held._replace(blocks=shape[dim] // block), held._replace(blocks=(end - start) // block)
    if own is None:
        given["self"] = writer.cut(given["self"], made)
    if src is None:
        given["src"] = writer.cut(given["src"], part)
    given |= {"start": start // writer.batch * writer.rows, "end": end // writer.batch * writer.rows}
    return (made,)


def _cat(writer: Writer, given: Arguments, first: int) -> Layouts:
    rank = len(writer.specs[first].shape)
    parts = {str(k): value for k, value in enumerate(given["tensors"])}
    if all(writer.layout(part) for part in parts.values()):
        layouts = [writer.layouts[part.at] or Layout(0) for part in parts.values()]
        if {layout.axis for layout in layouts} == {given["dim"] % rank}:
            _require(len({layout.places for layout in layouts}) == 1)
            return (layouts[0]._replace(blocks=sum(layout.blocks for layout in layouts)),)
    layout = _together(writer, parts, list(parts), rank)
    _require(layout.axis != given["dim"] % rank)
    given["tensors"] = tuple(parts.values())
    return (layout,)


def _pad(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout, rank = writer.layout(given["self"]), len(writer.shape(given["self"]))
    assert layout
    behind = 2 * (rank - 1 - layout.axis)
    _require(not any(given["pad"][behind : behind + 2]))
    return (layout,)


def _product(writer: Writer, given: Arguments, first: int) -> Layouts:
    """Products of matrices: rows of the one, columns of the other, or the matrices of a stack."""
    names = [name for name in ("self", "mat2") if name in given and "mat1" not in given] or ["mat1", "mat2"]
    left, right = (writer.layout(given[name]) for name in names)
    rank = len(writer.specs[first].shape)
    if rank == 3 and any(layout and layout.axis == 0 for layout in (left, right)):
        layout = _together(writer, given, names, rank)
        _require(layout.axis == 0)
    else:
        _require((left is None) != (right is None))
        layout = left or right
        assert layout
        _require(layout.axis == (rank - 2 if left else rank - 1))
    if "mat1" in given and len(writer.shape(given["self"])) + layout.axis >= rank:
        added = {"self": given["self"]}
        axis = layout.axis - (rank - len(writer.shape(given["self"])))
        own = writer.layout(given["self"])
        if own is None and writer.shape(given["self"])[axis] != 1:
            added["self"] = writer.cut(given["self"], layout._replace(axis=axis))
        _require(own is None or own == layout._replace(axis=axis))
        given |= added
    elif "mat1" in given:
        _require(writer.layout(given["self"]) is None)
    return (layout,)


def _leading(writer: Writer, given: Arguments, _first: int) -> Layouts:
    """Layers whose first argument alone has rows, along its first dimension."""
    name, *others = given
    layout = writer.layout(given[name])
    _require(layout is not None and layout.axis == 0)
    _require(not any(writer.layout(given[other]) for other in others))
    assert layout
    if "N" in given:
        given["N"] = layout.size(writer.rows)
    return (layout,) * 3


def _layer_norm(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout, rank = writer.layout(given["input"]), len(writer.shape(given["input"]))
    _require(layout is not None and layout.axis < rank - len(given["normalized_shape"]))
    _require(not any(writer.layout(given[other]) for other in ("weight", "bias")))
    return (layout,) * 3


def _index(writer: Writer, given: Arguments, _first: int) -> Layouts:
    """Rows with indices that are the same for all, or a table that is looked up by an index with rows."""
    used = {at: index for at, index in enumerate(given["indices"]) if index is not None}
    own, by = writer.layout(given["self"]), [writer.layout(index) for index in used.values()]
    if own is None:
        _require(len(used) == 1 and by[0] is not None)
        assert by[0]
        return (by[0]._replace(axis=min(used) + by[0].axis),)
    _require(own.axis not in used and not any(by))
    rank = max(len(writer.shape(index)) for index in used.values())
    adjacent = max(used) - min(used) == len(used) - 1
    lost = sum(at < own.axis for at in used)
    return (own._replace(axis=own.axis - lost + (rank if not adjacent or own.axis > min(used) else 0)),)


def _index_select(writer: Writer, given: Arguments, _first: int) -> Layouts:
    layout = writer.layout(given["self"])
    _require(layout is not None and writer.layout(given["index"]) is None)
    assert layout
    _require(given["dim"] % len(writer.shape(given["self"])) != layout.axis)
    return (layout,)


def _looked_up(writer: Writer, given: Arguments, _first: int) -> Layouts:
    table, places = given.values() if len(given) == 2 else (given["sorted_sequence"], given["self"])
    _require(writer.layout(table) is None and ("self" not in given or len(writer.shape(table)) == 1))
    return (writer.layout(places),)


_RULES: dict[str, _Rule] = {
    "permute": _permute,
    "expand": _expand,
    "repeat": _repeat,
    "slice": _slice,
    "select": _select,
    "slice_scatter": _slice_scatter,
    "cat": _cat,
    "constant_pad_nd": _pad,
    "mm": _product,
    "bmm": _product,
    "addmm": _product,
    "convolution": _leading,
    "avg_pool2d": _leading,
    "max_pool2d_with_indices": _leading,
    "_adaptive_avg_pool2d": _leading,
    "native_group_norm": _leading,
    "_native_batch_norm_legit_no_training": _leading,
    "native_layer_norm": _layer_norm,
    "gather": _placewise,
    "scatter": _placewise,
    "scatter_add": _placewise,
    "index": _index,
    "index_select": _index_select,
    "embedding": _looked_up,
    "searchsorted": _looked_up,
}
