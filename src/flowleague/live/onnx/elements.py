"""Operations on each element in ONNX."""

import math
from typing import Any

from flowleague.live.onnx.graph import Graph, Translation, Value, refusal
from flowleague.program.values import FLOATS, promote


def _unary(operation: str) -> Translation:
    return lambda g, a, outs: g.add(operation, g.operand(a[0], outs[0].spec.dtype))


def _binary(operation: str) -> Translation:
    def write(g: Graph, a: list[Any], outs: list[Value]) -> str:
        dtype = outs[0].spec.dtype
        return g.add(operation, g.operand(a[0], dtype), g.operand(a[1], dtype))

    return write


def _sum(operation: str) -> Translation:
    def write(g: Graph, a: list[Any], outs: list[Value]) -> str:
        dtype = outs[0].spec.dtype
        other = g.operand(a[1], dtype)
        if a[2] != 1:
            other = g.add("Mul", other, g.constant(a[2], dtype))
        return g.add(operation, g.operand(a[0], dtype), other)

    return write


def _compared(operation: str, *, negated: bool = False) -> Translation:
    def write(g: Graph, a: list[Any], _outs: list[Value]) -> str:
        dtype = promote(*(one.spec if isinstance(one, Value) else one for one in a[:2]))
        dtype = "int32" if dtype == "bool" else dtype
        made = g.add(operation, g.operand(a[0], dtype), g.operand(a[1], dtype))
        return g.add("Not", made) if negated else made

    return write


def _logical(operation: str) -> Translation:
    return lambda g, a, _outs: g.add(operation, *(g.operand(one, "bool") for one in a))


def _div(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype, rounding = outs[0].spec.dtype, a[2] if len(a) > 2 else None
    if rounding == "floor" and dtype not in FLOATS:
        raise refusal("A division of whole numbers")
    made = g.add("Div", g.operand(a[0], dtype), g.operand(a[1], dtype))
    return g.add("Floor", made) if rounding == "floor" else _trunc(g, made) if rounding and dtype in FLOATS else made


def _trunc(g: Graph, x: str) -> str:
    return g.add("Mul", g.add("Sign", x), g.add("Floor", g.add("Abs", x)))


def _remainder(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype = outs[0].spec.dtype
    x, y = g.operand(a[0], dtype), g.operand(a[1], dtype)
    if dtype not in FLOATS:
        return g.add("Mod", x, y)
    return g.add("Sub", x, g.add("Mul", y, g.add("Floor", g.add("Div", x, y))))


def _fmod(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype = outs[0].spec.dtype
    return g.add("Mod", g.operand(a[0], dtype), g.operand(a[1], dtype), fmod=1)


def _where(g: Graph, a: list[Any], outs: list[Value]) -> str:
    return g.add("Where", a[0].name, *(g.operand(one, outs[0].spec.dtype) for one in a[1:]))


def _clamp(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype = outs[0].spec.dtype
    x = g.operand(a[0], dtype)
    for operation, bound in (("Max", a[1]), ("Min", a[2])):
        x = x if bound is None else g.add(operation, x, g.operand(bound, dtype))
    return x


def _scaled(operation: str, number: float, *, before: bool = False) -> Translation:
    """A function of another base, or with a number added before."""

    def write(g: Graph, a: list[Any], outs: list[Value]) -> str:
        dtype = outs[0].spec.dtype
        x = g.operand(a[0], dtype)
        if before:
            return g.add(operation, g.add("Add", x, g.constant(number, dtype)))
        return g.add("Mul", g.add(operation, x), g.constant(number, dtype))

    return write


def _expm1(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype = outs[0].spec.dtype
    return g.add("Sub", g.add("Exp", g.operand(a[0], dtype)), g.constant(1, dtype))


def _silu(g: Graph, a: list[Any], _outs: list[Value]) -> str:
    return g.add("Mul", a[0].name, g.add("Sigmoid", a[0].name))


def _elu(g: Graph, a: list[Any], outs: list[Value]) -> str:
    x, dtype = a[0].name, outs[0].spec.dtype
    alpha, scale, inner = (g.constant(one, dtype) for one in a[1:])
    low = g.add("Sub", g.add("Exp", g.add("Mul", x, inner)), g.constant(1, dtype))
    positive = g.add("Greater", x, g.constant(0, dtype))
    return g.add("Mul", g.add("Where", positive, x, g.add("Mul", low, alpha)), scale)


def _softplus(g: Graph, a: list[Any], outs: list[Value]) -> str:
    dtype = outs[0].spec.dtype
    beta = g.constant(a[1], dtype)
    x = g.add("Mul", a[0].name, beta)
    soft = g.add("Div", g.add("Softplus", x), beta)
    return g.add("Where", g.add("Greater", x, g.constant(a[2], dtype)), a[0].name, soft)


TRANSLATIONS: dict[str, Translation] = {
    name: _unary(operation)
    for name, operation in {
        "neg": "Neg", "abs": "Abs", "floor": "Floor", "ceil": "Ceil", "round": "Round", "sign": "Sign", "sqrt": "Sqrt",
        "exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos",
        "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "asinh": "Asinh", "acosh": "Acosh",
        "atanh": "Atanh", "erf": "Erf", "sigmoid": "Sigmoid", "reciprocal": "Reciprocal", "relu": "Relu",
        "copy": "Identity", "cast": "Identity",
    }.items()
}  # fmt: skip
TRANSLATIONS |= {
    name: _binary(operation)
    for name, operation in {"mul": "Mul", "pow": "Pow", "maximum": "Max", "minimum": "Min"}.items()
}
TRANSLATIONS |= {
    "add": _sum("Add"), "sub": _sum("Sub"), "div": _div, "remainder": _remainder, "fmod": _fmod, "where": _where,
    "clamp": _clamp, "eq": _compared("Equal"), "ne": _compared("Equal", negated=True), "lt": _compared("Less"),
    "le": _compared("LessOrEqual"), "gt": _compared("Greater"), "ge": _compared("GreaterOrEqual"),
    "logical_and": _logical("And"), "logical_or": _logical("Or"), "logical_xor": _logical("Xor"),
    "logical_not": _logical("Not"), "isnan": lambda g, a, _outs: g.add("IsNaN", a[0].name),
    "isinf": lambda g, a, _outs: g.add("IsInf", a[0].name),
    "trunc": lambda g, a, _outs: _trunc(g, a[0].name), "expm1": _expm1, "log1p": _scaled("Log", 1, before=True),
    "log2": _scaled("Log", 1 / math.log(2)), "log10": _scaled("Log", 1 / math.log(10)),
    "rsqrt": lambda g, a, outs: g.add("Reciprocal", g.add("Sqrt", g.operand(a[0], outs[0].spec.dtype))),
    "silu": _silu, "gelu": lambda g, a, _outs: g.add("Gelu", a[0].name, approximate=a[1]), "elu": _elu,
    "leaky_relu": lambda g, a, _outs: g.add("LeakyRelu", a[0].name, alpha=float(a[1])), "softplus": _softplus,
}  # fmt: skip
