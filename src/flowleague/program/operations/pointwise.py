"""Operations on each element of one tensor: functions, activations, casts."""

from typing import Any

from flowleague.program.operations.table import free, operation, per_result
from flowleague.program.values import (
    COMPLEX,
    COMPLEX_OF,
    FLOATS,
    INTEGERS,
    REAL_OF,
    Number,
    Spec,
    as_float,
    broadcast,
    promote,
    require,
)

_Operand = Spec | Number


def _shape(*operands: Any) -> tuple[int, ...]:
    specs = [operand for operand in operands if isinstance(operand, Spec)]
    require(bool(specs), "it needs a tensor")
    return broadcast(*(spec.shape for spec in specs))


def _real(*operands: Any) -> None:
    require(
        all(operand.dtype not in COMPLEX for operand in operands if isinstance(operand, Spec)),
        "complex numbers are not allowed",
    )


def _arithmetic(*operands: Any) -> Spec:
    return Spec(promote(*operands), _shape(*operands))


def _holds_number(dtype: str, *numbers: Any) -> None:
    """Numbers that do not fit the type would overflow on conversion, which raises or wraps."""
    if dtype in INTEGERS or dtype == "bool":
        bits = {"bool": 1, "uint8": 8, "int8": 7, "int16": 15, "int32": 31, "int64": 63}[dtype]
        for number in numbers:
            if number is not None and not isinstance(number, Spec):
                require(-(2**bits) <= number < 2**bits, f"{number} is too large for {dtype}")


# Exact: integers stay integers. As floats: integers become float32.
_EXACT = {"neg": "neg", "floor": "floor", "ceil": "ceil", "round": "round", "trunc": "trunc", "sign": "sign"}
_AS_FLOATS = {
    "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfinv", "sigmoid", "reciprocal", "lgamma", "digamma",
}  # fmt: skip
_ALSO_COMPLEX = {
    "neg", "sqrt", "exp", "log", "sin", "cos", "tanh", "sigmoid", "reciprocal", "rsqrt",
}  # fmt: skip


def _enter_unary(name: str) -> None:
    @operation(f"{name}(Tensor self)", flops=per_result, javascript=name)
    def _unary(self: Spec) -> Spec:
        if name not in _ALSO_COMPLEX:
            _real(self)
        if name in _EXACT:
            require(self.dtype != "bool", "truth values are not allowed")
            return self
        return Spec(as_float(self.dtype), self.shape)


for _name in sorted(_EXACT) + sorted(_AS_FLOATS):
    _enter_unary(_name)


@operation("abs(Tensor self)", flops=per_result, javascript="abs")
def _abs(self: Spec) -> Spec:
    require(self.dtype != "bool", "truth values are not allowed")
    return Spec(REAL_OF.get(self.dtype, self.dtype), self.shape)


@operation("angle(Tensor self)", flops=per_result)
def _angle(self: Spec) -> Spec:
    return Spec(REAL_OF.get(self.dtype, as_float(self.dtype)), self.shape)


def _floating(self: Spec) -> None:
    require(self.dtype in FLOATS, f"it takes floats, not {self.dtype}")


@operation("relu(Tensor self)", flops=per_result, javascript="relu")
def _relu(self: Spec) -> Spec:
    _real(self)
    require(self.dtype != "bool", "truth values are not allowed")
    return self


@operation("silu(Tensor self)", flops=per_result, javascript="silu")
def _silu(self: Spec) -> Spec:
    _floating(self)
    return self


@operation("gelu(Tensor self, *, str approximate='none')", flops=per_result, javascript="gelu")
def _gelu(self: Spec, approximate: str) -> Spec:
    _floating(self)
    require(approximate in ("none", "tanh"), "the approximation is none or tanh")
    return self


@operation("elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1)", flops=per_result, javascript="elu")
def _elu(self: Spec, alpha: Number, scale: Number, input_scale: Number) -> Spec:
    _floating(self)
    return self


@operation("leaky_relu(Tensor self, Scalar negative_slope=0.01)", flops=per_result, javascript="leaky_relu")
def _leaky_relu(self: Spec, negative_slope: Number) -> Spec:
    _floating(self)
    return self


@operation("softplus(Tensor self, Scalar beta=1, Scalar threshold=20)", flops=per_result, javascript="softplus")
def _softplus(self: Spec, beta: Number, threshold: Number) -> Spec:
    _floating(self)
    return self


@operation("hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1)", flops=per_result, javascript="clamp")
def _hardtanh(self: Spec, min_val: Number, max_val: Number) -> Spec:
    _floating(self)
    return self


# --- types


@operation("_to_copy(Tensor self, *, dtype? dtype=None)", javascript="cast")
def _to_copy(self: Spec, dtype: str | None) -> Spec:
    require(self.dtype not in COMPLEX or dtype in (None, *COMPLEX), "a complex number is cast to a real one")
    return Spec(dtype or self.dtype, self.shape)


@operation("clone(Tensor self)", javascript="copy")
def _clone(self: Spec) -> Spec:
    return self


@operation("complex(Tensor real, Tensor imag)", flops=free)
def _complex(real: Spec, imag: Spec) -> Spec:
    require(real.dtype == imag.dtype and real.dtype in COMPLEX_OF, "it takes two floats of one type")
    return Spec(COMPLEX_OF[real.dtype], broadcast(real.shape, imag.shape))


@operation("view_as_real(Tensor self)")
def _view_as_real(self: Spec) -> Spec:
    require(self.dtype in COMPLEX, "it takes complex numbers")
    return Spec(REAL_OF[self.dtype], (*self.shape, 2))


@operation("view_as_complex(Tensor self)")
def _view_as_complex(self: Spec) -> Spec:
    require(self.dtype in COMPLEX_OF and self.shape[-1:] == (2,), "it takes pairs of floats")
    return Spec(COMPLEX_OF[self.dtype], self.shape[:-1])


@operation("_conj_physical(Tensor self)", flops=per_result)
def _conj(self: Spec) -> Spec:
    require(self.dtype in COMPLEX, "it takes complex numbers")
    return self
