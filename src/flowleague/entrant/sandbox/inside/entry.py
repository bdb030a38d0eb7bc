"""An entry's `SubmissionInterface` as functions on arrays, by the contest's conventions.

    encode     images (B, 1, 28, 28)              -> latents (B, D) or (B, 1, 7, 7)
    decode     latents in the shape encode gave   -> images or logits, any shape that views as (B, 28, 28)
    generate   n_samples alone                    -> images (n, 28, 28) or (n, 1, 28, 28)

Before each call torch, numpy and random are seeded.
"""

import contextlib
import importlib.util
import os
import random
import sys
from collections.abc import Callable
from typing import Any

import census
import standins

FIXED_SEED = 0  # of encode and decode: an encoder that samples does so alike for everybody


class Wrong(Exception):  # noqa: N818
    """What the entry returned cannot be sent; `name` says in which way."""

    def __init__(self, name: str, sentence: str):
        super().__init__(sentence)
        self.name = name


class Entry:
    """The entry, once `load` was called."""

    def __init__(self, source: str, weights: str, folder: str, fetch: Callable[[str, str], str]):
        self._source, self._weights, self._folder = source, weights, folder
        standins.install(fetch)
        self._submission: Any = None

    def load(self) -> None:
        """Import the source in the working directory, where the weights lie, and build the submission."""
        os.makedirs(self._folder, exist_ok=True)
        os.chdir(self._folder)
        for name in os.listdir(self._weights):
            os.symlink(os.path.join(self._weights, name), name)
        path = os.path.join(self._folder, "submission.py")
        os.symlink(self._source, path)
        sys.path.insert(0, self._folder)
        with open(self._source, encoding="utf-8") as file:
            if "torch" in file.read():
                import torch  # noqa: F401  (so that the census need not look through what is torch's own)
        census.begin()
        spec = importlib.util.spec_from_file_location("submission", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["submission"] = module  # as pickles and dataclasses expect
        seed_all(FIXED_SEED)
        spec.loader.exec_module(module)
        kind = getattr(module, "SubmissionInterface", None)
        if kind is None:
            raise Wrong("no_interface", "it defines no class SubmissionInterface")
        submission = kind()
        moved = submission.to("cpu") if hasattr(submission, "to") else submission
        self._submission = submission if moved is None else moved

    def census(self) -> dict[str, int | None]:
        """What the submission says of its parameters, and what the process holds."""
        return census.take(self._submission)

    def encode(self, raw: bytearray, shape: tuple[int, ...]) -> Any:
        """Latents, in the shape that the entry gives them."""
        return self._call("encode", FIXED_SEED, lambda: tensor(raw, shape))

    def decode(self, raw: bytearray, shape: tuple[int, ...]) -> Any:
        """Images or logits, in the shape that the entry gives them."""
        return self._call("decode", FIXED_SEED, lambda: tensor(raw, shape))

    def generate(self, n: int, seed: int) -> Any:
        """Images, in the shape that the entry gives them."""
        return self._call("generate_samples", seed, lambda: n)

    def _call(self, name: str, seed: int, argument: Callable[[], Any]) -> Any:
        function = getattr(self._submission, name, None)
        if function is None:
            raise Wrong("no_interface", f"SubmissionInterface has no {name}")
        given = argument()
        seed_all(seed)
        torch = sys.modules.get("torch")
        with torch.no_grad() if torch else contextlib.nullcontext():
            return to_array(function(given), name)


def seed_all(seed: int) -> None:
    """Seed whatever draws at random and has been imported."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def tensor(raw: bytearray, shape: tuple[int, ...]) -> Any:
    """Raw float32 numbers as a tensor."""
    import torch

    return torch.frombuffer(raw, dtype=torch.float32).reshape(shape)


def to_array(value: Any, name: str) -> Any:
    """A float32 array of at most four dimensions from a tensor or array of a real floating type; raises `Wrong`."""
    import numpy as np

    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if not value.is_floating_point():
            raise Wrong("wrong_type", f"{name} returned numbers of type {value.dtype} where float32 is due")
        value = value.detach().to("cpu", torch.float32).resolve_neg().numpy()
    if not isinstance(value, np.ndarray):
        raise Wrong("not_an_array", f"{name} returned {type(value).__name__} instead of a tensor")
    if value.dtype.kind != "f":
        raise Wrong("wrong_type", f"{name} returned numbers of type {value.dtype} where float32 is due")
    if value.ndim > 4:
        raise Wrong("wrong_shape", f"{name} returned an array of {value.ndim} dimensions")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(value, "<f4")


def lacks_memory(error: BaseException) -> bool:
    """Whether an exception tells of memory that was not granted."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate memory" in str(error))
