"""Replays programs with torch.

The values that depend on neither input nor draw are computed once; the others for each portion of the captured batch.
Values are freed after their last use, and numbers too small for float32's exponent are flushed to zero. Whatever goes
wrong is the program's fault and raises `ProgramError`: a kernel that raises, a result of another type or shape than the
table says, an index out of bounds, an output that is not finite.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from flowleague.errors import printable
from flowleague.program.draws import drawn
from flowleague.program.format import Entry, Program, references
from flowleague.program.operations import find
from flowleague.program.values import ProgramError, Ref, Spec, require

_MOST_FOLDED = 512 * 2**20  # bytes of values that are kept from portion to portion

# Kernels whose name would also take a view of memory, which another layout does not allow, or return more than is used
_KERNELS: dict[str, Callable[..., Any]] = {
    "aten.view.default": torch.reshape,
    "aten.view_as_complex.default": lambda self: torch.view_as_complex(self.contiguous()),
    "aten.view_as_real.default": lambda self: torch.view_as_real(self.resolve_conj()),
    "aten._native_batch_norm_legit_no_training.default": lambda *a: torch.ops.aten._native_batch_norm_legit_no_training(
        *a
    )[0],
}


class Runner:
    """A program made ready: kernels looked up, constants loaded, what depends on nothing computed once.

    Raises `ProgramError` where a constant computation fails.
    """

    def __init__(self, program: Program, constants: dict[str, Tensor]) -> None:
        self.program = program
        inferred = program.inferred
        free = len(program.inputs) + len(program.draws)
        self._varies = [at < free for at in range(len(program.leaves))]
        for i, arguments in enumerate(inferred.arguments):
            varies = any(self._varies[at] for at in references(arguments))
            self._varies += [varies] * find(program.steps[i].name).results
        self._constants: dict[int, Tensor] = {
            free + i: constants[name] for i, (name, _) in enumerate(program.constants)
        }
        self._calls = [_Call(program, i) for i in range(len(program.steps))]
        self._fold()

    def _fold(self) -> None:
        """Compute what depends on no input and no draw, equal operations once, and keep what others need."""
        calls = [call for call in self._calls if not self._varies[call.first]]
        kept = self._needed({call.step for call in calls})
        if sum(self.program.inferred.specs[at].bytes for at in kept) > _MOST_FOLDED:
            return
        values, same, known = dict(self._constants), {}, {}
        last = {at: call.step for call in calls for at in call.inputs}
        with _rules():
            for call in calls:
                address = call.address(same)
                if address in known:
                    for i in range(call.results):
                        same[call.first + i] = known[address] + i
                        values[call.first + i] = values[known[address] + i]
                    continue
                known[address] = call.first
                call.run(values, ())
        del last
        self._constants = {at: values[at] for at in kept | set(self._constants) if at in values}
        self._calls = [call for call in self._calls if self._varies[call.first]]

    def _needed(self, folded: set[int]) -> set[int]:
        """The folded values that an operation which is not folded, or the caller, needs."""
        specs, needed = self.program.inferred.specs, set()
        wanted = [at for call in self._calls if call.step not in folded for at in call.inputs]
        for at in [*wanted, *self.program.outputs]:
            if not self._varies[at] and at < len(specs):
                needed.add(at)
        return needed

    def __call__(self, inputs: Sequence[Tensor], draws: Sequence[Tensor]) -> list[Tensor]:
        """The outputs for one portion; raises `ProgramError`."""
        _fit(inputs, self.program.inputs, "input")
        _fit(draws, [draw.spec for draw in self.program.draws], "draw")
        values: dict[int, Tensor] = dict(self._constants)
        values.update(enumerate([*inputs, *draws]))
        with _rules():
            for call in self._calls:
                call.run(values, call.freed)
            outputs = [values[at] for at in self.program.outputs]
            for value in outputs:
                if not bool(value.isfinite().all()):
                    raise ProgramError("A replay of the entry gives numbers that are not finite.")
        return outputs


class _Call:
    """One operation: where its arguments are found and which values are needed no more."""

    def __init__(self, program: Program, step: int) -> None:
        inferred, entry = program.inferred, find(program.steps[step].name)
        self.step, self.name, self.first, self.results = step, entry.name, inferred.first[step], entry.results
        self._specs = inferred.specs[self.first : self.first + self.results]
        self._guard, self._checked = entry.guard, False
        self._kernel = kernel(entry.name)
        arguments = inferred.arguments[step]
        pairs = list(zip(entry.parameters, arguments, strict=True))
        self._arguments = arguments
        self._by_place = [_torch(value, one.kind) for one, value in pairs if not one.keyword]
        self._by_name = {one.name: _torch(value, one.kind) for one, value in pairs if one.keyword}
        self.inputs = references(arguments)
        made = range(self.first, self.first + self.results)
        self.freed = tuple(at for at in {*self.inputs, *made} if inferred.last_use[at] == step)

    def address(self, same: dict[int, int]) -> tuple[Any, ...]:
        """What the operation computes, with values that are known to be equal under one number."""
        return self.name, _renamed(self._arguments, same)

    def run(self, values: dict[int, Tensor], freed: tuple[int, ...]) -> None:
        try:
            placed = [_filled(value, values) for value in self._by_place]
            named = {name: _filled(value, values) for name, value in self._by_name.items()}
            if self._guard:
                self._guard(*placed, *named.values())
            made = self._kernel(*placed, **named)
        except ProgramError as error:
            raise ProgramError(f"The entry cannot be replayed: {self.name}: {error}.") from error
        except Exception as error:
            raise ProgramError(f"The entry cannot be replayed: {self.name} failed ({printable(error)}).") from error
        results = (made,) if isinstance(made, Tensor) else made
        if not self._checked:
            self._check(results)
        for i, value in enumerate(results):
            values[self.first + i] = value
        for at in freed:
            values.pop(at, None)

    def _check(self, results: Sequence[Tensor]) -> None:
        found = tuple(spec_of(value) for value in results)
        if found != self._specs:
            raise ProgramError(f"The entry cannot be replayed: {self.name} gave {found[0]} and not {self._specs[0]}.")
        self._checked = True


def kernel(name: str) -> Callable[..., Any]:
    """The torch kernel of an operation of the table."""
    if name in _KERNELS:
        return _KERNELS[name]
    _, head, overload = name.split(".")
    return getattr(getattr(torch.ops.aten, head), overload)


def spec_of(value: Tensor) -> Spec:
    """Type and shape of a tensor."""
    return Spec(str(value.dtype).removeprefix("torch."), tuple(value.shape))


def _torch(value: Any, kind: str) -> Any:
    return getattr(torch, value) if kind.startswith("dtype") and value else value


def _renamed(value: Any, same: dict[int, int]) -> Any:
    if isinstance(value, Ref):
        return Ref(same.get(value.at, value.at))
    if isinstance(value, tuple):
        return tuple(_renamed(one, same) for one in value)
    return (type(value), value if value == value else "nan")  # 1, 1.0 and True differ; NaN equals itself here


def _filled(value: Any, values: dict[int, Tensor]) -> Any:
    if isinstance(value, Ref):
        return values[value.at]
    if isinstance(value, tuple):
        return [_filled(one, values) for one in value]
    return value


def _fit(given: Sequence[Tensor], wanted: Sequence[Spec], what: str) -> None:
    specs = [spec_of(value) for value in given]
    if specs != list(wanted):
        raise ProgramError(f"The program wants the {what}s {list(map(str, wanted))}, not {list(map(str, specs))}.")


@contextmanager
def _rules() -> Iterator[None]:
    """How every replay computes: without gradients, small numbers flushed to zero, fixed default types."""
    default = torch.get_default_dtype()
    torch.set_flush_denormal(True)
    torch.set_default_dtype(torch.float32)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_default_dtype(default)


def tensor(spec: Spec, data: bytes) -> Tensor:
    """The tensor of a constant's bytes."""
    return torch.frombuffer(bytearray(data), dtype=getattr(torch, spec.dtype)).reshape(spec.shape)


def loaded(entry: Entry) -> dict[str, Tensor]:
    """The constants of an entry as tensors."""
    return {name: tensor(constant.spec, constant.data) for name, constant in entry.constants.items()}


def replay(
    runner: Runner, rows: int, seed: int, inputs: Tensor | None = None, mapped: Callable[..., Iterable[Tensor]] = map
) -> Tensor:
    """The first output of a program for all rows, in portions of the captured batch B.

    Args:
        runner: The program, made ready.
        rows: How many rows are wanted, any number above zero.
        seed: The seed of the draws, see `flowleague.program.draws`.
        inputs: The rows (rows, ...) that the program takes, None for one that takes none.
        mapped: How a function is called for each portion: one after another, or the `map` of an executor's threads.

    The last portion is the last B rows of the set, of which those are kept that are still wanted; with fewer than B
    rows in all, the first row fills the portion up.
    """
    program = runner.program
    batch = program.inferred.specs[program.outputs[0]].shape[0]
    require(rows >= 1 and (inputs is None or len(inputs) == rows), "there are no rows")
    if inputs is not None and rows < batch:
        inputs = torch.cat([inputs, inputs[:1].expand(batch - rows, *inputs.shape[1:])])

    def portion(start: int) -> Tensor:
        first = max(min(start, rows - batch), 0)
        given = [] if inputs is None else [inputs[first : first + batch]]
        draws = drawn(program.draws, batch, seed, start // batch, first)
        made = runner(given, [torch.from_numpy(values) for values in draws])[0]
        return made[start - first : min(rows - first, batch)].clone()

    return torch.cat(list(mapped(portion, range(0, rows, batch))))
