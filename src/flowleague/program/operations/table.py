"""One entry per operation: its signature, what it makes of types and shapes, what it costs, and who computes it.

    @operation("mm(Tensor self, Tensor mat2)", flops=..., javascript="mm")
    def _mm(self, mat2): ... return Spec(...)

The function is the checker. It is called with a `Spec` for each tensor and plain values for the rest, in the order of
the signature, and returns the spec of the result (or a tuple of them); it raises `ProgramError` for everything that
the kernel might not survive. PyTorch's own shape inference is no substitute: it lets arguments pass that crash kernels
or read beyond the end. What depends on values (bounds of indices, division by zero) is checked by `guard` when the
program runs. The torch kernel is `torch.ops.aten` under the entry's name. `javascript` names the kernel of the page,
None where it has none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowleague.errors import printable
from flowleague.program.values import BYTES, LARGEST, ProgramError, Ref, Spec, checked_spec, require

VERSION = 1  # of the set of operations; a program of another version is refused

_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name, its kind as in ATen's signatures, its default, and whether it goes by keyword."""

    name: str
    kind: str
    default: Any
    keyword: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An entry of the table."""

    name: str
    parameters: tuple[Parameter, ...]
    check: Callable[..., Spec | tuple[Spec, ...]]
    flops: Callable[..., int]
    javascript: str | None
    guard: Callable[..., None] | None
    results: int

    def infer(self, arguments: tuple[Any, ...], specs: list[Spec]) -> tuple[tuple[Spec, ...], int]:
        """Specs of the results and floating-point operations, from arguments as stored (`Ref` for tensors).

        Raises `ProgramError` naming the operation where an argument is not allowed.
        """
        try:
            bound = [_resolve(argument, specs) for argument in arguments]
            made = self.check(*bound)
            results = tuple(checked_spec(one) for one in (made if isinstance(made, tuple) else (made,)))
            assert len(results) == self.results, self.name
            return results, self.flops(results, *bound)
        except ProgramError as error:
            raise ProgramError(f"{self.name}: {error}") from error


def _resolve(argument: Any, specs: list[Spec]) -> Any:
    if isinstance(argument, Ref):
        return specs[argument.at]
    if isinstance(argument, tuple):
        return tuple(_resolve(one, specs) for one in argument)
    return argument


TABLE: dict[str, Operation] = {}


def free(_results: tuple[Spec, ...], *_arguments: Any) -> int:
    """FLOPs of an operation that only moves numbers."""
    return 0


def per_result(results: tuple[Spec, ...], *_arguments: Any) -> int:
    """One FLOP for each element of the result."""
    return results[0].elements


def per_input(_results: tuple[Spec, ...], first: Any, *_arguments: Any) -> int:
    """One FLOP for each element of the first argument."""
    return first.elements


def operation(
    signature: str,
    *,
    flops: Callable[..., int] = free,
    javascript: str | None = None,
    guard: Callable[..., None] | None = None,
    results: int = 1,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a checker into the table under ``aten.NAME.OVERLOAD`` of the signature."""

    def enter(check: Callable[..., Any]) -> Callable[..., Any]:
        head, parameters = parse(signature)
        name = f"aten.{head}" if "." in head else f"aten.{head}.default"
        TABLE[name] = Operation(name, parameters, check, flops, javascript, guard, results)
        return check

    return enter


def parse(signature: str) -> tuple[str, tuple[Parameter, ...]]:
    """Name and parameters of a signature as ATen writes them."""
    matched = re.fullmatch(r"([\w.]+)\((.*)\)", signature)
    assert matched, signature
    parameters, keyword = [], False
    for part in filter(None, matched[2].split(", ")):
        if part == "*":
            keyword = True
            continue
        kind, name = part.split(" ")
        name, has_default, default = name.partition("=")
        value = _DEFAULTS.get(default, default.strip("'")) if has_default else _REQUIRED
        if has_default and re.fullmatch(r"-?\d+", default):
            value = int(default)
        elif has_default and re.fullmatch(r"-?\d+\.\d*", default):
            value = float(default)
        parameters.append(Parameter(name, kind, value, keyword))
    return matched[1], tuple(parameters)


_DEFAULTS: dict[str, Any] = {"None": None, "True": True, "False": False, "[]": ()}


def _whole(value: Any) -> bool:
    return type(value) is int and -LARGEST - 1 <= value <= LARGEST


def _number(value: Any) -> bool:
    return type(value) in (bool, float) or _whole(value)


def _many(one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, tuple) and not isinstance(value, Ref) and all(one(v) for v in value)


_KINDS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda v: isinstance(v, Ref),
    "Operand": lambda v: isinstance(v, Ref) or _number(v),  # a tensor or a number, as in x * 2
    "Tensor[]": _many(lambda v: isinstance(v, Ref)),
    "Tensor?[]": _many(lambda v: v is None or isinstance(v, Ref)),
    "Scalar": _number,
    "int": _whole,
    "int[]": _many(_whole),
    "float": lambda v: type(v) is float or _whole(v),
    "bool": lambda v: type(v) is bool,
    "str": lambda v: type(v) is str,
    "dtype": lambda v: v in BYTES,
}


def find(name: Any) -> Operation:
    """The entry of a name; raises `ProgramError`."""
    found = TABLE.get(name) if isinstance(name, str) else None
    if found is None:
        raise ProgramError(f"'{printable(name, 60)}' is not among the operations of programs")
    return found


def completed(entry: Operation, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """All arguments of an operation, defaults filled in, each of its parameter's kind; raises `ProgramError`."""
    require(len(given) <= len(entry.parameters), f"{entry.name} has too many arguments")
    arguments = list(given)
    for parameter in entry.parameters[len(given) :]:
        require(parameter.default is not _REQUIRED, f"{entry.name} lacks the argument {parameter.name}")
        arguments.append(parameter.default)
    for parameter, value in zip(entry.parameters, arguments, strict=True):
        kind = parameter.kind
        if kind.endswith("?") and value is None:
            continue
        holds = kind.removesuffix("?") in _KINDS and _KINDS[kind.removesuffix("?")](value)
        require(holds, f"the argument {parameter.name} of {entry.name} is not of the kind {kind}")
    return tuple(arguments)


def trimmed(entry: Operation, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments without the defaults at their end."""
    last = len(arguments)
    while last:
        default, value = entry.parameters[last - 1].default, arguments[last - 1]
        if type(default) is not type(value) or default != value:
            break
        last -= 1
    return arguments[:last]
