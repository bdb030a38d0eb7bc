"""Operations on the elements of two or three tensors: arithmetic, comparisons, logic, choices."""

from typing import Any

from flowleague.program.operations.table import operation, per_result
from flowleague.program.values import COMPLEX, FLOATS, INTEGERS, Number, Spec, as_float, broadcast, promote, require

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


def _enter_sum(name: str) -> None:
    @operation(f"{name}.Tensor(Operand self, Operand other, *, Scalar alpha=1)", flops=per_result, javascript=name)
    def _sum(self: _Operand, other: _Operand, alpha: Number) -> Spec:
        made = _arithmetic(self, other)
        require(name != "sub" or not _has_bools(self, other), "truth values cannot be subtracted")
        require(type(alpha) is int or made.dtype in FLOATS + COMPLEX, "alpha is a fraction, the result is not")
        require(type(alpha) is not bool, "alpha is a truth value")
        _holds_number(made.dtype, self, other, alpha)
        return made


def _has_bools(*operands: Any) -> bool:
    return any(isinstance(o, bool) or (isinstance(o, Spec) and o.dtype == "bool") for o in operands)


for _name in ("add", "sub"):
    _enter_sum(_name)


@operation("mul.Tensor(Operand self, Operand other)", flops=per_result, javascript="mul")
def _mul(self: _Operand, other: _Operand) -> Spec:
    made = _arithmetic(self, other)
    _holds_number(made.dtype, self, other)
    return made


@operation("div.Tensor(Operand self, Operand other)", flops=per_result, javascript="div")
def _div(self: _Operand, other: _Operand) -> Spec:
    made = _arithmetic(self, other)
    return Spec(as_float(made.dtype), made.shape)


def _divisible(self: Any, other: Any, *_rest: Any) -> None:
    """Integers: division by 0, and of the least integer by -1, stop the processor."""
    for one in (self, other):
        if hasattr(one, "is_floating_point") and (one.is_floating_point() or one.is_complex()):
            return
    if isinstance(self, float) or isinstance(other, float):
        return
    zero = (other == 0).any() if hasattr(other, "any") else other == 0
    minus = (other == -1).any() if hasattr(other, "any") else other == -1
    require(not bool(zero), "integers are divided by zero")
    if bool(minus):
        least = self.min() if hasattr(self, "min") else self
        require(int(least) > -(2**31), "integers are divided by -1 beyond their range")


@operation(
    "div.Tensor_mode(Operand self, Operand other, *, str? rounding_mode)",
    flops=per_result,
    javascript="div",
    guard=_divisible,
)
def _div_mode(self: _Operand, other: _Operand, rounding_mode: str | None) -> Spec:
    require(rounding_mode in (None, "floor", "trunc"), "the rounding is floor or trunc")
    _real(self, other)
    made = _arithmetic(self, other)
    require(made.dtype != "bool", "truth values are not allowed")
    _holds_number(made.dtype, self, other)
    return made if rounding_mode else Spec(as_float(made.dtype), made.shape)


def _enter_modulo(name: str, overload: str) -> None:
    other_kind = "Scalar" if overload == "Scalar" else "Tensor"

    @operation(
        f"{name}.{overload}(Tensor self, {other_kind} other)", flops=per_result, javascript=name, guard=_divisible
    )
    def _modulo(self: Spec, other: _Operand) -> Spec:
        _real(self, other)
        made = _arithmetic(self, other)
        require(made.dtype != "bool", "truth values are not allowed")
        _holds_number(made.dtype, other)
        return made


for _name in ("fmod", "remainder"):
    _enter_modulo(_name, "Tensor")
    _enter_modulo(_name, "Scalar")


def _power(self: _Operand, exponent: _Operand) -> Spec:
    made = _arithmetic(self, exponent)
    integers = made.dtype in INTEGERS
    require(made.dtype != "bool", "truth values are not allowed")
    require(not integers or not isinstance(exponent, int) or exponent >= 0, "an integer has a negative exponent")
    _holds_number(made.dtype, self, exponent)
    return made


def _whole_exponent(self: Any, exponent: Any) -> None:
    """Integers to negative powers: PyTorch raises for some and gives 0 for others."""
    if hasattr(exponent, "is_floating_point") and not exponent.is_floating_point() and not exponent.is_complex():
        floats = isinstance(self, float) or (hasattr(self, "is_floating_point") and self.is_floating_point())
        require(floats or bool((exponent >= 0).all()), "an integer has a negative exponent")


operation("pow.Tensor_Scalar(Tensor self, Scalar exponent)", flops=per_result, javascript="pow")(_power)
operation("pow.Tensor_Tensor(Tensor self, Tensor exponent)", flops=per_result, javascript="pow", guard=_whole_exponent)(
    _power
)
operation("pow.Scalar(Scalar self, Tensor exponent)", flops=per_result, javascript="pow", guard=_whole_exponent)(_power)


def _enter_extreme(name: str) -> None:
    @operation(f"{name}(Tensor self, Tensor other)", flops=per_result, javascript=name)
    def _extreme(self: Spec, other: Spec) -> Spec:
        _real(self, other)
        return _arithmetic(self, other)


for _name in ("maximum", "minimum"):
    _enter_extreme(_name)


@operation("atan2(Tensor self, Tensor other)", flops=per_result, javascript="atan2")
def _atan2(self: Spec, other: Spec) -> Spec:
    _real(self, other)
    made = _arithmetic(self, other)
    return Spec(as_float(made.dtype), made.shape)


@operation("nextafter(Tensor self, Tensor other)", flops=per_result, javascript="nextafter")
def _nextafter(self: Spec, other: Spec) -> Spec:
    made = _arithmetic(self, other)
    require(made.dtype in ("bfloat16", "float32", "float64"), "it takes floats")
    return made


def _enter_comparison(name: str, overload: str) -> None:
    other_kind = "Scalar" if overload == "Scalar" else "Tensor"

    @operation(f"{name}.{overload}(Tensor self, {other_kind} other)", flops=per_result, javascript=name)
    def _comparison(self: Spec, other: _Operand) -> Spec:
        if name not in ("eq", "ne"):
            _real(self, other)
        _holds_number(promote(self, other), other)
        return Spec("bool", _shape(self, other))


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _enter_comparison(_name, "Tensor")
    _enter_comparison(_name, "Scalar")


def _enter_logical(name: str) -> None:
    @operation(f"{name}(Tensor self, Tensor other)", flops=per_result, javascript=name)
    def _logical(self: Spec, other: Spec) -> Spec:
        return Spec("bool", _shape(self, other))


for _name in ("logical_and", "logical_or", "logical_xor"):
    _enter_logical(_name)


def _enter_test(name: str) -> None:
    @operation(f"{name}(Tensor self)", flops=per_result, javascript=name)
    def _test(self: Spec) -> Spec:
        return Spec("bool", self.shape)


for _name in ("logical_not", "isnan", "isinf"):
    _enter_test(_name)


def _enter_bits(name: str) -> None:
    @operation(f"{name}.Tensor(Tensor self, Tensor other)", flops=per_result, javascript=name)
    def _bits(self: Spec, other: Spec) -> Spec:
        made = _arithmetic(self, other)
        require(made.dtype in INTEGERS or made.dtype == "bool", "it takes integers or truth values")
        return made


for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    _enter_bits(_name)


@operation("bitwise_not(Tensor self)", flops=per_result, javascript="bitwise_not")
def _bitwise_not(self: Spec) -> Spec:
    require(self.dtype in INTEGERS or self.dtype == "bool", "it takes integers or truth values")
    return self


@operation("where.self(Tensor condition, Tensor self, Tensor other)", flops=per_result, javascript="where")
def _where(condition: Spec, self: Spec, other: Spec) -> Spec:
    require(condition.dtype == "bool", "the condition is not of truth values")
    return Spec(promote(self, other), _shape(condition, self, other))


@operation("clamp(Tensor self, Scalar? min=None, Scalar? max=None)", flops=per_result, javascript="clamp")
def _clamp(self: Spec, least: Number | None, most: Number | None) -> Spec:
    bounds = [bound for bound in (least, most) if bound is not None]
    _real(self)
    require(bool(bounds), "it needs a bound")
    made = Spec(promote(self, *bounds), self.shape)
    require(made.dtype != "bool", "truth values are not allowed")
    _holds_number(made.dtype, *bounds)
    return made


@operation("clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None)", flops=per_result, javascript="clamp")
def _clamp_tensor(self: Spec, least: Spec | None, most: Spec | None) -> Spec:
    bounds = [bound for bound in (least, most) if bound is not None]
    _real(self, *bounds)
    require(bool(bounds), "it needs a bound")
    made = _arithmetic(self, *bounds)
    require(made.dtype != "bool", "truth values are not allowed")
    return made
