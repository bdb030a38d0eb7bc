"""ATen's arguments: by name, as the table wants them, and those of an operation's functional twin."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from flowleague.program.capturing.errors import CaptureError, at, where
from flowleague.program.operations import TABLE, Operation
from flowleague.program.values import Ref


@cache
def entry_of(func: OpOverload) -> Operation | None:
    """The table's entry of an operation."""
    overload = func._overloadname or "default"
    return TABLE.get(f"{func._schema.name.replace('::', '.')}.{overload}")


def named(func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments that were given, by name."""
    return {**{a.name: value for a, value in zip(func._schema.arguments, args, strict=False)}, **kwargs}


def tensors(value: Any) -> list[Tensor]:
    """All tensors in arguments or results."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in tensors(one)]
    return []


def bound(
    entry: Operation, given: dict[str, Any], results: list[Tensor], read: Callable[[Tensor], int]
) -> tuple[Any, ...]:
    """The arguments of the table's entry, complete and in one form."""
    _refuse_foreign(given)
    out = []
    for parameter in entry.parameters:
        value = given.get(parameter.name, parameter.default)
        out.append(_plain(value, read))
    return _canonical(entry, out, given, results)


def _refuse_foreign(given: dict[str, Any]) -> None:
    if given.get("layout") not in (None, torch.strided):
        raise CaptureError(f"it makes a sparse tensor{at(where())}: use dense ones.")
    if given.get("device") is not None and torch.device(given["device"]).type != "cpu":
        raise CaptureError(f"it uses {given['device']}{at(where())}: move everything to the CPU first.")


def _plain(value: Any, read: Callable[[Tensor], int]) -> Any:
    if isinstance(value, Tensor):
        return Ref(read(value))
    if isinstance(value, list | tuple):
        return tuple(_plain(one, read) for one in value)
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, complex):
        raise CaptureError(f"it uses a complex number{at(where())}: make it a tensor.")
    for simple in (bool, int, float):  # also NumPy's numbers, which derive from them
        if isinstance(value, simple):
            return simple(value)
    return value


def _canonical(entry: Operation, out: list[Any], given: dict[str, Any], results: list[Tensor]) -> tuple[Any, ...]:
    """-1 in shapes written out, lists of one number for two dimensions doubled."""
    name = entry.name
    if name in ("aten.view.default", "aten.expand.default"):
        out[1] = tuple(results[0].shape)
    elif name == "aten.convolution.default":
        rank = given["input"].dim() - 2
        for i in (3, 4, 5, 7):
            out[i] = out[i] * rank if len(out[i]) == 1 else out[i]
    elif name in ("aten.avg_pool2d.default", "aten.max_pool2d_with_indices.default"):
        out[1] = _pair(out[1])
        out[2] = _pair(out[2]) or out[1]
        out[3] = _pair(out[3]) or (0, 0)
        if "max" in name:
            out[4] = _pair(out[4]) or (1, 1)
    elif name == "aten._adaptive_avg_pool2d.default":
        out[1] = _pair(out[1])
    elif name == "aten._to_copy.default":
        out[1] = str(results[0].dtype).removeprefix("torch.")
    elif name in ("aten.full.default", "aten.scalar_tensor.default", "aten.arange.start_step"):
        out[-1] = str(results[0].dtype).removeprefix("torch.")
    elif name == "aten._cdist_forward.default":
        out[3] = None if out[3] == -1 else out[3]
    return tuple(out)


def _pair(value: tuple[int, ...]) -> tuple[int, ...]:
    return value * 2 if len(value) == 1 else value


@cache
def _twin(func: OpOverload) -> tuple[OpOverload, tuple[str, ...]]:
    """The functional operation of one that writes, and the names of the arguments that are written to only."""
    schema = func._schema
    outs = tuple(a.name for a in schema.arguments if a.is_out)
    wanted = [a.name for a in schema.arguments if not a.is_out]
    head = schema.name.removeprefix("aten::")
    for name in dict.fromkeys((head, head.removesuffix("_"), head + "_functional", f"{head}_functional".strip())):
        packet = getattr(torch.ops.aten, name, None)
        for overload in packet.overloads() if packet is not None else ():
            found: OpOverload = getattr(packet, overload)
            if not found._schema.is_mutable and _takes(found, wanted, func):
                return found, outs
    raise CaptureError(f"it uses {head}{at(where())}, which writes to memory in a way that programs do not have.")


def _takes(found: OpOverload, wanted: list[str], func: OpOverload) -> bool:
    types = {a.name: str(a.type) for a in func._schema.arguments}
    taken = [a for a in found._schema.arguments if a.name in wanted]
    more = [a for a in found._schema.arguments if a.name not in wanted]
    if [a.name for a in taken] != wanted or not all(a.kwarg_only or a.has_default_value() for a in more):
        return False
    return all(types[a.name] == str(a.type) for a in taken)


def functional(
    func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[OpOverload, list[Any], tuple[Any, ...], dict[str, Any]]:
    """The functional twin, the tensors to be written to, and the twin's arguments."""
    twin, outs = _twin(func)
    given = named(func, args, kwargs)
    written = [a.name for a in func._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    targets = [given.get(name) for name in written]
    rest = {name: value for name, value in given.items() if name not in outs}
    ordered = [a for a in twin._schema.arguments if a.name in rest]
    placed = tuple(rest[a.name] for a in ordered if not a.kwarg_only)
    gaps = any(a.name not in rest and not a.kwarg_only for a in twin._schema.arguments[: len(placed)])
    if gaps:
        return twin, targets, (), rest
    return twin, targets, placed, {a.name: rest[a.name] for a in ordered if a.kwarg_only}


def one_by_one(func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An operation on lists (`_foreach_add_`) as its operation on each element."""
    head = func._schema.name.removeprefix("aten::_foreach_")
    given = [*args, *kwargs.values()]
    names = [a.name for a in func._schema.arguments][: len(args)] + list(kwargs)
    n = len(args[0])
    single = getattr(torch.ops.aten, _SINGLE.get(head, head))
    made = []
    for i in range(n):
        one = [v[i] if isinstance(v, list | tuple) and len(v) == n else v for v in given]
        extra = {k: v for k, v in zip(names, one, strict=True) if k in ("alpha", "value")}
        placed = [v for k, v in zip(names, one, strict=True) if k not in extra]
        if "value" not in extra and head.startswith(("addcmul", "addcdiv")) and len(placed) == 4:
            extra["value"] = placed.pop()
        made.append(single(*placed, **extra))
    return None if head.endswith("_") else made


_SINGLE = {"norm": "linalg_vector_norm"}
