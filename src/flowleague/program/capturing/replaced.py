"""The functions of `numpy.random` and `random` that are replaced while a function is captured."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch

from flowleague.program.capturing.errors import CaptureError, at, inside, where
from flowleague.program.capturing.stand_ins import StandIns, shape_of

_KEPT = ("seed", "get_state", "set_state", "get_bit_generator", "set_bit_generator", "test")
_NUMPY = [name for name in np.random.__all__ if name[0].islower() and name not in _KEPT]
_PYTHON = [name for name in random.__all__ if name[0].islower() and name not in ("seed", "getstate", "setstate")]


@contextmanager
def served(noise: StandIns) -> Iterator[None]:
    """Replace the functions of both modules within the block; those that are not served are refused."""
    with (
        mock.patch.multiple(np.random, **_of_numpy(_Numpy(noise))),
        mock.patch.multiple(random, **_of_python(_Python(noise))),
    ):
        yield


class _Numpy:
    """NumPy's functions, under the names that its generators have."""

    def __init__(self, noise: StandIns) -> None:
        self._noise = noise

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return self._noise.floats("normal", _broadcast(size, loc, scale), scale, loc)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return self._noise.floats("uniform", _broadcast(size, low, high), high - low, low)

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, **_options: Any) -> Any:
        return _typed(self._noise.floats("normal", size), dtype)

    def random(self, size: Any = None, dtype: Any = np.float64, **_options: Any) -> Any:
        return _typed(self._noise.floats("uniform", size), dtype)

    def exponential(self, scale: Any = 1.0, size: Any = None) -> Any:
        drawn = -torch.log1p(-self._noise.ask("uniform", shape_of(size)))
        return self._noise.array(drawn * scale).reshape(shape_of(size, ()))

    def multivariate_normal(self, mean: Any, cov: Any, size: Any = None, **_options: Any) -> Any:
        root = torch.linalg.cholesky(torch.as_tensor(cov, dtype=torch.float64)).float()
        z = self._noise.ask("normal", (*shape_of(size, ()), len(root)))
        return self._noise.array(z @ root.T + torch.as_tensor(mean, dtype=torch.float32))

    def integers(
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64, endpoint: bool = False
    ) -> Any:
        low, high = (0, low) if high is None else (low, high)
        if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
            return _refused("numpy.random.randint of arrays")()
        return _typed(self._noise.integers(int(low), int(high) + endpoint, size), dtype)

    def permutation(self, x: Any, **_options: Any) -> Any:
        if isinstance(x, int | np.integer):
            return self._noise.order(int(x))
        return _refused("numpy.random.permutation of an array")()

    def choice(self, a: Any, size: Any = None, replace: bool = True, p: Any = None, **_options: Any) -> Any:
        if replace is False and size is not None:
            return _refused("numpy.random.choice without replacement")()
        if isinstance(a, int | np.integer) and p is None:
            return self._noise.integers(0, int(a), size)
        options = np.arange(a) if isinstance(a, int | np.integer) else np.asarray(a)
        if options.ndim != 1 or options.dtype.kind not in "iuf":
            return _refused("numpy.random.choice")()
        return self._noise.chosen(options, size, p)


class _Python:
    """Python's functions that are served."""

    def __init__(self, noise: StandIns) -> None:
        self._noise = noise

    def random(self) -> float:
        return self._noise.floats("uniform", None)

    def uniform(self, a: float, b: float) -> float:
        return self._noise.floats("uniform", None, b - a, a)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        return self._noise.floats("normal", None, sigma, mu)

    normalvariate = gauss

    def randint(self, a: int, b: int) -> int:
        return self._noise.integers(a, b + 1, None)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        low, high = (0, start) if stop is None else (start, stop)
        return self._noise.integers(low, high, None) if step == 1 else _refused("random.randrange with a step")()

    def choice(self, options: Any) -> Any:
        known = _known(options)
        return _refused("random.choice")() if known is None else self._noise.chosen(known, None)

    def choices(self, options: Any, weights: Any = None, *, cum_weights: Any = None, k: int = 1) -> list[Any]:
        known = _known(options)
        if known is None or cum_weights is not None:
            return _refused("random.choices")()
        chances = None if weights is None else np.asarray(weights, float) / np.sum(weights)
        return self._noise.chosen(known, k, chances).tolist()


def _of_numpy(own: _Numpy) -> dict[str, Any]:
    made = _functions(own)
    integers = made.pop("integers")
    whole = made | {
        "randn": lambda *shape: own.standard_normal(shape or None),
        "rand": lambda *shape: own.random(shape or None),
        "randint": lambda low, high=None, size=None, dtype=np.int64: integers(low, high, size, dtype),
        **dict.fromkeys(("random_sample", "sample", "ranf"), own.random),
    }
    others = {name: _refused(f"numpy.random.{name}") for name in _NUMPY}
    state, generator = _class("RandomState", whole), _class("Generator", made | {"integers": integers})
    real = np.random.default_rng

    def default_rng(*given: Any, **named: Any) -> Any:  # libraries make some when they are imported
        return real(*given, **named) if inside("importlib._bootstrap>") else generator()

    return others | whole | {"default_rng": default_rng, "RandomState": state, "Generator": generator}


def _of_python(own: _Python) -> dict[str, Any]:
    return {name: _refused(f"random.{name}") for name in _PYTHON} | _functions(own)


def _functions(own: Any) -> dict[str, Callable[..., Any]]:
    return {name: getattr(own, name) for name in vars(type(own)) if not name.startswith("_")}


def _class(name: str, functions: dict[str, Callable[..., Any]]) -> type:
    """A class of generators whose seeds do not matter: the numbers are the caller's."""

    def missing(_self: Any, asked: str) -> Any:
        if asked.startswith("__"):
            raise AttributeError(asked)
        return _refused(f"numpy.random.{name}.{asked}")

    methods: dict[str, Any] = {n: staticmethod(f) for n, f in functions.items()}
    return type(name, (), {**methods, "__init__": lambda *_given, **_named: None, "__getattr__": missing})


def _known(options: Any) -> np.ndarray | None:
    """Options as numbers, or None."""
    if not isinstance(options, list | tuple | range) or not all(type(one) in (int, float) for one in options):
        return None
    return np.asarray(options)


def _broadcast(size: Any, *bounds: Any) -> Any:
    arrays = [np.shape(bound) for bound in bounds if np.shape(bound)]
    return np.broadcast_shapes(*arrays) if size is None and arrays else size


def _typed(value: Any, dtype: Any) -> Any:
    return value.astype(dtype) if isinstance(value, np.ndarray) else value


def _refused(name: str) -> Callable[..., Any]:
    def refuse(*_arguments: Any, **_named: Any) -> Any:
        raise CaptureError(
            f"it draws with {name}{at(where())}: use torch.randn, torch.rand, torch.randint or torch.randperm."
        )

    return refuse
