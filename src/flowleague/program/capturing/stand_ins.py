"""Noise from NumPy's and Python's generators, served as draws; and arrays that leave torch with `.numpy()`.

Their functions are replaced (`replaced.py`) while a function is recorded or checked. What they return usually comes
back as `torch.from_numpy(...)` or `torch.tensor([...])`: a new constant whose numbers stand in a row among those that
were served is that part of the draw. Whole numbers repeat, so for them the row is all that one call gave, or the last
that single calls gave. Arithmetic on the arrays is done in torch, and served in turn. Noise that comes back in no such
way, or steers Python, is noted: where the program then differs, it is the reason. Arrays that left torch are served
likewise, and known by where they lie in memory, so that views of them are known too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowleague.program.capturing.errors import where
from flowleague.program.capturing.noise import Ask

_BLOCK = 4096  # numbers that are drawn at once where single ones are asked for
Found = Callable[[], Tensor]  # which is recorded when it is called
_MOST_PARTS, _LEAST_IN_A_ROW = 4096, 4


class _Noise(np.ndarray):
    """An array of served numbers: what is computed from it by these functions is served too."""

    owner: "StandIns | None"

    def __array_finalize__(self, made_from: Any) -> None:
        self.owner = getattr(made_from, "owner", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", (None,))[0]
        made = None if self.owner is None else self._in_torch(ufunc, method, inputs, options)
        if made is not None and self.owner is not None:
            types = inputs if method == "__call__" else inputs[:1]
            return self.owner.array(made, np.result_type(*types), out)
        plain = [np.asarray(value) if isinstance(value, _Noise) else value for value in inputs]
        if out is not None:
            options["out"] = np.asarray(out)
        return getattr(ufunc, method)(*plain, **options)

    def _in_torch(self, ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Tensor | None:
        """What a function makes of served numbers and others, or None where it is not known."""
        assert self.owner is not None
        if method == "reduce" and ufunc is np.add and options.get("axis") is not None:
            given = self.owner.as_tensor(inputs[0])
            return None if given is None else given.sum(options["axis"], options.get("keepdims", False))
        twin = _IN_TORCH.get(ufunc.__name__)
        if not twin or method != "__call__" or options.keys() - {"casting", "subok"}:
            return None
        found = [self.owner.as_tensor(value) for value in inputs]
        return None if any(value is None for value in found) else twin(*found)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        twin = _JOINED.get(func)
        if twin and self.owner is not None and not kwargs.keys() - {"axis"}:
            found = [self.owner.as_tensor(value) for value in args[0]]
            if all(isinstance(value, Tensor) for value in found):
                axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
                return self.owner.array(twin(found, axis), np.result_type(*args[0]))
        return super().__array_function__(func, types, args, kwargs)


_JOINED: dict[Any, Callable[..., Tensor]] = {
    np.concatenate: torch.cat, np.stack: torch.stack, np.vstack: torch.cat
}  # fmt: skip
_IN_TORCH: dict[str, Callable[..., Tensor]] = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "negative": torch.neg,
    "clip": torch.clamp, "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log, "tanh": torch.tanh,
    "sin": torch.sin, "cos": torch.cos, "square": torch.square, "absolute": torch.abs, "power": torch.pow,
    "maximum": torch.maximum, "minimum": torch.minimum, "matmul": torch.matmul,
}  # fmt: skip


@dataclass
class _Stream:
    """A block of numbers that are handed out one by one."""

    numbers: np.ndarray
    made: Tensor
    taken: int = 0


class StandIns:
    """Serves numbers from draws, and finds them again."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self._served: list[tuple[np.ndarray, Tensor]] = []
        self._places: dict[float, tuple[int, int]] = {}
        self._whole: list[tuple[np.ndarray, Tensor]] = []
        self._lying: list[tuple[np.ndarray, Tensor]] = []  # contiguous arrays, by their memory
        self._single: dict[Any, _Stream] = {}
        self._left: dict[int, str] = {}  # rows that have not come back to torch, by the tensors' id: where drawn

    # --- numbers that are served

    def floats(self, kind: str, size: Any, scale: Any = 1.0, shift: Any = 0.0) -> Any:
        """Normal or uniform numbers, one or an array."""
        if size is None:
            return self._next((kind, scale, shift), lambda: self._affine(kind, (_BLOCK,), scale, shift), float)
        return self.array(self._affine(kind, shape_of(size), scale, shift)).reshape(shape_of(size, ()))

    def _affine(self, kind: str, shape: tuple[int, ...], scale: Any, shift: Any) -> Tensor:
        drawn = self.ask(kind, shape)
        if isinstance(scale, np.ndarray) or isinstance(shift, np.ndarray):
            scale, shift = (torch.as_tensor(np.asarray(v), dtype=torch.float32) for v in (scale, shift))
            return drawn * scale + shift
        return drawn * scale + shift if (scale, shift) != (1.0, 0.0) else drawn

    def integers(self, low: int, high: int, size: Any) -> Any:
        """Whole numbers from low to high - 1."""

        def drawn(shape: tuple[int, ...]) -> Tensor:
            u = self.ask("uniform", shape)
            u = u if high - low <= 2**24 else u.double()
            return (u * (high - low)).floor().to(torch.int64).clamp(max=high - low - 1) + low

        if size is None:
            return self._next(("whole", low, high), lambda: drawn((_BLOCK,)), int)
        return self.array(drawn(shape_of(size))).reshape(shape_of(size, ()))

    def chosen(self, options: Any, size: Any, chances: Any = None) -> Any:
        """Entries of a list of numbers, with equal chances or those given."""
        known = np.asarray(options)
        table = torch.as_tensor(known if known.dtype.kind == "f" else known.astype(np.int64))

        def drawn(shape: tuple[int, ...]) -> Tensor:
            u = self.ask("uniform", shape)
            if chances is None:
                places = (u * len(known)).floor().to(torch.int64).clamp(max=len(known) - 1)
            else:
                sums = torch.as_tensor(np.asarray(chances, dtype=np.float64)).cumsum(0).float()
                places = (u[..., None] >= sums[:-1]).sum(-1)
            made = table[places]
            return made.float() if made.is_floating_point() else made

        if size is None:
            key = ("of", known.tobytes(), str(known.dtype), None if chances is None else tuple(chances))
            return self._next(key, lambda: drawn((_BLOCK,)), known.dtype.type)
        return self.array(drawn(shape_of(size))).reshape(shape_of(size, ()))

    def order(self, n: int) -> Any:
        """A permutation of n."""
        return self.array(self.ask("uniform", (n,)).argsort(stable=True))

    def left_torch(self, tensor: Tensor) -> Any:
        """What `.numpy()` gives: the numbers of a tensor as an array that is known from here on."""
        return self._known(tensor.detach(), _plain(tensor).copy())

    def array(self, made: Tensor, dtype: Any = None, out: Any = None) -> Any:
        """The numbers of a tensor as an array that is known from here on; with the type that arithmetic gives it."""
        if out is not None:  # in place
            np.asarray(out)[...] = _plain(made)
            self._lying = [(held, made if held.shape == out.shape and np.shares_memory(held, out) else old)
                           for held, old in self._lying]  # fmt: skip
            return out
        if dtype is not None:
            return self._known(made, _plain(made).astype(dtype))
        numbers = _numbers(made).copy()
        self._left[id(made)] = where()
        if made.is_floating_point():
            for i, value in enumerate(numbers.reshape(-1).tolist()):
                self._places[value] = (len(self._served), i)
            self._served.append((numbers.reshape(-1), made))
        else:
            self._whole.append((numbers.reshape(-1), made))
        return self._known(made, numbers)

    def _known(self, made: Tensor, numbers: np.ndarray) -> Any:
        self._lying.append((numbers, made))
        served = numbers.view(_Noise)
        served.owner = self
        return served

    def _next(self, key: Any, block: Callable[[], Tensor], kind: Callable[[Any], Any]) -> Any:
        stream = self._single.get(key)
        if stream is None or stream.taken == _BLOCK:
            made = block()
            stream = self._single[key] = _Stream(_numbers(made).copy(), made)
            self._left[id(made)] = where()
            if made.is_floating_point():
                self.array(made)
        stream.taken += 1
        return kind(stream.numbers[stream.taken - 1])

    # --- numbers that come back

    def as_tensor(self, value: Any) -> Any:
        """What a value of NumPy's arithmetic is in torch: a number, a constant, served numbers; None if unknown."""
        if isinstance(value, _Noise):
            if min(value.strides, default=0) < 0:
                return None  # which torch has not
            with torch._C.DisableTorchFunction():
                plain = torch.from_numpy(np.asarray(value))
            found = self.matched(plain)
            return None if found is None else found().view(plain.shape)
        if isinstance(value, np.ndarray):
            return torch.as_tensor(value, dtype=torch.float32 if value.dtype.kind == "f" else None)
        return value.item() if isinstance(value, np.generic) else value

    def matched(self, tensor: Tensor) -> Found | None:
        """What gives the part of a draw that a tensor's numbers are, in their order, or None."""
        if tensor.dim() == 0 or not tensor.numel() or tensor.is_complex():
            return None
        viewed = self._viewed(tensor)
        if viewed is not None:
            return viewed
        if not tensor.is_floating_point():
            return self._matched_whole(tensor) if self._whole or self._single else None
        if not self._served:
            return None
        numbers = _numbers(tensor.double()).reshape(-1)
        parts, at_ = [], 0
        while at_ < len(numbers):
            found = self._places.get(float(numbers[at_]))
            if found is None:
                return None
            flat, made = self._served[found[0]]
            self._left.pop(id(made), None)
            n = min(len(flat) - found[1], len(numbers) - at_)
            same = numbers[at_ : at_ + n] == flat[found[1] : found[1] + n]
            n = n if same.all() else int(same.argmin())
            parts.append((made, found[1], n))
            at_ += n
            if len(parts) > _MOST_PARTS:
                return None
        return self._cut(parts)

    def _viewed(self, tensor: Tensor) -> Found | None:
        """The same view of what an array was made of, where a tensor lies in the array's memory or equals it."""
        start, size = tensor.data_ptr(), tensor.element_size()
        for numbers, made in reversed(self._lying):
            offset = (start - numbers.ctypes.data) // size
            if numbers.itemsize == size and 0 <= offset < numbers.size:
                self._left.pop(id(made), None)
                shape, stride, dtype = tensor.shape, tensor.stride(), tensor.dtype
                return lambda: made.to(dtype).contiguous().as_strided(shape, stride, offset)
        return self._in_pieces(_plain(tensor)) if tensor.is_floating_point() else None

    def _in_pieces(self, numbers: np.ndarray) -> Found | None:
        """What a copy was made of, as torch.tensor, .astype or np.array of a list makes one: arrays, in their order."""
        flat, parts, at_ = numbers.reshape(-1), [], 0
        for held, made in self._lying:
            content = held.reshape(-1).astype(flat.dtype)
            if parts and np.array_equal(content, flat[at_ - held.size : at_]) and parts[-1].numel() == held.size:
                parts[-1] = made  # clipped, where nothing was to be clipped: the later one
            elif np.array_equal(content, flat[at_ : at_ + held.size]):
                parts.append(made)
                at_ += held.size
        if at_ < flat.size:
            return None
        for made in parts:
            self._left.pop(id(made), None)
        return lambda: torch.cat([made.reshape(-1) for made in parts]).view(numbers.shape)

    def _matched_whole(self, tensor: Tensor) -> Found | None:
        numbers = _numbers(tensor).reshape(-1)
        for flat, made in reversed(self._whole):
            if len(flat) == len(numbers) and (flat == numbers).all():
                self._left.pop(id(made), None)
                return lambda: made.reshape(-1)
        for stream in self._single.values():
            start = stream.taken - len(numbers)
            few = len(numbers) < _LEAST_IN_A_ROW
            if start >= 0 and not few and (stream.numbers[start : stream.taken] == numbers).all():
                self._left.pop(id(stream.made), None)
                taken, drawn = stream.taken, stream.made
                return lambda: drawn[start:taken]
        return None

    def left(self) -> list[tuple[str, str]]:
        """What was drawn and did not come back to torch, as the watch notes what leaves it."""
        return [("noise", place) for place in self._left.values()]

    @staticmethod
    def _cut(parts: list[tuple[Tensor, int, int]]) -> Found:
        def cut() -> Tensor:
            pieces = [made.reshape(-1)[start : start + n] for made, start, n in parts]
            return torch.cat(pieces) if len(pieces) > 1 else pieces[0]

        return cut


def _plain(tensor: Tensor) -> np.ndarray:
    with torch._C.DisableTorchFunction():
        plain = tensor.detach()
        return np.ascontiguousarray((plain.float() if plain.dtype == torch.bfloat16 else plain).numpy())


def _numbers(tensor: Tensor) -> np.ndarray:
    with torch._C.DisableTorchFunction():
        plain = tensor.detach()
        return (plain.double() if plain.is_floating_point() else plain.to(torch.int64)).numpy()


def shape_of(size: Any, none: tuple[int, ...] = (1,)) -> tuple[int, ...]:
    """The shape that a size stands for; of a draw it has at least one dimension."""
    if size is None:
        return none
    shape = (int(size),) if isinstance(size, int | np.integer) else tuple(int(n) for n in size)
    return shape or none
