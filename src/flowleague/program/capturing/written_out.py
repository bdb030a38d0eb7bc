"""Operations that PyTorch does not take apart, written out with those of the table.

Each is equal to PyTorch's own but for rounding; capture's checks compare them on real inputs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

_aten = torch.ops.aten


def _roll(x: Tensor, shifts: Sequence[int], dims: Sequence[int] = ()) -> Tensor:
    if not dims:
        return _roll(x.reshape(-1), shifts, [0]).view(x.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        kept = x.shape[dim] - shift % x.shape[dim] if x.shape[dim] else 0
        if 0 < kept < x.shape[dim]:
            x = torch.cat([x.narrow(dim, kept, x.shape[dim] - kept), x.narrow(dim, 0, kept)], dim)
    return x.clone()


def _doubled(dim: int, n: int) -> Iterator[tuple[int, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]]:
    """The steps of a running result: (step, all but the first `step`, all but the last `step`), step 1, 2, 4, ..."""
    step = 1
    while step < n:
        yield step, lambda x, s=step: x.narrow(dim, s, n - s), lambda x, s=step: x.narrow(dim, 0, n - s)
        step *= 2


def _logcumsumexp(x: Tensor, dim: int) -> Tensor:
    n = x.shape[dim] if x.dim() else 1
    for step, later, earlier in _doubled(dim, n):
        x = torch.cat([x.narrow(dim, 0, step), torch.logaddexp(later(x), earlier(x))], dim)
    return x.clone()


def _running(better: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, int], tuple[Tensor, Tensor]]:
    """The running maximum or minimum and its place, of equal ones the last."""

    def running(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        n = x.shape[dim]
        shape = [n if i == dim % x.dim() else 1 for i in range(x.dim())]
        places = torch.arange(n).view(shape).expand(x.shape)
        for step, later, earlier in _doubled(dim, n):
            own = better(later(x), earlier(x))
            values = torch.where(own, later(x), earlier(x))
            places = torch.cat([places.narrow(dim, 0, step), torch.where(own, later(places), earlier(places))], dim)
            x = torch.cat([x.narrow(dim, 0, step), values], dim)
        return x.clone(), places.clone()

    return running


def _adaptive_max_pool2d(x: Tensor, size: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The maximum of each window; where windows differ in size, places are not given."""
    height, width = x.shape[-2:]
    rows, columns = size
    if height % rows == 0 and width % columns == 0:
        kernel = [height // rows, width // columns]
        return _aten.max_pool2d_with_indices(x, kernel, kernel)
    for dim, n, m in ((-2, height, rows), (-1, width, columns)):
        ends = [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
        x = torch.cat([x.narrow(dim, a, b - a).amax(dim, keepdim=True) for a, b in ends], dim)
    return x, torch.full(x.shape, -1)


def _avg_pool3d(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int] = (), padding: Sequence[int] = (0,), ceil: bool = False,
    count_include_pad: bool = True, divisor: int | None = None,
) -> Any:  # fmt: skip
    """The means over rows and columns, then those over depth, of which LocalResponseNorm takes its sums."""
    kernel, padding = (list(v) * (3 if len(v) == 1 else 1) for v in (kernel, padding))
    stride = list(stride) * (3 if len(stride) == 1 else 1) or kernel
    if ceil or (any(padding) and not count_include_pad):
        return NotImplemented
    flat = x.reshape(-1, *x.shape[-3:])
    flat = _aten.avg_pool2d(flat, kernel[1:], stride[1:], padding[1:])
    depth = _aten.avg_pool2d(flat.flatten(2), [kernel[0], 1], [stride[0], 1], [padding[0], 0])
    made = depth.reshape(*x.shape[:-3], depth.shape[1], *flat.shape[2:])
    return made * (math.prod(kernel) / divisor) if divisor else made


def _trilinear(
    a: Tensor, b: Tensor, c: Tensor, at_a: Sequence[int], at_b: Sequence[int], at_c: Sequence[int],
    summed: Sequence[int], *_rest: Any,
) -> Tensor:  # fmt: skip
    for dim in sorted(at_a):
        a = a.unsqueeze(dim)
    for dim in sorted(at_b):
        b = b.unsqueeze(dim)
    for dim in sorted(at_c):
        c = c.unsqueeze(dim)
    return (a * b * c).sum(list(summed))


def _pinv(A: Tensor, *, atol: Tensor | None = None, rtol: Tensor | None = None, **_rest: Any) -> Tensor:
    u, s, vh = torch.linalg.svd(A, full_matrices=False)
    relative = max(A.shape[-2:]) * torch.finfo(A.dtype).eps if rtol is None and atol is None else rtol
    least = torch.zeros(()) if relative is None else relative * s[..., :1]
    least = least if atol is None else torch.maximum(least, atol[..., None])
    inverse = torch.where(s > least, 1 / torch.where(s > least, s, torch.ones_like(s)), torch.zeros_like(s))
    return vh.mT @ (inverse[..., None] * u.mT)


def _diagonal_scatter(x: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    made = x.clone()
    made.diagonal(offset, dim1, dim2).copy_(src)
    return made


def _replication_pad2d_backward(grad: Tensor, x: Tensor, padding: Sequence[int]) -> Tensor:
    """Each edge gets the gradients of its copies: P' G Q for the padding P x Q' of rows and columns."""

    def copies(n: int, before: int, after: int) -> Tensor:
        return torch.nn.functional.pad(torch.eye(n, dtype=grad.dtype)[None], (before, after), "replicate")[0]

    left, right, top, bottom = padding
    return copies(x.shape[-2], top, bottom) @ grad @ copies(x.shape[-1], left, right).t()


def _power_of_two(x: Tensor | int, k: Tensor | int) -> Tensor | int:
    return 2**k if not isinstance(k, Tensor) else _aten.pow.Scalar(2, k.to(torch.result_type(x, k)))


def _left(x: Any, k: Any) -> Tensor:
    return torch.mul(x, _power_of_two(x, k)) if isinstance(x, Tensor) else torch.mul(_power_of_two(x, k), x)


def _right(x: Any, k: Any) -> Tensor:
    given = x if isinstance(x, Tensor) else torch.full((), x)
    return torch.div(given, _power_of_two(x, k), rounding_mode="floor")


WRITTEN_OUT: dict[OpOverload, Callable[..., Any]] = {
    _aten.roll.default: _roll,
    _aten.logcumsumexp.default: _logcumsumexp,
    _aten.cummax.default: _running(torch.ge),
    _aten.cummin.default: _running(torch.le),
    _aten.adaptive_max_pool2d.default: _adaptive_max_pool2d,
    _aten.avg_pool3d.default: _avg_pool3d,
    _aten._trilinear.default: _trilinear,
    _aten.linalg_pinv.atol_rtol_tensor: _pinv,
    _aten.diagonal_scatter.default: _diagonal_scatter,
    _aten.replication_pad2d_backward.default: _replication_pad2d_backward,
    _aten.hardshrink_backward.default: lambda grad, x, k: torch.where(x.abs() > k, grad, torch.zeros_like(grad)),
    _aten.softshrink_backward.default: lambda grad, x, k: torch.where(x.abs() > k, grad, torch.zeros_like(grad)),
    _aten.exp2.default: lambda x: _aten.pow.Scalar(2.0, x),
    _aten.erfc.default: lambda x: 1 - torch.erf(x),
    _aten.special_ndtri.default: lambda x: math.sqrt(2) * torch.erfinv(2 * x - 1),
    _aten.hypot.default: lambda x, y: (x * x + y * y).sqrt(),
    _aten.fmax.default: lambda x, y: torch.where((x >= y) | y.isnan(), x, y),
    _aten.fmin.default: lambda x, y: torch.where((x <= y) | y.isnan(), x, y),
    _aten.copysign.Tensor: lambda x, y: torch.where(y < 0, -x.abs(), x.abs()),
    _aten.signbit.default: lambda x: x < 0,
    _aten.__lshift__.Scalar: _left,
    _aten.__lshift__.Tensor: _left,
    _aten.bitwise_left_shift.Tensor: _left,
    _aten.bitwise_left_shift.Tensor_Scalar: _left,
    _aten.bitwise_left_shift.Scalar_Tensor: _left,
    _aten.__rshift__.Scalar: _right,
    _aten.__rshift__.Tensor: _right,
    _aten.bitwise_right_shift.Tensor: _right,
    _aten.bitwise_right_shift.Tensor_Scalar: _right,
    _aten.bitwise_right_shift.Scalar_Tensor: _right,
}  # fmt: skip
