"""Noise from NumPy's and Python's generators, served as draws.

Their functions are replaced while a function is recorded or checked. What they return leaves torch, and usually comes
back as `torch.from_numpy(...)` or `torch.tensor([...])`: a new constant whose numbers stand in a row among those that
were served is that part of the draw. Other noise, and whole numbers and orders, which steer Python instead of becoming
tensors, are refused with advice.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from flowleague.program.capturing.errors import CaptureError, at, where
from flowleague.program.capturing.noise import Ask

_BLOCK = 4096  # numbers of Python's generator that are drawn at once


class StandIns:
    """Serves numbers from draws, and finds them again."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._served: list[tuple[np.ndarray, Tensor]] = []
        self._places: dict[float, tuple[int, int]] = {}
        self._single: dict[str, Iterator[tuple[float, float]]] = {}

    def _array(self, kind: str, size: Any, scale: Any = 1.0, shift: Any = 0.0) -> Any:
        if size is None:
            return self._number(kind, scale, shift)
        shape = (int(size),) if isinstance(size, int | np.integer) else tuple(int(n) for n in size)
        drawn = self._ask(kind, shape or (1,))
        made = drawn * scale + shift if (scale, shift) != (1.0, 0.0) else drawn
        self._serve(made)
        with torch._C.DisableTorchFunction():
            return made.detach().numpy().astype(np.float64).reshape(shape)

    def _serve(self, made: Tensor) -> None:
        with torch._C.DisableTorchFunction():
            flat = made.detach().numpy().astype(np.float64).reshape(-1).copy()
        for i, value in enumerate(flat.tolist()):
            self._places[value] = (len(self._served), i)
        self._served.append((flat, made))

    def _number(self, kind: str, scale: float = 1.0, shift: float = 0.0) -> float:
        address = f"{kind} {scale} {shift}"
        if address not in self._single:
            self._single[address] = self._stream(kind, scale, shift)
        return next(self._single[address])[0]

    def _stream(self, kind: str, scale: float, shift: float) -> Iterator[tuple[float, float]]:
        while True:
            for value in self._array(kind, _BLOCK, scale, shift).tolist():
                yield value, value

    def matched(self, tensor: Tensor) -> Tensor | None:
        """The part of a draw that a tensor's numbers are, in their order, or None."""
        if not self._served or not tensor.is_floating_point() or tensor.dim() == 0 or not tensor.numel():
            return None
        with torch._C.DisableTorchFunction():
            numbers = tensor.detach().double().reshape(-1).numpy()
        parts, at_ = [], 0
        while at_ < len(numbers):
            found = self._places.get(float(numbers[at_]))
            if found is None:
                return None
            flat, made = self._served[found[0]]
            n = min(len(flat) - found[1], len(numbers) - at_)
            same = numbers[at_ : at_ + n] == flat[found[1] : found[1] + n]
            n = n if same.all() else int(same.argmin())
            parts.append((made, found[1], n))
            at_ += n
            if len(parts) > 4096:
                return None
        return self._cut(parts)

    @staticmethod
    def _cut(parts: list[tuple[Tensor, int, int]]) -> Tensor:
        cut = [made.reshape(-1)[start : start + n] for made, start, n in parts]
        return torch.cat(cut) if len(cut) > 1 else cut[0]

    # --- the functions that are replaced

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace the functions of `numpy.random` and `random` within the block."""
        with mock.patch.multiple(np.random, **self._numpy()), mock.patch.multiple(random, **self._python()):
            yield

    def _generator(self, integers: bool = True) -> dict[str, Callable[..., Any]]:
        def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
            return self._array("normal", size, scale, loc)

        def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
            return self._array("uniform", size, high - low, low)

        def standard_normal(size: Any = None, dtype: Any = np.float64) -> Any:
            return _typed(self._array("normal", size), dtype)

        def standard_uniform(size: Any = None, dtype: Any = np.float64) -> Any:
            return _typed(self._array("uniform", size), dtype)

        made = {"normal": normal, "uniform": uniform, "standard_normal": standard_normal, "random": standard_uniform}
        names = ("randint", "permutation", "shuffle", "choice", *(("integers", "permuted") if integers else ()))
        return made | {name: _refused(f"numpy.random.{name}") for name in names}

    def _numpy(self) -> dict[str, Any]:
        made = self._generator(integers=False)

        def randn(*shape: int) -> Any:
            return self._array("normal", shape or None)

        def rand(*shape: int) -> Any:
            return self._array("uniform", shape or None)

        whole = made | {"randn": randn, "rand": rand, "random_sample": made["random"], "sample": made["random"]}
        state = type("RandomState", (), {name: staticmethod(f) for name, f in whole.items()} | {"__init__": _ignore})
        generator = type("Generator", (), {name: staticmethod(f) for name, f in self._generator().items()})
        return whole | {"default_rng": lambda *_a, **_k: generator(), "RandomState": state}

    def _python(self) -> dict[str, Any]:
        def gauss(mu: float = 0.0, sigma: float = 1.0) -> float:
            return self._number("normal", sigma, mu)

        def uniform(a: float, b: float) -> float:
            return self._number("uniform", b - a, a)

        names = ("randint", "randrange", "choice", "choices", "shuffle", "sample")
        made: dict[str, Any] = {name: _refused(f"random.{name}") for name in names}
        return made | {
            "gauss": gauss,
            "normalvariate": gauss,
            "uniform": uniform,
            "random": lambda: self._number("uniform"),
        }


def _typed(value: Any, dtype: Any) -> Any:
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def _ignore(_self: Any, *_arguments: Any, **_named: Any) -> None:
    """Seeds do not matter: the numbers are the caller's."""


def _refused(name: str) -> Callable[..., Any]:
    def refuse(*_arguments: Any, **_named: Any) -> Any:
        raise CaptureError(f"it draws whole numbers with {name}{at(where())}: use torch.randint or torch.randperm.")

    return refuse
