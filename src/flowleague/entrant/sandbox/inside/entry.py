"""An entry's `SubmissionInterface` as functions on arrays, by the contest's conventions.

    encode     images (B, 1, 28, 28)              -> latents (B, D) or (B, 1, 7, 7)
    decode     latents in the shape encode gave   -> images or logits, any shape that views as (B, 28, 28)
    generate   n_samples alone                    -> images (n, 28, 28) or (n, 1, 28, 28)

Before each call torch, numpy and random are seeded.
"""

import contextlib
import inspect
import json
import random
import sys
from collections.abc import Callable
from typing import Any

import children
import landlock
import recording
import sentences
import served_files
import slicing
import standins
import tries
import units
from building import Build, Wrong, read_plan

_FIXED_SEED = 0  # of encode and decode: an encoder that samples does so alike for everybody


class Entry:
    """The entry: read first, then tried, then loaded; none of its lines runs in this process before that."""

    def __init__(self, source: str, weights: str, folder: str, fetch: Callable[[str, str], str]):
        self._source, self._weights, self._folder = source, weights, folder
        standins.install(fetch)
        self._cells: units.Cells
        self._slice: slicing.Slice
        self._caller: Caller

    def read(self) -> dict[str, Any]:
        """Read the cells, say what is left out of them, and import what takes long."""
        with open(self._source, encoding="utf-8") as file:
            told = json.load(file)
        self._cells = units.read(told["cells"], told["notebook"])
        self._slice = slicing.Slice(self._cells)
        self._slice.begin()
        if "torch" in self._cells.text:
            import torch  # noqa: F401  (once, and not in each attempt)
        return {"note": sentences.left_out(self._slice)}

    def attempt(
        self, ask: Callable[[str, str], dict[str, str]], close: tuple[int, ...], seconds: float
    ) -> dict[str, Any]:
        """Find the plan that builds the right thing, or why there is none."""
        served_files.serve(self._cells.text)
        attempts = children.Attempts(self._cells, self._folder, self._weights, seed_all, ask, close)
        decision = tries.decide(self._slice, attempts, seconds)
        if decision.plan is None:
            sys.stderr.write(attempts.said.decode(errors="replace"))
            return {"refused": decision.refused, "said": decision.sentence[:2000]}
        return {"plan": decision.plan.words(), "notes": decision.remarks, "pace": decision.pace}

    def load(self, plan: dict[str, Any]) -> dict[str, str]:
        """Build the submission by a plan; returns the `team` that it names."""
        landlock.restrict()
        served_files.serve(self._cells.text)
        build = Build(self._cells, read_plan(plan), self._folder, self._weights, seed_all)
        self._caller = Caller(build.run(_FIXED_SEED))
        info = getattr(self._caller.submission, "info", None)
        team = info.get("team") if isinstance(info, dict) else None
        return {"team": team[:200] if isinstance(team, str) else ""}

    def capture(self, raw: bytearray, shape: tuple[int, ...], paths: list[str], seconds: float) -> bytes | str:
        """The submission as three programs, in a file's bytes; or why that is impossible."""
        return recording.programs(self._caller.submission, tensor(raw, shape), paths, seconds)

    def encode(self, raw: bytearray, shape: tuple[int, ...]) -> Any:
        """Latents, in the shape that the entry gives them."""
        return self._caller.call("encode", tensor(raw, shape))

    def decode(self, raw: bytearray, shape: tuple[int, ...]) -> Any:
        """Images or logits, in the shape that the entry gives them."""
        return self._caller.call("decode", tensor(raw, shape))

    def generate(self, n: int, seed: int) -> Any:
        """Images, in the shape that the entry gives them."""
        return self._caller.call("generate_samples", n, seed)


class Caller:
    """A built submission's functions, called as the contest calls them."""

    def __init__(self, submission: Any):
        self.submission = submission

    def call(self, name: str, given: Any, seed: int = _FIXED_SEED) -> Any:
        """What a function returns, as an array; raises `Wrong` where it is none."""
        function = getattr(self.submission, name, None)
        if function is None:
            raise Wrong("no_interface", f"SubmissionInterface has no {name}")
        seed_all(seed)
        torch = sys.modules.get("torch")
        with torch.no_grad() if torch else contextlib.nullcontext():
            if name == "generate_samples" and _takes(function, "n_samples"):
                return _to_array(function(n_samples=given), name)
            return _to_array(function(given), name)


def _takes(function: Any, name: str) -> bool:
    """Whether a function can be called with a keyword."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        one.kind is one.VAR_KEYWORD or (one.name == name and one.kind is not one.POSITIONAL_ONLY) for one in parameters
    )


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


def _to_array(value: Any, name: str) -> Any:
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
