"""What is recorded of a call: values, operations in order, draws that were asked for, constants, decisions."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from flowleague.program.capturing.errors import CaptureError
from flowleague.program.capturing.memory import Layout, Memory
from flowleague.program.format import MOST_OPERATIONS, references
from flowleague.program.operations import TABLE
from flowleague.program.values import Spec


@dataclass
class Leaf:
    """A constant: a dense piece of a storage, with what it held when it was first read."""

    value: int
    where: Layout
    content: Tensor
    memory: Memory
    storage: int  # its address, 0 for one that stands alone
    place: str
    stale: str = ""  # why it is not constant: it was computed from a draw or an input of the call before


@dataclass
class Step:
    """One operation with all its arguments, and the number of its first result."""

    name: str
    arguments: tuple[Any, ...]
    first: int
    place: str


@dataclass
class Tape:
    """What was recorded: values are numbered as they appear."""

    specs: list[Spec] = field(default_factory=list)
    varies: list[bool] = field(default_factory=list)  # whether a value depends on an input or a draw
    steps: list[Step] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    asked: list[tuple[str, tuple[int, ...], int]] = field(default_factory=list)  # draws: kind, shape, value
    leaves: list[Leaf] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    decisions: list[tuple[str, Any, str]] = field(default_factory=list)  # kind, what came out, where

    def value(self, spec: Spec, varies: bool) -> int:
        """A new value."""
        self.specs.append(spec)
        self.varies.append(varies)
        return len(self.specs) - 1

    def emit(self, name: str, *arguments: Any) -> int:
        """Record an operation that torch need not run, by the table alone; its only result."""
        return self.record(name, TABLE[name].parameters and _completed(name, arguments))[0]

    def record(self, name: str, arguments: tuple[Any, ...], place: str = "") -> list[int]:
        """Record an operation; the numbers of its results."""
        if len(self.steps) >= MOST_OPERATIONS:
            raise CaptureError(f"it runs more than {MOST_OPERATIONS:,} operations: work on all rows at once.")
        specs, _ = TABLE[name].infer(arguments, self.specs)
        varies = any(self.varies[i] for i in references(arguments))
        first = len(self.specs)
        self.steps.append(Step(name, arguments, first, place))
        return [self.value(spec, varies) for spec in specs]


def _completed(name: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
    return given + tuple(parameter.default for parameter in TABLE[name].parameters[len(given) :])


def decides(one: Tape, other: Tape) -> bool:
    """Whether values may decide what is run: by a truth, or by a number that left torch and differs between calls."""
    numbers = [[value for _, value, _ in tape.decisions] for tape in (one, other)]
    return any(kind == "bool" for kind, _, _ in other.decisions) or numbers[0] != numbers[1]
