"""Operations over dimensions: sums, extremes, orders, and running sums."""

from flowleague.program.operations.table import operation, per_input, per_result
from flowleague.program.values import (
    COMPLEX,
    FLOATS,
    INTEGERS,
    Number,
    Spec,
    dimension,
    dimensions,
    reduced,
    require,
)

_Dims = tuple[int, ...] | None


def _real(self: Spec) -> None:
    require(self.dtype not in COMPLEX, "complex numbers are not allowed")


def _sum_type(self: Spec, dtype: str | None) -> str:
    require(dtype is None or self.dtype not in COMPLEX or dtype in COMPLEX, "a complex number is cast to a real one")
    return dtype or ("int64" if self.dtype in INTEGERS or self.dtype == "bool" else self.dtype)


def _mean_type(self: Spec, dtype: str | None) -> str:
    made = dtype or self.dtype
    require(made in FLOATS + COMPLEX, f"it takes floats, not {made}")
    require(self.dtype not in COMPLEX or made in COMPLEX, "a complex number is cast to a real one")
    return made


@operation(
    "sum.dim_IntList(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)",
    flops=per_input,
    javascript="sum",
)
def _sum(self: Spec, dim: _Dims, keepdim: bool, dtype: str | None) -> Spec:
    return Spec(_sum_type(self, dtype), reduced(self.shape, dimensions(dim, len(self.shape)), keepdim))


@operation(
    "mean.dim(Tensor self, int[]? dim, bool keepdim=False, *, dtype? dtype=None)", flops=per_input, javascript="mean"
)
def _mean(self: Spec, dim: _Dims, keepdim: bool, dtype: str | None) -> Spec:
    return Spec(_mean_type(self, dtype), reduced(self.shape, dimensions(dim, len(self.shape)), keepdim))


@operation("mean(Tensor self, *, dtype? dtype=None)", flops=per_input, javascript="mean")
def _mean_all(self: Spec, dtype: str | None) -> Spec:
    return Spec(_mean_type(self, dtype))


@operation("prod(Tensor self, *, dtype? dtype=None)", flops=per_input, javascript="prod")
def _prod_all(self: Spec, dtype: str | None) -> Spec:
    return Spec(_sum_type(self, dtype))


@operation(
    "prod.dim_int(Tensor self, int dim, bool keepdim=False, *, dtype? dtype=None)", flops=per_input, javascript="prod"
)
def _prod(self: Spec, dim: int, keepdim: bool, dtype: str | None) -> Spec:
    return Spec(_sum_type(self, dtype), reduced(self.shape, (dimension(dim, len(self.shape)),), keepdim))


def _enter_extreme(name: str) -> None:
    @operation(f"{name}(Tensor self, int[] dim=[], bool keepdim=False)", flops=per_input, javascript=name)
    def _extreme(self: Spec, dim: _Dims, keepdim: bool) -> Spec:
        _real(self)
        return Spec(self.dtype, reduced(self.shape, dimensions(dim, len(self.shape)), keepdim))


for _name in ("amax", "amin"):
    _enter_extreme(_name)


@operation("any(Tensor self)", flops=per_input, javascript="any")
def _any_all(self: Spec) -> Spec:
    return Spec("uint8" if self.dtype == "uint8" else "bool")


@operation("any.dim(Tensor self, int dim, bool keepdim=False)", flops=per_input, javascript="any")
def _any(self: Spec, dim: int, keepdim: bool) -> Spec:
    shape = reduced(self.shape, (dimension(dim, len(self.shape)),), keepdim)
    return Spec("uint8" if self.dtype == "uint8" else "bool", shape)


@operation("any.dims(Tensor self, int[]? dim=None, bool keepdim=False)", flops=per_input, javascript="any")
def _any_dims(self: Spec, dim: _Dims, keepdim: bool) -> Spec:
    require(dim != (), "it needs a dimension")
    shape = reduced(self.shape, dimensions(dim, len(self.shape)), keepdim)
    return Spec("uint8" if self.dtype == "uint8" else "bool", shape)


@operation(
    "var.correction(Tensor self, int[]? dim=None, *, Scalar? correction=None, bool keepdim=False)",
    flops=lambda _results, self, *_rest: 4 * self.elements,
    javascript="var",
)
def _var(self: Spec, dim: _Dims, correction: Number | None, keepdim: bool) -> Spec:
    require(self.dtype in FLOATS, "it takes floats")
    return Spec(self.dtype, reduced(self.shape, dimensions(dim, len(self.shape)), keepdim))


def _enter_place(name: str) -> None:
    @operation(f"{name}(Tensor self, int? dim=None, bool keepdim=False)", flops=per_input, javascript=name)
    def _place(self: Spec, dim: int | None, keepdim: bool) -> Spec:
        _real(self)
        require(self.dtype != "bool", "truth values are not allowed")
        dims = range(len(self.shape)) if dim is None else (dimension(dim, len(self.shape)),)
        return Spec("int64", reduced(self.shape, dims, keepdim))


for _name in ("argmax", "argmin"):
    _enter_place(_name)


def _enter_extreme_and_place(name: str) -> None:
    @operation(
        f"{name}.dim(Tensor self, int dim, bool keepdim=False)", flops=per_input, javascript=f"{name}_dim", results=2
    )
    def _extreme_and_place(self: Spec, dim: int, keepdim: bool) -> tuple[Spec, Spec]:
        _real(self)
        shape = reduced(self.shape, (dimension(dim, len(self.shape)),), keepdim)
        return Spec(self.dtype, shape), Spec("int64", shape)


for _name in ("max", "min"):
    _enter_extreme_and_place(_name)


def _enter_running(name: str) -> None:
    @operation(f"{name}(Tensor self, int dim, *, dtype? dtype=None)", flops=per_result, javascript=name)
    def _running(self: Spec, dim: int, dtype: str | None) -> Spec:
        dimension(dim, len(self.shape))
        return Spec(_sum_type(self, dtype), self.shape)


for _name in ("cumsum", "cumprod"):
    _enter_running(_name)


def _order_flops(_results: tuple[Spec, ...], self: Spec, *_rest: object) -> int:
    return self.elements * max(self.elements.bit_length(), 1)  # n log2 n comparisons


@operation(
    "sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False)",
    flops=_order_flops,
    javascript="sort",
    results=2,
)
def _sort(self: Spec, stable: bool | None, dim: int, descending: bool) -> tuple[Spec, Spec]:
    _real(self)
    require(stable is True, "an order must be stable, or results differ between machines")
    dimension(dim, len(self.shape))
    return self, Spec("int64", self.shape)


@operation(
    "topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True)",
    flops=_order_flops,
    javascript="topk",
    results=2,
)
def _topk(self: Spec, k: int, dim: int, largest: bool, in_order: bool) -> tuple[Spec, Spec]:
    _real(self)
    require(self.dtype != "bool" and bool(self.shape), "it takes numbers with a dimension")
    at = dimension(dim, len(self.shape))
    require(1 <= k <= self.shape[at], f"{k} of {self.shape[at]} are wanted")
    shape = tuple(k if i == at else n for i, n in enumerate(self.shape))
    return Spec(self.dtype, shape), Spec("int64", shape)
