"""Which value lies where in memory: how writes through views become functional operations.

A tensor is known by its layout in its storage (offset, shape, strides, type), so every view of one storage, whoever
made it, shares what was written last. A write through a view makes a new value of the whole storage; views are read
anew from it afterwards. The way from a storage to a view is a list of moves, each with its inverse:

    permute, view (reshape), slice, select, pad        undone by permute, view, slice_scatter, select_scatter, slice
    index by numbers counted with arange               undone by index_put, for strides that do not nest
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

from flowleague.program.capturing.errors import CaptureError
from flowleague.program.values import REAL_OF, Ref

Emit = Callable[..., int]  # (operation, arguments) -> number of the result


class Layout(NamedTuple):
    """Where a tensor lies in its storage; strides of dimensions of one element are 0."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    conjugate: bool = False
    negative: bool = False

    @property
    def elements(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def extent(self) -> int:
        """Elements from the first to the last one."""
        return 1 + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))

    @property
    def dense(self) -> bool:
        """Whether the elements fill their extent, each once."""
        return self.elements == self.extent and nested(self) is not None

    @property
    def contiguous(self) -> bool:
        """Whether the elements lie in row-major order."""
        return self.strides == flat(self.offset, self.shape, self.dtype).strides


def layout(tensor: Tensor) -> Layout:
    """The layout of a tensor."""
    strides = tuple(s if n > 1 else 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True))
    dtype = str(tensor.dtype).removeprefix("torch.")
    return Layout(int(tensor.storage_offset()), tuple(tensor.shape), strides, dtype, tensor.is_conj(), tensor.is_neg())


def flat(offset: int, shape: tuple[int, ...], dtype: str) -> Layout:
    """The layout of a tensor in row-major order."""
    strides = [math.prod(shape[i + 1 :]) if n > 1 else 0 for i, n in enumerate(shape)]
    return Layout(offset, shape, tuple(strides), dtype)


class Memory:
    """What is known of one storage."""

    def __init__(self, tensor: Tensor, base: tuple[Layout, int] | None) -> None:
        self._alive = StorageWeakRef(tensor.untyped_storage())
        self.address = tensor.untyped_storage().data_ptr()
        self.base = base  # a dense layout and the value that lies there; None: a constant that nobody has written to
        self.views: dict[Layout, int] = {} if base is None else {base[0]: base[1]}
        self.leaves: dict[tuple[int, int, str], tuple[Layout, int]] = {}
        self.constant = base is None
        self.written: str = ""  # where a constant was written to
        self.made_now = False  # a constant that was made during the call

    @property
    def gone(self) -> bool:
        """Whether the storage was freed: another may lie at its address."""
        return self._alive.expired()

    def read(self, wanted: Layout, emit: Emit) -> int:
        """The value of a view; the base must be known."""
        if wanted not in self.views:
            assert self.base is not None
            self.views[wanted] = forward(self.base[1], path(self.base[0], wanted), emit)[-1]
        return self.views[wanted]

    def write(self, target: Layout, value: int, emit: Emit) -> None:
        """Make a value the content of a view."""
        assert self.base is not None
        (where, whole), given = self.base, value
        if target != where:
            moves = path(where, target)
            passed = forward(whole, moves[:-1], emit) if moves else [whole]
            for move, before in zip(reversed(moves), reversed(passed), strict=True):
                value = move.undo(emit, before, value)
        self.base = (where, value)
        kept = {view: held for view, held in self.views.items() if _disjoint(view, target, where.offset)}
        self.views = {**kept, where: value, target: given}


class Move(NamedTuple):
    """One step from a storage to a view, and back."""

    do: Callable[[Emit, int], int]
    undo: Callable[[Emit, int, int], int]  # (emit, the value before the move, the new value after it)


def forward(value: int, moves: list[Move], emit: Emit) -> list[int]:
    """The values before the first move and after each."""
    values = [value]
    for move in moves:
        values.append(move.do(emit, values[-1]))
    return values


def _view(old: tuple[int, ...], new: tuple[int, ...]) -> Move:
    return Move(
        lambda emit, v: emit("aten.view.default", Ref(v), new),
        lambda emit, _before, v: emit("aten.view.default", Ref(v), old),
    )


def _permute(order: tuple[int, ...]) -> Move:
    back = tuple(order.index(i) for i in range(len(order)))
    return Move(
        lambda emit, v: emit("aten.permute.default", Ref(v), order),
        lambda emit, _before, v: emit("aten.permute.default", Ref(v), back),
    )


def _slice(dim: int, start: int, end: int) -> Move:
    return Move(
        lambda emit, v: emit("aten.slice.Tensor", Ref(v), dim, start, end),
        lambda emit, before, v: emit("aten.slice_scatter.default", Ref(before), Ref(v), dim, start, end),
    )


def _select(dim: int) -> Move:
    return Move(
        lambda emit, v: emit("aten.select.int", Ref(v), dim, 0),
        lambda emit, before, v: emit("aten.select_scatter.default", Ref(before), Ref(v), dim, 0),
    )


def _pad(n: int, more: int) -> Move:
    return Move(
        lambda emit, v: emit("aten.constant_pad_nd.default", Ref(v), (0, more)),
        lambda emit, _before, v: emit("aten.slice.Tensor", Ref(v), 0, 0, n),
    )


def _expand(shape: tuple[int, ...]) -> Move:
    def undo(_emit: Emit, _before: int, _value: int) -> int:
        raise CaptureError("it writes to a tensor whose elements share memory (after expand): clone it first.")

    return Move(lambda emit, v: emit("aten.expand.default", Ref(v), shape), undo)


def _same(name: str) -> Move:
    return Move(lambda emit, v: emit(name, Ref(v)), lambda emit, _before, v: emit(name, Ref(v)))


_AS_REAL = Move(
    lambda emit, v: emit("aten.view_as_real.default", Ref(v)),
    lambda emit, _before, v: emit("aten.view_as_complex.default", Ref(v)),
)


def nested(wanted: Layout) -> list[tuple[int, int]] | None:
    """(size, stride) of dimensions of several elements, largest stride first, if each lies within the one before."""
    dims = sorted(
        ((n, s) for n, s in zip(wanted.shape, wanted.strides, strict=True) if n > 1 and s > 0),
        key=lambda dim: -dim[1],
    )
    for (_, outer), (n, inner) in pairwise(dims):
        if outer % inner or n * inner > outer:
            return None
    return dims


def _disjoint(a: Layout, b: Layout, origin: int) -> bool:
    """Whether two views are known to share no element: parts of one grid that differ in some dimension."""
    if a.dtype != b.dtype:
        return False
    one, other = nested(a), nested(b)
    if one is None or other is None or [s for _, s in one] != [s for _, s in other]:
        return False
    starts = [_position(view.offset - origin, one) for view in (a, b)]
    previous = None
    for i, ((n, stride), (m, _)) in enumerate(zip(one, other, strict=True)):
        x, y = starts[0][i], starts[1][i]
        if previous is not None and max(x + n, y + m) * stride > previous:
            return False  # wraps into the next row
        if x + n <= y or y + m <= x:
            return True
        previous = stride
    return starts[0][-1] != starts[1][-1] if previous and previous > 1 else False


def _position(offset: int, dims: list[tuple[int, int]]) -> list[int]:
    """The place of an element in a grid: its index in each dimension, and what remains."""
    place = []
    for _, stride in dims:
        index, offset = divmod(offset, stride)
        place.append(index)
    return [*place, offset]


def path(base: Layout, wanted: Layout) -> list[Move]:
    """The moves from a dense layout to another of the same storage.

    Raises `CaptureError` for memory that is read as another type.
    """
    moves: list[Move] = []
    if (base.conjugate, base.negative) != (False, False) or not base.dense:
        raise CaptureError("it uses memory in an order that is not supported: add .contiguous().")
    moves += _flatten(base)
    offset, n = base.offset, base.elements
    if wanted.dtype != base.dtype:
        if REAL_OF.get(base.dtype) != wanted.dtype:
            raise CaptureError("it reads memory as another type (view(dtype)): use .to(dtype).")
        moves += [_AS_REAL, _view((n, 2), (2 * n,))]
        offset, n = 2 * offset, 2 * n
    moves += _within(n, wanted.offset - offset, wanted)
    if wanted.conjugate:
        moves.append(_same("aten._conj_physical.default"))
    if wanted.negative:
        moves.append(_same("aten.neg.default"))
    return moves


def _flatten(base: Layout) -> list[Move]:
    order = tuple(sorted(range(len(base.shape)), key=lambda i: (-base.strides[i], i)))
    moves = [] if base.contiguous else [_permute(order)]
    shape = base.shape if base.contiguous else tuple(base.shape[i] for i in order)
    return moves if shape == (base.elements,) else [*moves, _view(shape, (base.elements,))]


def _within(n: int, start: int, wanted: Layout) -> list[Move]:
    """The moves from n elements in a row to a layout that begins at one of them."""
    dims = nested(wanted)
    if start < 0 or start + wanted.extent > n:
        raise CaptureError("it reads beyond a tensor (as_strided).")
    if dims is None:
        return [_index(start, wanted)]
    moves: list[Move] = []
    length = dims[0][0] * dims[0][1] if dims else 1
    if start + length > n:
        moves.append(_pad(n, start + length - n))
        n = start + length
    if (start, length) != (0, n):
        moves.append(_slice(0, start, start + length))
    sizes, strides = [d[0] for d in dims], [d[1] for d in dims]
    steps = [a // b for a, b in pairwise(strides)]
    block = (*sizes[:1], *steps, *([strides[-1]] if strides and strides[-1] > 1 else []))
    shape = block if block else (1,)
    if shape != (length,):
        moves.append(_view((length,), shape))
    for i, (size, step) in enumerate(zip(sizes[1:], steps, strict=True), 1):
        if size < step:
            moves.append(_slice(i, 0, size))
    if strides and strides[-1] > 1:
        moves.append(_select(len(sizes)))
    return moves + _arrange(tuple(sizes), wanted)


def _arrange(sizes: tuple[int, ...], wanted: Layout) -> list[Move]:
    """From dimensions ordered by stride to those of the layout, with those of one element and the expanded ones."""
    real = [i for i, (n, s) in enumerate(zip(wanted.shape, wanted.strides, strict=True)) if n > 1 and s > 0]
    order = sorted(real, key=lambda i: -wanted.strides[i])
    moves, shape = [], sizes or (1,)
    if order != real:
        moves.append(_permute(tuple(order.index(i) for i in real)))
        shape = tuple(wanted.shape[i] for i in real)
    kept = tuple(n if i in real else 1 for i, n in enumerate(wanted.shape))
    if kept != shape:
        moves.append(_view(shape, kept))
    if kept != wanted.shape:
        moves.append(_expand(wanted.shape))
    return moves


def _index(start: int, wanted: Layout) -> Move:
    """Elements by numbers: start + sum over dimensions of position x stride."""

    def place(emit: Emit) -> int:
        total = emit("aten.full.default", (1,) * len(wanted.shape), start)
        for i, (n, stride) in enumerate(zip(wanted.shape, wanted.strides, strict=True)):
            count = emit("aten.arange.start_step", 0, n)
            count = emit("aten.mul.Tensor", Ref(count), stride)
            shape = tuple(n if j == i else 1 for j in range(len(wanted.shape)))
            count = emit("aten.view.default", Ref(count), shape)
            total = emit("aten.add.Tensor", Ref(total), Ref(count))
        return total

    return Move(
        lambda emit, v: emit("aten.index.Tensor", Ref(v), (Ref(place(emit)),)),
        lambda emit, before, v: emit("aten.index_put.default", Ref(before), (Ref(place(emit)),), Ref(v)),
    )
