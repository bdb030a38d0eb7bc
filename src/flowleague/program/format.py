"""Programs: what they are made of, and what the table of operations says of them.

A program is a straight line of functional operations:

    values    inputs, draws, constants, then the results of each operation, numbered in this order
    operation (name, arguments); an argument that is a tensor is a `Ref` to an earlier value

Types, shapes, FLOPs and memory are derived by the table of operations, never told. Reading and writing lie in
`container`.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from flowleague.bundle.recipe import MAX_LATENT
from flowleague.program.operations import completed, find
from flowleague.program.values import ProgramError, Ref, Spec, checked_spec, require

NAMES = ("encode", "decode", "generate")
IMAGE = (1, 28, 28)
DRAWS = ("uniform", "normal")

MOST_OPERATIONS = 400_000  # the largest entry of the contest of 2025, 396 evaluations of 8 blocks, has 218,278
MOST_LEAVES = 100_000
_MOST_LIVE = 8 * 2**30  # bytes that a program may hold at one time
MOST_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers that whoever replays supplies: uniform in [0, 1) or standard normal, float32."""

    kind: str
    shape: tuple[int, ...]

    @property
    def spec(self) -> Spec:
        """Type and shape of the numbers."""
        return Spec("float32", self.shape)

    def starts(self, batch: int) -> bool:
        """Whether a generator can start from it: then, as a program's first draw, it is the judge's table of noise."""
        return self.kind == "normal" and self.shape[:1] == (batch,) and prod(self.shape[1:]) <= MAX_LATENT


@dataclass(frozen=True, slots=True)
class Constant:
    """Numbers that a program holds: little-endian bytes in row-major order."""

    spec: Spec
    data: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a program and its arguments, defaults left out."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Program:
    """A straight line of operations with the names of its constants; specs of all values are derived, never told."""

    inputs: tuple[Spec, ...]
    draws: tuple[Draw, ...]
    constants: tuple[tuple[str, Spec], ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    @property
    def leaves(self) -> list[Spec]:
        """Specs of inputs, draws and constants: the values that no operation makes."""
        return [*self.inputs, *(draw.spec for draw in self.draws), *(spec for _, spec in self.constants)]

    @cached_property
    def inferred(self) -> "Inferred":
        """Specs and FLOPs by the table; raises `ProgramError` for a program that does not hold together."""
        return _infer(self)


@dataclass(frozen=True)
class Inferred:
    """What the table says of a program: arguments with defaults, specs of all values, first results, FLOPs, memory."""

    arguments: tuple[tuple[Any, ...], ...]
    specs: tuple[Spec, ...]
    first: tuple[int, ...]  # the number of each step's first result
    flops: tuple[int, ...]
    last_use: tuple[int, ...]  # the step after which a value is needed no more; the number of steps for outputs
    live_bytes: int


@dataclass(frozen=True)
class Entry:
    """A captured entry: three programs, for a batch of fixed size, over one set of constants."""

    batch: int
    programs: dict[str, Program]
    constants: dict[str, Constant]


def latent_size(entry: Entry) -> int:
    """D of an entry whose three programs fit together; raises `ProgramError`."""
    if sorted(entry.programs) != sorted(NAMES):
        raise ProgramError("A captured entry needs encode, decode and generate; capture all three.")
    shapes = {}
    for name, program in entry.programs.items():
        outputs = [program.inferred.specs[at] for at in program.outputs]
        specs = [*program.inputs, *outputs]
        rows = {spec.shape[:1] for spec in specs}
        if len(outputs) != 1 or any(spec.dtype != "float32" for spec in specs) or rows != {(entry.batch,)}:
            raise ProgramError(f"The program {name} must map float32 rows to float32 rows; capture the entry again.")
        shapes[name] = [spec.shape[1:] for spec in specs]
    latent = shapes["encode"][-1]
    wanted = {"encode": [IMAGE, latent], "decode": [latent, IMAGE], "generate": [IMAGE]}
    if len(latent) != 1 or shapes != wanted:
        raise ProgramError("The programs do not fit together: encode, decode and generate take and give other shapes.")
    return latent[0]


def references(arguments: Any) -> list[int]:
    """The values that arguments refer to, in order."""
    if isinstance(arguments, Ref):
        return [arguments.at]
    if isinstance(arguments, tuple):
        return [at for argument in arguments for at in references(argument)]
    return []


def _infer(program: Program) -> Inferred:
    require(len(program.steps) <= MOST_OPERATIONS, f"a program has more than {MOST_OPERATIONS:,} operations")
    specs = [checked_spec(spec) for spec in program.leaves]
    require(len(specs) <= MOST_LEAVES, f"a program has more than {MOST_LEAVES:,} inputs, draws and constants")
    arguments, first, flops, last = [], [], [], [-1] * len(specs)
    for number, step in enumerate(program.steps):
        entry = find(step.name)
        given = completed(entry, step.arguments)
        for at in references(given):
            require(0 <= at < len(specs), f"operation {number} refers to a value that does not exist yet")
            last[at] = number
        made, cost = entry.infer(given, specs)
        arguments.append(given)
        first.append(len(specs))
        flops.append(cost)
        specs.extend(made)
        last.extend([number] * len(made))
    require(bool(program.outputs), "a program has no output")
    for at in program.outputs:
        require(type(at) is int and 0 <= at < len(specs), "an output is a value that does not exist")
        last[at] = len(program.steps)
    live = _live_bytes(specs, first, last)
    require(live <= _MOST_LIVE, f"a program holds {live / 2**30:.1f} GB at one time")
    return Inferred(tuple(arguments), tuple(specs), tuple(first), tuple(flops), tuple(last), live)


def _live_bytes(specs: list[Spec], first: list[int], last: list[int]) -> int:
    """The most bytes held at one time, views counted as if they were copies."""
    ends: dict[int, int] = {}
    for at, step in enumerate(last):
        ends[step] = ends.get(step, 0) + specs[at].bytes
    held = most = sum(spec.bytes for spec in specs[: first[0] if first else None])
    for number, start in enumerate(first):
        stop = first[number + 1] if number + 1 < len(first) else len(specs)
        held += sum(spec.bytes for spec in specs[start:stop])
        most = max(most, held)
        held -= ends.get(number, 0)
    return most
