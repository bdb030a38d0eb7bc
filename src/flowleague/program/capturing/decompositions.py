"""How operations that programs do not have are taken apart: by PyTorch's own decompositions, and by these.

PyTorch has none for a few backward kernels, which encoders that refine their guess by gradients use. A convolution's
backward is two convolutions:

    gradient of the input    the transposed convolution of the gradient
    gradient of the kernel   the convolution of the input by the gradient, channels as batch
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch._ops import OpOverload

from flowleague.program.capturing.errors import CaptureError
from flowleague.program.capturing.written_out import WRITTEN_OUT

_aten = torch.ops.aten


def _convolution_backward(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: Sequence[int] | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    output_mask: Sequence[bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    n = x.dim() - 2
    stride, padding, dilation = (list(v) * (n if len(v) == 1 else 1) for v in (stride, padding, dilation))
    zeros = [0] * n
    dx = dw = db = None
    if output_mask[0] and transposed:
        dx = _aten.convolution(grad, weight, None, stride, padding, dilation, False, zeros, groups)
    elif output_mask[0]:
        sizes = [(g - 1) * s - 2 * p + d * (k - 1) + 1 for g, s, p, d, k in
                 zip(grad.shape[2:], stride, padding, dilation, weight.shape[2:], strict=True)]  # fmt: skip
        extra = [m - size for m, size in zip(x.shape[2:], sizes, strict=True)]
        dx = _aten.convolution(grad, weight, None, stride, padding, dilation, True, extra, groups)
    if output_mask[1]:
        a, b = (grad, x) if transposed else (x, grad)
        dw = _kernel_gradient(a, b, weight.shape[2:], stride, padding, dilation, groups)
    if output_mask[2]:
        db = grad.sum([0, *range(2, grad.dim())])
    return dx, dw, db


def _kernel_gradient(
    x: Tensor, grad: Tensor, kernel: Sequence[int], stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """d/dw of the convolution of x by w, given the gradient at its output; (out, in / groups, ...)."""
    parts = []
    for a, g in zip(x.chunk(groups, 1), grad.chunk(groups, 1), strict=True):
        zeros = [0] * len(kernel)
        made = _aten.convolution(a.transpose(0, 1), g.transpose(0, 1), None, dilation, padding, stride, False, zeros, 1)
        for i, k in enumerate(kernel):
            made = made.narrow(i + 2, 0, k)
        parts.append(made.transpose(0, 1))
    return torch.cat(parts) if groups > 1 else parts[0]


def _avg_pool2d_backward(
    grad: Tensor, x: Tensor, kernel: Any, stride: Any, padding: Any, ceil: bool, count_include_pad: bool, divisor: Any
) -> Tensor:
    """The gradient of each window's mean, spread evenly over its window."""
    kernel, padding = (list(v) * (2 if len(v) == 1 else 1) for v in (kernel, padding))
    stride = list(stride) * (2 if len(stride) == 1 else 1) or kernel
    if ceil or (any(padding) and not count_include_pad):
        raise CaptureError("the gradient of this average pooling is not supported: pool without ceil_mode and padding.")
    channels = grad.shape[-3]
    share = torch.full((channels, 1, *kernel), 1 / (divisor or kernel[0] * kernel[1]), dtype=grad.dtype)
    extra = [m - ((g - 1) * s - 2 * p + k) for m, g, s, p, k in
             zip(x.shape[-2:], grad.shape[-2:], stride, padding, kernel, strict=True)]  # fmt: skip
    spread = _aten.convolution(grad.view(-1, channels, *grad.shape[-2:]), share, None, stride, padding, [1, 1], True,
                               extra, channels)  # fmt: skip
    return spread.view(x.shape)


def _weights_of_linear_map(apply: Callable[[Tensor], Tensor], n: int, dtype: torch.dtype) -> Tensor:
    """The matrix (outputs, n) of a linear map of rows, by its action on the unit vectors."""
    return apply(torch.eye(n, dtype=dtype)[None, None])[0, 0].t()


def _separable_backward(apply: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, Sequence[int]], Tensor]:
    """The adjoint of a linear map that acts on rows and columns alike: G -> A' G B."""

    def backward(grad: Tensor, sizes: Sequence[int]) -> Tensor:
        rows, columns = (
            _weights_of_linear_map(lambda e, m=m: apply(e, m), n, grad.dtype)
            for n, m in zip(sizes[-2:], grad.shape[-2:], strict=True)
        )
        return rows.t() @ grad @ columns

    return backward


def _adaptive_avg_pool2d_backward(grad: Tensor, x: Tensor) -> Tensor:
    pool = _separable_backward(
        lambda e, m: _aten._adaptive_avg_pool2d(e.transpose(2, 3), [m, e.shape[3]]).transpose(2, 3)
    )
    return pool(grad, x.shape)


def _resize_backward(mode: str) -> Callable[..., Tensor]:
    def backward(grad: Tensor, output_size: Any, input_size: Sequence[int], *rest: Any, **_: Any) -> Tensor:
        options = {} if mode.startswith("nearest") else {"align_corners": bool(rest and rest[0])}

        def stretch(e: Tensor, m: int) -> Tensor:
            size = (m, e.shape[3])
            return torch.nn.functional.interpolate(e.transpose(2, 3), size, mode=mode, **options).transpose(2, 3)

        return _separable_backward(stretch)(grad, input_size)

    return backward


def _lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: Any = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Least squares of a matrix with independent columns: A = QR, X = R^-1 Q' B."""
    if A.shape[-2] < A.shape[-1]:
        raise CaptureError("least squares with more unknowns than equations are not supported: use torch.linalg.pinv.")
    q, r = torch.linalg.qr(A)
    b = B if B.dim() == A.dim() else B[..., None]
    x = torch.linalg.solve_triangular(r, q.mT @ b, upper=True)
    none = torch.zeros(0)
    return x if b is B else x[..., 0], none, torch.full((), A.shape[-1]), none


def _solve(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> tuple[Tensor, ...]:
    b = B[..., None] if B.dim() < A.dim() else B
    x = _aten.linalg_solve(A, b) if left else _aten.linalg_solve(A.mT, b.mT).mT
    return x if b is B else x[..., 0], A, torch.zeros(0), torch.zeros(A.shape[:-2], dtype=torch.int32)


def _stable_sort(x: Tensor, *rest: Any, **named: Any) -> tuple[Tensor, Tensor]:
    dim = rest[0] if rest else named.get("dim", -1)
    descending = rest[1] if len(rest) > 1 else named.get("descending", False)
    return _aten.sort.stable(x, stable=True, dim=dim, descending=descending)


def _sort_stable(
    x: Tensor, *, stable: bool | None = None, dim: int = -1, descending: bool = False
) -> tuple[Tensor, Tensor]:
    return _aten.sort.stable(x, stable=True, dim=dim, descending=descending)


def _median(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    flat = x.reshape(-1) if dim is None else x
    at = 0 if dim is None else dim
    values, places = _aten.sort.stable(flat, stable=True, dim=at)
    middle = (flat.shape[at] - 1) // 2
    values, places = values.select(at, middle), places.select(at, middle)
    if dim is None:
        return values
    return (values.unsqueeze(dim), places.unsqueeze(dim)) if keepdim else (values, places)


def _kthvalue(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    values, places = (part.select(dim, k - 1) for part in _aten.sort.stable(x, stable=True, dim=dim))
    return (values.unsqueeze(dim), places.unsqueeze(dim)) if keepdim else (values, places)


def _cdist_backward(grad: Tensor, x1: Tensor, x2: Tensor, p: float, cdist: Tensor) -> Tensor:
    """d|x1 - x2|_2 / dx1, summed over x2; only for the Euclidean norm."""
    if p != 2:
        raise CaptureError("the gradient of cdist is supported for p=2: write the distance out.")
    share = torch.where(cdist == 0, torch.zeros_like(cdist), grad / cdist)
    return share.sum(-1, keepdim=True) * x1 - share @ x2


def _var_mean(x: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    every = list(range(x.dim())) if dim is None else dim
    return _aten.var.correction(x, dim, correction=correction, keepdim=keepdim), _aten.mean.dim(x, every, keepdim)


def _batch_norm(
    x: Tensor, weight: Any, bias: Any, mean: Any, var: Any, training: bool, momentum: float, eps: float
) -> Any:
    if not training and x.dtype in (torch.float32, torch.float64):
        return _aten._native_batch_norm_legit_no_training(x, weight, bias, mean, var, momentum, eps)
    return decomposition_table[_aten.native_batch_norm.default](x, weight, bias, mean, var, training, momentum, eps)


OWN: dict[OpOverload, Callable[..., Any]] = {
    _aten.native_batch_norm.default: _batch_norm,
    _aten.convolution_backward.default: _convolution_backward,
    _aten.avg_pool2d_backward.default: _avg_pool2d_backward,
    _aten._adaptive_avg_pool2d_backward.default: _adaptive_avg_pool2d_backward,
    _aten.upsample_nearest2d_backward.default: _resize_backward("nearest"),
    _aten._upsample_nearest_exact2d_backward.default: _resize_backward("nearest-exact"),
    _aten.upsample_bilinear2d_backward.default: _resize_backward("bilinear"),
    _aten.upsample_bicubic2d_backward.default: _resize_backward("bicubic"),
    _aten.linalg_lstsq.default: _lstsq,
    _aten._linalg_solve_ex.default: _solve,
    _aten.sort.default: _stable_sort,
    _aten.sort.stable: _sort_stable,
    _aten.median.default: _median,
    _aten.median.dim: _median,
    _aten.kthvalue.default: _kthvalue,
    _aten._cdist_backward.default: _cdist_backward,
    _aten._unsafe_view.default: lambda x, size: _aten.view(x.contiguous(), size),
    _aten._reshape_alias.default: lambda x, size, stride: _aten.view(x.contiguous(), size),
    _aten._unsafe_index.Tensor: lambda x, indices: _aten.index(x, indices),
    _aten._unsafe_index_put.default: lambda x, i, values, accumulate=False: _aten.index_put(x, i, values, accumulate),
    _aten.split_with_sizes.default: lambda x, sizes, dim=0: _split(x, sizes, dim),
    _aten.split.Tensor: lambda x, size, dim=0: _split(x, [size] * (-(-x.shape[dim] // size)), dim),
    _aten.unbind.int: lambda x, dim=0: [_aten.select(x, dim, i) for i in range(x.shape[dim])],
    _aten.full_like.default: lambda x, value, dtype=None, **_: _aten.full(x.shape, value, dtype=dtype or x.dtype),
    _aten.where.ScalarOther: lambda c, x, y: _aten.where.self(c, x, _number(y, torch.result_type(x, y))),
    _aten.where.ScalarSelf: lambda c, x, y: _aten.where.self(c, _number(x, torch.result_type(y, x)), y),
    _aten.where.Scalar: lambda c, x, y: _aten.where.self(c, _number(x, None), _number(y, None)),
    _aten.var_mean.correction: _var_mean,
    torch.ops.prims.var.default: lambda x, dims, correction, output_dtype=None: _aten.var.correction(
        x, dims, correction=correction
    ),
    _aten.bitwise_and.Scalar: lambda x, y: _aten.bitwise_and.Tensor(x, _number(y, x.dtype)),
    _aten.bitwise_or.Scalar: lambda x, y: _aten.bitwise_or.Tensor(x, _number(y, x.dtype)),
    _aten.bitwise_xor.Scalar: lambda x, y: _aten.bitwise_xor.Tensor(x, _number(y, x.dtype)),
    _aten.max.default: lambda x: _aten.amax(x),
    _aten.min.default: lambda x: _aten.amin(x),
    _aten.add.Scalar: lambda x, y, alpha=1: _aten.add.Tensor(x, y, alpha=alpha),
    _aten.sub.Scalar: lambda x, y, alpha=1: _aten.sub.Tensor(x, y, alpha=alpha),
    _aten.mul.Scalar: lambda x, y: _aten.mul.Tensor(x, y),
    _aten.div.Scalar: lambda x, y: _aten.div.Tensor(x, y),
    _aten.div.Scalar_mode: lambda x, y, rounding_mode: _aten.div.Tensor_mode(x, y, rounding_mode=rounding_mode),
    _aten.floor_divide.default: lambda x, y: _aten.div.Tensor_mode(x, y, rounding_mode="floor"),
    _aten._is_all_true.default: lambda x: x.all(),
    _aten._is_any_true.default: lambda x: x.any(),
    _aten.squeeze.dim: lambda x, dim: _aten.squeeze.dims(x, [dim]),
    _aten.squeeze.default: lambda x: _aten.squeeze.dims(x, [i for i, n in enumerate(x.shape) if n == 1]),
    _aten.transpose.int: lambda x, a, b: _aten.permute(x, _swapped(x.dim(), a, b)),
    _aten.t.default: lambda x: _aten.permute(x, list(range(x.dim()))[::-1]),
}


def _number(value: Any, dtype: torch.dtype | None) -> Tensor:
    return torch.full((), value, dtype=dtype)


def _split(x: Tensor, sizes: Sequence[int], dim: int) -> list[Tensor]:
    parts, start = [], 0
    for size in sizes:
        parts.append(_aten.slice(x, dim, start, min(start + size, x.shape[dim])))
        start += size
    return parts


def _swapped(rank: int, a: int, b: int) -> list[int]:
    order = list(range(rank))
    if rank:
        order[a], order[b] = order[b], order[a]
    return order


def decomposition(func: OpOverload) -> Callable[..., Any] | None:
    """How an operation is taken apart, or None."""
    found = OWN.get(func) or WRITTEN_OUT.get(func) or decomposition_table.get(func) or getattr(func, "prim_impl", None)
    if found is None and func._can_decompose():
        return func.decompose
    return found
