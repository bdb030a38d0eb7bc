"""Operations that need more than their entry in the table.

Numbers that leave torch, masks, sizes that depend on values, new constants, plain writes, lazy conjugates.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from flowleague.program.capturing import arguments as binding
from flowleague.program.capturing.errors import CaptureError, inside, where
from flowleague.program.capturing.noise import leaky

if TYPE_CHECKING:
    from flowleague.program.capturing.recorder import Recorder

_aten = torch.ops.aten


def _item(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    made = func(*args, **kwargs)
    if recorder.varies(args[0]):
        kind = "LBFGS" if inside("torch/optim/lbfgs.py") else type(made).__name__
        recorder.decided(kind, made)
    return made


def _sized_by_values(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if any(recorder.varies(tensor) for tensor in binding.tensors((args, kwargs))):
        name = func._schema.name.removeprefix("aten::").strip("_")
        raise sized_by_values(name, where())
    return recorder.unlisted(func, args, kwargs)


def sized_by_values(name: str, place: str) -> CaptureError:
    """The refusal of an operation whose result has as many rows as values say."""
    way = "use torch.where, topk or a sum weighted by the mask."
    return CaptureError(f"a size depends on values ({name}{', ' + place if place else ''}): {way}")


def _indexed(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Masks in an index: reading by one depends on values, writing one number by one is a choice."""
    masks = [i for i in args[1] if i is not None and i.dtype in (torch.bool, torch.uint8)]
    if not masks:
        plain = [i if i is None or i.dtype in (torch.int64, torch.int32) else _cast(recorder, i) for i in args[1]]
        rest = args[2:]
        if func is _aten.index_put.default:
            rest = (_cast(recorder, args[2], args[0].dtype), *rest[1:])
        return recorder.listed(func, (args[0], plain, *rest), kwargs)
    if not any(recorder.varies(mask) for mask in masks):
        places = [part for i in args[1] for part in (_places(i) if i is not None else [None])]
        with recorder:
            return func(args[0], places, *args[2:], **kwargs)
    if func is _aten.index_put.default and args[2].numel() == 1 and args[1][0] is masks[0] and len(args[1]) == 1:
        with recorder:
            mask = masks[0].view(masks[0].shape + (1,) * (args[0].dim() - masks[0].dim())) != 0
            return torch.where(mask, args[2].to(args[0].dtype).reshape(()), args[0])
    if func is _aten.index_put.default and len(args[1]) == 1 and 1 <= args[2].dim() <= args[0].dim() - masks[0].dim():
        with recorder:  # the same row for every place
            mask = masks[0].view(masks[0].shape + (1,) * (args[0].dim() - masks[0].dim())) != 0
            return torch.where(mask, args[2].to(args[0].dtype), args[0])
    if args[1][0] is masks[0] and all(i is None for i in args[1][1:]) and masks[0].dtype == torch.bool:
        return _in_full(recorder, func, args, kwargs, masks[0])
    return _sized_by_values(recorder, func, args, kwargs)


def _in_full(
    recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any], mask: Tensor
) -> Any:
    """``z[m] = f(z[m])``: all places are read and computed with, and the mask chooses where they are written.

    That is the same where f treats every place by itself, which capture's checks find out.
    """
    x, places = args[0], (mask.numel(), *args[0].shape[mask.dim() :])
    if func is _aten.index.Tensor:
        recorder.decided("mask", None)
        with recorder:
            return x.reshape(places).clone()
    given = args[2]
    if given.shape != places or len(args) > 3:
        return _sized_by_values(recorder, func, args, kwargs)
    with recorder:
        chosen = mask.view(mask.shape + (1,) * (x.dim() - mask.dim()))
        return torch.where(chosen, given.to(x.dtype).reshape(x.shape), x)


def _cast(recorder: "Recorder", tensor: Tensor, dtype: torch.dtype = torch.int64) -> Tensor:
    with recorder:
        return tensor if tensor.dtype == dtype else tensor.to(dtype)


def _places(index: Tensor) -> list[Tensor]:
    return list(index.nonzero().unbind(1)) if index.dtype in (torch.bool, torch.uint8) else [index]


def _as_it_is(_recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return func(*args, **kwargs)


def _new_constant(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``torch.tensor([...])``: numbers from the source, or from outside torch."""
    if args[0].numel() and args[0].layout == torch.strided and recorder.memory(args[0]) is None:
        made = func(*args, **kwargs)
        recorder.kept.append(made)
        if recorder.returned(made) is None:
            recorder.remember(made, None).made_now = True
        return made
    return func(*args, **kwargs)


def _copy(recorder: "Recorder", _func: OpOverload, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    if args[0].numel():
        recorder.put(args[0], args[1])
    return args[0]


def _filled(recorder: "Recorder", _func: OpOverload, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    target = args[0]
    if not target.numel():
        return target
    value = args[1] if len(args) > 1 else 0
    with recorder:
        made = value if isinstance(value, Tensor) else torch.full((), value, dtype=target.dtype)
    recorder.put(target, made)
    return target


def _zeros(recorder: "Recorder", _func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Zeros that have no memory, of forward-mode differentiation: given some."""
    with recorder:
        return torch.zeros(args[0], dtype=kwargs.get("dtype"))


def _conjugated(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A lazy conjugate or negative: the memory stays, the layout says how it is read."""
    recorder.read(args[0])
    return func(*args, **kwargs)


def _equal(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    made = func(*args, **kwargs)
    if recorder.varies(args[0]) or recorder.varies(args[1]):
        recorder.decided("bool", made)
    return made


def _rows_apart(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``torch.cdist``, whose two batches may differ: one codebook for all images."""
    x, y = args[:2]
    batch = torch.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    with recorder:
        x, y = x.expand(*batch, *x.shape[-2:]), y.expand(*batch, *y.shape[-2:])
    return recorder.listed(func, (x, y, *args[2:]), kwargs)


def _nothing(*_arguments: Any) -> None:
    """A check of PyTorch's own, which the function itself goes through when it is called."""


def _leaky(recorder: "Recorder", func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    named = binding.named(func, args, kwargs)
    x, lower, upper = named["self"], named.get("lower", 0.125), named.get("upper", 1 / 3)
    with recorder:
        if named.get("training", False):
            made, slopes = leaky(recorder.ask, x, lower, upper)
        else:
            return torch.nn.functional.leaky_relu(x, (lower + upper) / 2)
    recorder.put(named["noise"], slopes)
    return made


SPECIAL: dict[OpOverload, Callable[..., Any]] = {
    _aten._local_scalar_dense.default: _item,
    _aten.equal.default: _equal,
    _aten.detach.default: _as_it_is,
    _aten.alias.default: _as_it_is,
    _aten.lift_fresh.default: _new_constant,
    _aten.lift.default: _new_constant,
    _aten.as_strided.default: _as_it_is,  # views are known by their layout
    _aten.unfold.default: _as_it_is,
    _aten._has_same_storage_numel.default: _as_it_is,
    _aten.set_.source_Tensor: _as_it_is,
    _aten.set_.source_Storage: _as_it_is,
    _aten._efficientzerotensor.default: _zeros,
    _aten.copy_.default: _copy,
    _aten.fill_.Scalar: _filled,
    _aten.fill_.Tensor: _filled,
    _aten.zero_.default: _filled,
    _aten._conj.default: _conjugated,
    _aten._neg_view.default: _conjugated,
    _aten.nonzero.default: _sized_by_values,
    _aten.masked_select.default: _sized_by_values,
    _aten._unique2.default: _sized_by_values,
    _aten.unique_dim.default: _sized_by_values,
    _aten.unique_consecutive.default: _sized_by_values,
    _aten.repeat_interleave.Tensor: _sized_by_values,
    _aten.bincount.default: _sized_by_values,
    _aten._cdist_forward.default: _rows_apart,
    _aten._linalg_check_errors.default: _nothing,
    _aten.index.Tensor: _indexed,
    _aten.index_put.default: _indexed,
    _aten.rrelu_with_noise.default: _leaky,
}


def way_out(func: OpOverload) -> str:
    """What to do instead of an operation that programs do not have."""
    name = func._schema.name
    if "sparse" in name or "csr" in name:
        return "a sparse operation: use .to_dense()."
    if "quant" in name or not name.startswith("aten::"):
        return "which hides its numbers from torch: write it out with ordinary operations."
    if "_fused_" in name:
        return "a fused step: give the optimiser fused=False."
    return "which programs do not have: write it out with ordinary operations."
