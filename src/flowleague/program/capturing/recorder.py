"""The recorder: every operation that torch runs while a function is called becomes a step on a tape.

A mode of torch sees each call below autograd. An operation of the table is run and recorded; one that writes is
recorded as its functional twin, and the result as the new content of the memory it wrote to; a random one by its rule
from draws; all others are taken apart. What depends on no input and no draw is recorded too: it is pruned, or folded,
later. A tensor that no recorded operation made is a constant.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from flowleague.program.capturing import arguments as binding
from flowleague.program.capturing.decompositions import decomposition
from flowleague.program.capturing.errors import CaptureError, at, where
from flowleague.program.capturing.memory import Layout, Memory, flat, layout
from flowleague.program.capturing.noise import drawn, has_rule, is_random
from flowleague.program.capturing.special import SPECIAL, way_out
from flowleague.program.capturing.tape import Leaf, Tape
from flowleague.program.interpreter import spec_of
from flowleague.program.values import ProgramError, Ref, Spec, checked_spec


class Recorder(TorchDispatchMode):
    """Records onto a tape what runs inside it; `ask` gives the numbers for draws, `before` is the call before."""

    def __init__(self, ask: Callable[[str, tuple[int, ...]], Tensor], before: "Recorder | None" = None) -> None:
        super().__init__()
        self.tape = Tape()
        # of noise or an array that left torch and came back, what gives it
        self.matched: Callable[[Tensor], Callable[[], Tensor] | None] = lambda _tensor: None
        self._ask, self._before = ask, before
        self._memories: dict[int, Memory] = {}
        self._handlers: dict[OpOverload, Callable[[OpOverload, tuple[Any, ...], dict[str, Any]], Any]] = {}
        self.kept: list[Tensor] = []
        self._open: set[OpOverload] = set()  # operations that are being taken apart

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled: each call would pass through the compiler's wrapper

    # --- what tensors stand for

    def input(self, tensor: Tensor) -> None:
        """Declare a tensor the next input."""
        value = self.tape.value(spec_of(tensor), True)
        self.tape.inputs.append(value)
        self._fresh(tensor, value)

    def ask(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        """Numbers for a draw, recorded as such."""
        tensor = self._ask(kind, shape).clone()
        value = self.tape.value(spec_of(tensor), True)
        self.tape.asked.append((kind, shape, value))
        self._fresh(tensor, value)
        return tensor

    def output(self, tensor: Tensor) -> None:
        """Declare a tensor the next output."""
        self.tape.outputs.append(self.read(tensor))

    def read(self, tensor: Tensor) -> int:
        """The value that a tensor holds now; an unknown one is a constant."""
        self._check_kind(tensor)
        memory, wanted = self.memory(tensor), layout(tensor)
        if memory is None:
            returned = self.returned(tensor)
            if returned is not None:
                return returned
            memory = self.remember(tensor, None)
        if wanted in memory.views:
            return memory.views[wanted]
        if memory.base is not None:
            return memory.read(wanted, self.tape.emit)
        memory.views[wanted] = self._constant(memory, tensor, wanted)
        return memory.views[wanted]

    def varies(self, tensor: Tensor) -> bool:
        """Whether what a tensor holds depends on an input or a draw."""
        if tensor.layout != torch.strided or tensor.is_quantized or not tensor.numel():
            return False
        memory = self.memory(tensor)
        if memory is None:
            return False
        if memory.base is not None:
            return self.tape.varies[memory.base[1]]
        value = memory.views.get(layout(tensor))
        return value is not None and self.tape.varies[value]

    def memory(self, tensor: Tensor) -> Memory | None:
        """What is known of a tensor's storage, or None."""
        memory = self._memories.get(tensor.untyped_storage().data_ptr())
        return None if memory is None or memory.gone else memory

    def remember(self, tensor: Tensor, base: tuple[Layout, int] | None) -> Memory:
        """Begin to know a storage."""
        memory = Memory(tensor, base)
        self._memories[tensor.untyped_storage().data_ptr()] = memory
        return memory

    def _fresh(self, tensor: Tensor, value: int) -> None:
        self.remember(tensor, (layout(tensor), value))

    def returned(self, tensor: Tensor) -> int | None:
        """The value of noise or an array that left torch and came back."""
        found = self.matched(tensor)
        if found is None:
            return None
        with self:
            value = self.read(found().clone().view(tensor.shape).to(tensor.dtype))
        self._fresh(tensor, value)
        return value

    def _constant(self, memory: Memory, tensor: Tensor, wanted: Layout) -> int:
        """The value of a view of a constant: of a piece that is known, or of a new one."""
        stale = "" if self._before is None else self._before.stale(tensor)
        end = wanted.offset + wanted.extent
        for start, extent, dtype in memory.leaves:
            if dtype == wanted.dtype and start <= wanted.offset and end <= start + extent:
                return Memory(tensor, memory.leaves[start, extent, dtype]).read(wanted, self.tape.emit)
        if wanted.elements * 2 < wanted.extent or wanted.conjugate or wanted.negative:  # spread thinly: on its own
            return self._leaf(memory, flat(0, wanted.shape, wanted.dtype), tensor.detach().clone(), stale, alone=True)
        piece = (wanted.offset, wanted.extent, wanted.dtype)
        if piece not in memory.leaves:
            first = wanted if wanted.contiguous else flat(wanted.offset, (wanted.extent,), wanted.dtype)
            content = torch.as_strided(tensor.detach(), first.shape, flat(0, first.shape, "").strides, wanted.offset)
            memory.leaves[piece] = (first, self._leaf(memory, first, content.clone(), stale))
        base, value = memory.leaves[piece]
        known = Memory(tensor, (base, value))
        return known.read(wanted, self.tape.emit)

    def _leaf(self, memory: Memory, place: Layout, content: Tensor, stale: str, alone: bool = False) -> int:
        if content.is_complex():  # files hold real numbers
            parts = torch.view_as_real(content.resolve_conj())
            kind = str(parts.dtype).removeprefix("torch.")
            pairs = self._leaf(memory, flat(0, tuple(parts.shape), kind), parts, stale, alone=True)
            return self.tape.emit("aten.view_as_complex.default", Ref(pairs))
        value = self.tape.value(checked_spec(Spec(place.dtype, place.shape)), False)
        storage = 0 if alone else memory.address
        self.tape.leaves.append(Leaf(value, place, content.contiguous(), memory, storage, where(), stale))
        return value

    def stale(self, tensor: Tensor) -> str:
        """Why a tensor that was left by this call is no constant of the next, or nothing."""
        if not self.varies(tensor):
            return ""
        memory = self.memory(tensor)
        assert memory is not None
        return "what its first call computed or drew"

    def _check_kind(self, tensor: Tensor) -> None:
        if tensor.layout != torch.strided:
            raise CaptureError(f"it uses a sparse tensor{at(where())}: use .to_dense() or torch.where.")
        if tensor.is_quantized:
            raise CaptureError(f"it uses quantised tensors{at(where())}: keep int8 weights and scale them by hand.")
        if tensor.device.type != "cpu":
            raise CaptureError(f"it uses a tensor on {tensor.device}{at(where())}: move everything to the CPU first.")

    # --- what operations do

    def __torch_dispatch__(
        self, func: OpOverload, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        handler = self._handlers.get(func)
        if handler is None:
            handler = self._handlers[func] = self._handler(func)
        try:
            return handler(func, args, kwargs or {})
        except ProgramError as error:
            raise CaptureError(f"{str(error).rstrip('.')}{at(where())}.") from error

    def _handler(self, func: OpOverload) -> Callable[[OpOverload, tuple[Any, ...], dict[str, Any]], Any]:
        special = SPECIAL.get(func)
        if special is not None:
            return lambda f, a, k: special(self, f, a, k)
        if func._schema.name == "aten::empty_strided" or func._schema.name.startswith("aten::empty"):
            return self._empty
        if func._schema.name.startswith("aten::_sobol"):
            raise CaptureError(f"it draws a Sobol sequence{at(where())}: use torch.randn.")
        if torch.Tag.inplace_view in func.tags:  # only the tensor's layout changes
            return lambda f, a, k: f(*a, **k)
        if is_random(func) and (has_rule(func) or decomposition(func) is None):
            return self._random
        if func._schema.name.startswith("aten::_foreach_"):
            return self._foreach
        if func._schema.is_mutable and not func._can_decompose():
            return self._write
        if binding.entry_of(func) is not None:
            return self.listed
        return self._apart if decomposition(func) is not None else self.unlisted

    def listed(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run and record an operation of the table."""
        entry = binding.entry_of(func)
        assert entry is not None
        if entry.name != "aten.cat.default" and any(not t.numel() for t in binding.tensors((args, kwargs))):
            made = func(*args, **kwargs)  # of nothing: nothing, or a constant as the sum of nothing is
            return self.unlisted(func, args, kwargs) if any(t.numel() for t in binding.tensors((made,))) else made
        named = binding.named(func, args, kwargs)
        made = func(*args, **kwargs)
        results = [made] if isinstance(made, Tensor) else [*made][: entry.results]
        if any(result.numel() == 0 for result in results):
            return made
        if entry.name == "aten.cat.default":
            with self:  # `out = torch.tensor([])`, to which a loop joins what it computes
                named["tensors"] = [t.to(results[0].dtype) for t in named["tensors"] if t.numel()]
        given = binding.bound(entry, named, results, self.read)
        values = self.tape.record(entry.name, given, where())
        sources = {t.untyped_storage().data_ptr() for t in binding.tensors((args, kwargs))}
        for result, value in zip(results, values, strict=True):
            if spec_of(result) != self.tape.specs[value]:
                raise CaptureError(f"{entry.name} gives {spec_of(result)} where {self.tape.specs[value]} is expected.")
            memory = self.memory(result) if result.untyped_storage().data_ptr() in sources else None
            if memory is None:
                self._fresh(result, value)
            else:
                memory.views[layout(result)] = value
        return made

    def _apart(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Take an operation apart."""
        taken = decomposition(func)
        assert taken is not None
        if func in self._open:  # PyTorch's parts of it lead back to it
            return self.unlisted(func, args, kwargs)
        self._open.add(func)
        try:
            with self:
                made = taken(*args, **kwargs)
        finally:
            self._open.discard(func)
        return self.unlisted(func, args, kwargs) if made is NotImplemented else made

    def unlisted(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operation that programs do not have: allowed where nothing depends on an input or a draw."""
        used = binding.tensors((args, kwargs))
        if any(self.varies(tensor) for tensor in used):
            raise CaptureError(f"it uses {func._schema.name.removeprefix('aten::')}{at(where())}, {way_out(func)}")
        made = func(*args, **kwargs)
        known = {tensor.untyped_storage().data_ptr() for tensor in used if tensor.layout == torch.strided}
        for tensor in binding.tensors((made,)):
            if tensor.layout == torch.strided and tensor.untyped_storage().data_ptr() not in known:
                self._memories.pop(tensor.untyped_storage().data_ptr(), None)  # a constant from here on
        return made

    def _random(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        named = binding.named(func, args, kwargs)
        named.pop("generator", None)
        with self:
            made = drawn(func, named, self.ask)
        if not func._schema.is_mutable:
            return made
        self.put(args[0], made)
        return args[0]

    def _empty(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Memory that nobody has written to yet: zeros."""
        made = func(*args, **kwargs)
        if made.numel():
            made.zero_()
            dtype = str(made.dtype).removeprefix("torch.")
            zero = 0.0 if made.is_floating_point() else False if dtype == "bool" else 0
            if made.is_complex():
                real = self.tape.emit(
                    "aten.full.default", (*made.shape, 2), 0.0, "float32" if dtype[-2:] == "64" else "float64"
                )
                self._fresh(made, self.tape.emit("aten.view_as_complex.default", Ref(real)))
            else:
                self._fresh(made, self.tape.emit("aten.full.default", tuple(made.shape), zero, dtype))
        return made

    def _write(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the functional twin of an operation that writes, and put its results where it wrote."""
        twin, targets, rest_args, rest = binding.functional(func, args, kwargs)
        with self:
            made = twin(*rest_args, **rest)
        results = [made] if isinstance(made, Tensor) else list(made)
        extra = len(results) - len(targets) if len(func._schema.returns) != len(targets) else 0
        for target, result in zip(targets, results[extra:], strict=True):
            if target is not None:
                self.put(target, result)
        if extra:
            return tuple(results[:extra]) if extra > 1 else results[0]
        return targets[0] if len(targets) == 1 else tuple(targets)

    def put(self, target: Tensor, made: Tensor) -> None:
        """Make a tensor's content that of another, in memory and on the tape."""
        if target.shape != made.shape and target.numel() == 0:
            target.resize_(made.shape)
        with self:
            if made.dtype != target.dtype:
                made = made.to(target.dtype)
            if made.shape != target.shape:
                made = made.expand(target.shape)
        if target.numel() == 0:
            return
        value = self.read(made)
        memory = self.memory(target) or self.remember(target, None)
        if memory.base is None:
            self._write_to_constant(memory, target)
        memory.write(layout(target), value, self.tape.emit)
        target.copy_(made)

    def _write_to_constant(self, memory: Memory, target: Tensor) -> None:
        """A constant is written to: from here on its storage is known as a whole."""
        n = target.untyped_storage().nbytes() // target.element_size()
        whole = torch.as_strided(target.detach(), (n,), (1,), 0)
        value = self.read(whole)
        memory.base = (flat(0, (n,), layout(target).dtype), value)
        memory.written = memory.written or where() or "somewhere"

    def _foreach(self, func: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operation on lists of tensors: the operation on each."""
        with self:
            return binding.one_by_one(func, args, kwargs)

    def decided(self, kind: str, value: Any) -> None:
        """Note a value that left torch."""
        self.tape.decisions.append((kind, value, where()))
