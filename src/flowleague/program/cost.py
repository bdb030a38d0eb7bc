"""What a program costs, read off the program: nothing that the file or the capture claims is used.

numbers   distinct constants in bits / 32 (booleans 1, int8 8, float32 32, float64 64 bits), plus the compressed
          list of operations beyond 16 KiB in units of 32 bits: scalars and orders can hold data too
FLOPs     by the table's formula for every operation, per row; what depends on neither input nor draw counts once
          in each portion
NFE       how often each weight of the flow is used per row, the median over its numbers; the flow's weights are the
          constants that generate uses more often than decode, which may run a part of the flow; those that it uses
          twice or more, and decode as often, are evaluated as often, else a decode that runs the flow for nothing
          would hide it; a weight that is computed from constants is used as often as its constants
"""

import json
import lzma
from dataclasses import dataclass

from flowleague.program.container import listed
from flowleague.program.format import Entry, Program, references
from flowleague.program.operations import find
from flowleague.program.values import BYTES, Spec

ALLOWANCE = 16 * 1024  # bytes of the compressed list that are free; honest lists have 232 in the median
_MOVES = {
    "view", "permute", "expand", "slice", "select", "unsqueeze", "squeeze", "clone", "_to_copy", "diagonal",
    "view_as_complex", "view_as_real", "cat", "repeat", "flip",
}  # fmt: skip
_SMALLER = 4  # a value stands for constants of up to so many times its size; features of the time have far more


@dataclass(frozen=True)
class Cost:
    """The cost of an entry: numbers held, FLOPs per row of each program, and evaluations of the flow per sample."""

    numbers: float
    list_bytes: int
    flops: dict[str, float]
    nfe: float


def cost(entry: Entry) -> Cost:
    """The cost of an entry."""
    size = compressed(entry)
    held = sum(bits(constant.spec) for constant in entry.constants.values()) / 32
    return Cost(
        numbers=held + max(size - ALLOWANCE, 0) * 8 / 32,
        list_bytes=size,
        flops={name: sum(program.inferred.flops) / entry.batch for name, program in entry.programs.items()},
        nfe=evaluations(entry),
    )


def bits(spec: Spec) -> int:
    """The bits of a constant."""
    return spec.elements * (1 if spec.dtype == "bool" else 8 * BYTES[spec.dtype])


def compressed(entry: Entry) -> int:
    """The bytes of all lists of operations and draws, compressed; repeated blocks cost next to nothing."""
    whole = [
        [[draw.kind, *draw.shape] for draw in program.draws] + listed(program)
        for _, program in sorted(entry.programs.items())
    ]
    return len(lzma.compress(json.dumps(whole, separators=(",", ":")).encode(), preset=6))


def evaluations(entry: Entry) -> float:
    """How often the flow's weights are used per row of generate; 0 where it has none."""
    if "generate" not in entry.programs:
        return 0.0
    program = entry.programs["generate"]
    decode = entry.programs.get("decode")
    named = zip(decode.constants, _uses(decode, entry.batch), strict=True) if decode else ()
    decoding = {name: count for (name, _), count in named}
    uses = _uses(program, entry.batch)
    used = [
        (count, spec.elements, decoding.get(name, 0))
        for (name, spec), count in zip(program.constants, uses, strict=True)
    ]
    own = _median([(count, numbers) for count, numbers, decoded in used if count > decoded])
    again = _median([(count, numbers) for count, numbers, decoded in used if 2 <= count <= decoded])
    return max(own, again)


def _median(counts: list[tuple[float, int]]) -> float:
    """The median of counts, each as often as its constant has numbers; 0 of none."""
    half, seen = sum(numbers for _, numbers in counts) / 2, 0
    for count, numbers in sorted(counts):
        seen += numbers
        if seen >= half:
            return count
    return 0.0


def _uses(program: Program, batch: int) -> list[float]:
    """How often each constant is computed with, per row; a use on fewer rows than the batch counts in proportion."""
    inferred = program.inferred
    free = len(program.inputs) + len(program.draws)
    first_constant, leaves = free, len(program.leaves)
    varies = [at < free for at in range(leaves)]
    sources: list[frozenset[int]] = [frozenset([at]) if at >= first_constant else frozenset() for at in range(leaves)]
    carried = list(sources)  # constants that a value stands for: W + 0 is W
    sizes = [spec.elements for spec in inferred.specs]
    counts, through = [0.0] * len(program.constants), [0.0] * len(program.constants)
    for step, arguments, first in zip(program.steps, inferred.arguments, inferred.first, strict=True):
        used = references(arguments)
        found = frozenset().union(*(sources[at] for at in used))
        depends = any(varies[at] for at in used)
        moved = step.name.split(".")[1] in _MOVES and not depends
        share = min(1.0, shape[0] / batch) if depends and (shape := inferred.specs[first].shape) else 1.0
        for at in found if not moved else ():
            counts[at - first_constant] += share
        for at in frozenset().union(*(carried[at] - sources[at] for at in used)) if depends else ():
            through[at - first_constant] += share
        kept = frozenset().union(*(carried[at] for at in used if moved or sizes[at] <= _SMALLER * sizes[first]))
        results = find(step.name).results
        varies += [depends] * results
        sources += [found if moved else frozenset()] * results
        carried += [frozenset() if depends else kept] * results
    return [max(pair) for pair in zip(counts, through, strict=True)]
