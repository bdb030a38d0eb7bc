"""Products of matrices, convolutions, distances, Fourier transforms, and the factorisations that LAPACK computes."""

import math
from typing import Any

from flowleague.program.operations.table import operation
from flowleague.program.values import (
    COMPLEX,
    COMPLEX_OF,
    FLOATS,
    REAL_OF,
    Number,
    Spec,
    broadcast,
    dimensions,
    require,
)


def _numbers(*specs: Spec) -> None:
    require(len({spec.dtype for spec in specs}) == 1, "the types differ")
    require(specs[0].dtype in FLOATS + COMPLEX, f"it takes floats, not {specs[0].dtype}")


def _product(a: Spec, b: Spec, rank: int) -> Spec:
    _numbers(a, b)
    require(len(a.shape) == len(b.shape) == rank and a.shape[:-2] == b.shape[:-2], f"it takes matrices ({rank} dims)")
    require(a.shape[-1] == b.shape[-2], f"the matrices {a.shape} and {b.shape} do not multiply")
    return Spec(a.dtype, (*a.shape[:-1], b.shape[-1]))


def _product_flops(results: tuple[Spec, ...], a: Spec, *_rest: Any) -> int:
    return 2 * results[0].elements * a.shape[-1]


@operation("mm(Tensor self, Tensor mat2)", flops=_product_flops, javascript="mm")
def _mm(self: Spec, mat2: Spec) -> Spec:
    return _product(self, mat2, 2)


@operation("bmm(Tensor self, Tensor mat2)", flops=_product_flops, javascript="bmm")
def _bmm(self: Spec, mat2: Spec) -> Spec:
    return _product(self, mat2, 3)


@operation(
    "addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1)",
    flops=lambda results, _self, a, *_rest: results[0].elements * (2 * a.shape[-1] + 1),
    javascript="addmm",
)
def _addmm(self: Spec, mat1: Spec, mat2: Spec, beta: Number, alpha: Number) -> Spec:
    made = _product(mat1, mat2, 2)
    require(self.dtype == made.dtype, "the types differ")
    require(broadcast(self.shape, made.shape) == made.shape, "what is added does not fit the product")
    return made


def convolved(n: int, k: int, stride: int, padding: int, dilation: int, transposed: bool, extra: int) -> int:
    """The size of one dimension after a convolution."""
    if transposed:
        return (n - 1) * stride - 2 * padding + dilation * (k - 1) + extra + 1
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


def _convolution_flops(results: tuple[Spec, ...], x: Spec, weight: Spec, bias: Spec | None, *rest: Any) -> int:
    transposed, groups = rest[3], rest[5]
    each = 2 * math.prod(weight.shape[2:]) * weight.shape[1]
    if transposed:  # each input pixel is spread over the kernel
        return x.elements * each + (results[0].elements if bias else 0)
    del groups
    return results[0].elements * (each + (1 if bias else 0))


@operation(
    "convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, "
    "bool transposed, int[] output_padding, int groups)",
    flops=_convolution_flops,
    javascript="convolution",
)
def _convolution(
    x: Spec,
    weight: Spec,
    bias: Spec | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    transposed: bool,
    output_padding: tuple[int, ...],
    groups: int,
) -> Spec:
    _numbers(x, weight, *([bias] if bias else []))
    rank = len(x.shape) - 2
    require(x.dtype in FLOATS and 1 <= rank <= 3 and len(weight.shape) == rank + 2, "it takes (B, C, ...) floats")
    for values, least in ((stride, 1), (padding, 0), (dilation, 1), (output_padding, 0)):
        require(len(values) == rank and all(least <= v <= 2**16 for v in values), "strides or paddings are not allowed")
    require(1 <= groups <= x.shape[1] and x.shape[1] % groups == 0, "the groups do not divide the channels")
    inner, outer = (weight.shape[0], weight.shape[1] * groups) if transposed else weight.shape[1::-1]
    inner = inner if transposed else inner * groups
    require(inner == x.shape[1] and outer % groups == 0, f"the kernel {weight.shape} does not fit {x.shape}")
    require(bias is None or bias.shape == (outer,), "the bias does not fit the channels")
    require(transposed or not any(output_padding), "only a transposed convolution pads its output")
    for extra, s, d in zip(output_padding, stride, dilation, strict=True):
        require(extra == 0 or extra < max(s, d), "the output padding is too large")
    sizes = tuple(
        convolved(n, k, s, p, d, transposed, e)
        for n, k, s, p, d, e in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding, strict=True
        )
    )
    require(all(n >= 1 for n in sizes), "the kernel is larger than the image")
    spans = [
        n + 2 * p - d * (k - 1) for n, p, d, k in zip(x.shape[2:], padding, dilation, weight.shape[2:], strict=True)
    ]
    require(transposed or all(span >= 1 for span in spans), "the kernel is larger than the image")
    # The kernels unfold the image in memory: bounded as a value of its own
    unfolded = x.shape[1] * math.prod(weight.shape[2:]) * math.prod(x.shape[2:] if transposed else sizes)
    require(unfolded <= 2**28, "the convolution is too large")
    return Spec(x.dtype, (x.shape[0], outer, *sizes))


@operation(
    "_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode)",
    flops=lambda results, x1, *_rest: 3 * results[0].elements * x1.shape[-1],
    javascript="cdist",
)
def _cdist(x1: Spec, x2: Spec, p: float, compute_mode: int | None) -> Spec:
    _numbers(x1, x2)
    require(x1.dtype in ("float32", "float64") and len(x1.shape) == len(x2.shape) >= 2, "it takes rows of floats")
    require(x1.shape[:-2] == x2.shape[:-2] and x1.shape[-1] == x2.shape[-1], "the rows differ in length")
    require(p >= 0 and compute_mode in (None, 0, 1, 2), "the norm does not exist")
    return Spec(x1.dtype, (*x1.shape[:-1], x2.shape[-2]))


# --- Fourier transforms


def _fourier_flops(results: tuple[Spec, ...], self: Spec, *_rest: Any) -> int:
    n = max(self.elements, results[0].elements)
    return 5 * n * max(n.bit_length(), 1)


def _transformed(self: Spec, dim: tuple[int, ...], normalization: int) -> tuple[int, ...]:
    require(bool(dim) and bool(self.shape), "it needs a dimension")
    require(0 <= normalization <= 2, "the normalisation does not exist")
    require(min(dim) >= 0, "its dimensions are counted from the front")  # the kernels read past the end with others
    return dimensions(dim, len(self.shape))


@operation("_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided)", flops=_fourier_flops)
def _fft_r2c(self: Spec, dim: tuple[int, ...], normalization: int, onesided: bool) -> Spec:
    dims = _transformed(self, dim, normalization)
    require(self.dtype in COMPLEX_OF, "it takes float32 or float64")
    last = dims[-1]
    shape = tuple(n // 2 + 1 if i == last and onesided else n for i, n in enumerate(self.shape))
    return Spec(COMPLEX_OF[self.dtype], shape)


@operation("_fft_c2r(Tensor self, int[] dim, int normalization, int last_dim_size)", flops=_fourier_flops)
def _fft_c2r(self: Spec, dim: tuple[int, ...], normalization: int, last_dim_size: int) -> Spec:
    dims = _transformed(self, dim, normalization)
    require(self.dtype in COMPLEX, "it takes complex numbers")
    require(last_dim_size // 2 + 1 == self.shape[dims[-1]] and last_dim_size >= 1, "the length does not fit")
    return Spec(REAL_OF[self.dtype], tuple(last_dim_size if i == dims[-1] else n for i, n in enumerate(self.shape)))


@operation("_fft_c2c(Tensor self, int[] dim, int normalization, bool forward)", flops=_fourier_flops)
def _fft_c2c(self: Spec, dim: tuple[int, ...], normalization: int, forward: bool) -> Spec:
    _transformed(self, dim, normalization)
    require(self.dtype in COMPLEX, "it takes complex numbers")
    return self


# --- LAPACK: finite numbers only, since some routines loop or stop on others


def _finite(*values: Any) -> None:
    for value in values:
        if hasattr(value, "isfinite"):
            require(bool(value.isfinite().all()), "a matrix holds a number that is not finite")


def _matrices(self: Spec, square: bool = True) -> tuple[int, int]:
    require(self.dtype in ("float32", "float64") and len(self.shape) >= 2, "it takes matrices of floats")
    m, n = self.shape[-2:]  # pyright: ignore[reportAssignmentType] - two at least
    require(not square or m == n, "the matrix is not square")
    return m, n


def _cubic(_results: tuple[Spec, ...], self: Spec, *_rest: Any) -> int:
    return 2 * self.elements * min(self.shape[-2:])


@operation("linalg_qr(Tensor A, str mode='reduced')", flops=_cubic, javascript="qr", guard=_finite, results=2)
def _qr(self: Spec, mode: str) -> tuple[Spec, Spec]:
    m, n = _matrices(self, square=False)
    require(mode == "reduced", "the mode is 'reduced'")
    k = min(m, n)
    return Spec(self.dtype, (*self.shape[:-2], m, k)), Spec(self.dtype, (*self.shape[:-2], k, n))


@operation(
    "linalg_cholesky_ex(Tensor self, *, bool upper=False, bool check_errors=False)",
    flops=_cubic,
    javascript="cholesky",
    guard=_finite,
    results=2,
)
def _cholesky(self: Spec, upper: bool, check_errors: bool) -> tuple[Spec, Spec]:
    _matrices(self)
    return self, Spec("int32", self.shape[:-2])


@operation(
    "linalg_inv_ex(Tensor A, *, bool check_errors=False)", flops=_cubic, javascript="inverse", guard=_finite, results=2
)
def _inverse(self: Spec, check_errors: bool) -> tuple[Spec, Spec]:
    _matrices(self)
    return self, Spec("int32", self.shape[:-2])


@operation("_linalg_eigh(Tensor A, str UPLO='L', bool compute_v=True)", flops=_cubic, guard=_finite, results=2)
def _eigh(self: Spec, uplo: str, compute_v: bool) -> tuple[Spec, Spec]:
    _matrices(self)
    require(uplo in ("L", "U") and compute_v, "the triangle is L or U, with vectors")
    return Spec(self.dtype, self.shape[:-1]), self


@operation(
    "_linalg_svd(Tensor A, bool full_matrices=False, bool compute_uv=True)", flops=_cubic, guard=_finite, results=3
)
def _svd(self: Spec, full_matrices: bool, compute_uv: bool) -> tuple[Spec, Spec, Spec]:
    m, n = _matrices(self, square=False)
    require(not full_matrices and compute_uv, "only the reduced decomposition is allowed")
    batch, k = self.shape[:-2], min(m, n)
    return Spec(self.dtype, (*batch, m, k)), Spec(self.dtype, (*batch, k)), Spec(self.dtype, (*batch, k, n))


@operation(
    "linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False)",
    flops=lambda results, self, *_rest: results[0].elements * self.shape[-1],
    javascript="solve_triangular",
    guard=_finite,
)
def _solve_triangular(self: Spec, b: Spec, upper: bool, left: bool, unitriangular: bool) -> Spec:
    n, _ = _matrices(self)
    _numbers(self, b)
    require(len(b.shape) == len(self.shape) and b.shape[:-2] == self.shape[:-2], "the right side does not fit")
    require(b.shape[-2 if left else -1] == n, "the right side does not fit")
    return b


@operation(
    "linalg_solve(Tensor A, Tensor B, *, bool left=True)",
    flops=lambda results, self, *_rest: _cubic((), self) + 2 * results[0].elements * self.shape[-1],
    javascript="solve",
    guard=_finite,
)
def _solve(self: Spec, b: Spec, left: bool) -> Spec:
    n, _ = _matrices(self)
    _numbers(self, b)
    require(left and len(b.shape) == len(self.shape) and b.shape[:-2] == self.shape[:-2], "the right side does not fit")
    require(b.shape[-2] == n, "the right side does not fit")
    return b
