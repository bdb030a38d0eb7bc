"""A program as Python: one line an operation, which calls torch as the interpreter does.

    x3 = aten.addmm.default(w.c0, x1, x2)

A name is used again once the value that it held is needed no more, so that no more is held than in a replay.
"""

import math
from dataclasses import dataclass
from typing import Any

from flowleague.program.format import Draw, Program, references
from flowleague.program.operations import find, trimmed
from flowleague.program.values import Ref

_WAYS = {  # where the interpreter calls something else than ATen's operation of that name
    "aten.view.default": "torch.reshape({})",
    "aten.view_as_complex.default": "torch.view_as_complex({}.contiguous())",
    "aten.view_as_real.default": "torch.view_as_real({}.resolve_conj())",
    "aten._native_batch_norm_legit_no_training.default": "aten._native_batch_norm_legit_no_training.default({})[0]",
}


@dataclass(frozen=True)
class Function:
    """The parameters, the sentence and the lines of a function; `w` are the constants, as attributes."""

    parameters: str
    says: str
    lines: list[str]


def function(program: Program, says: str) -> Function:
    """A program with one output as a function of the constants `w`, then its inputs and draws."""
    given = len(program.inputs) + len(program.draws)
    names = {at: f"x{at}" for at in range(given)}
    names |= {given + i: f"w.{name}" for i, (name, _) in enumerate(program.constants)}
    last, unused, count = program.inferred.last_use, [], given
    lines = ["aten = torch.ops.aten"]
    for number, step in enumerate(program.steps):
        first, entry = program.inferred.first[number], find(step.name)
        arguments = [
            f"{parameter.name}={_text(value, parameter.kind, names)}"
            if parameter.keyword
            else _text(value, parameter.kind, names)
            for parameter, value in zip(entry.parameters, trimmed(entry, step.arguments), strict=False)
        ]
        freed = {at for at in references(step.arguments) if last[at] == number}
        unused += sorted({names[at] for at in freed if names[at][0] == "x"}, reverse=True)
        made = []
        for at in range(first, first + entry.results):
            if not unused:
                unused.append(f"x{count}")
                count += 1
            names[at] = unused.pop()
            made.append(names[at])
        unused += [names[at] for at in range(first, first + entry.results) if last[at] == number]
        way = _WAYS.get(step.name, step.name + "({})")
        lines.append(f"{', '.join(made)} = {way.format(', '.join(arguments))}")
    return Function(
        ", ".join(["w: Constants", *(f"x{at}: Tensor" for at in range(given))]),
        says,
        [*lines, f"return {names[program.outputs[0]]}"],
    )


def drawing(draws: tuple[Draw, ...]) -> list[str]:
    """What draws a program's numbers from torch's generator, one expression for each."""
    return [f"{'torch.randn' if draw.kind == 'normal' else 'torch.rand'}{draw.shape}" for draw in draws]


def _text(value: Any, kind: str, names: dict[int, str]) -> str:
    if isinstance(value, Ref):
        return names[value.at]
    if isinstance(value, tuple):
        return f"[{', '.join(_text(one, '', names) for one in value)}]"
    if kind.startswith("dtype") and value:
        return f"torch.{value}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)
