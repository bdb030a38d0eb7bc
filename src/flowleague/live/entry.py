"""Programs as the page runs them, a captured entry's or a bundle's networks: for few rows, and one block of constants.

    {"latent": 49, "batch": 250, "constants": [["float32", [128, 49], first byte, bytes], ...], "block": base64,
     "programs": {"decode": [{"rows": 1, "inputs": [[type, shape]], "draws": [["normal", shape]],
                              "constants": [numbers], "specs": [[type, shape], ...],
                              "operations": [["addmm", ["#1", "#0", "#2"], spec], ...], "output": value}, ...], ...}}

A value is "#" and its number in its program; an operation is the name of its kernel in the page (the table of
operations says which), all its arguments, and the numbers of its results' specs. A program whose rows are apart is
written for the rows that the page asks for; the others run on the whole portion, as the judge runs them.
"""

import base64
import math
from typing import Any

from flowleague.errors import LiveError
from flowleague.program.cost import cost
from flowleague.program.format import Entry, Program, latent_size
from flowleague.program.operations import find
from flowleague.program.rows import for_rows
from flowleague.program.values import COMPLEX, ProgramError, Ref

MOST_NUMBERS = 3_000_000  # of an entry that a page runs: 16 MB
DIGITS = 24  # of the page's sheet
_ROWS = {"encode": (1, DIGITS), "decode": (1, DIGITS), "generate": (DIGITS,)}
_MOST_OPERATIONS = 30_000
_MOST_FLOPS = 2e11  # and numbers moved, of a portion: minutes in a page
_MOST_ELEMENTS = 2**25  # of one value; the page bounds the values of a moment
_UNKNOWN = ("float16", "bfloat16", *COMPLEX)


def entry_data(entry: Entry) -> dict[str, Any]:
    """What the page needs of a captured entry; raises `LiveError` where it cannot run it."""
    try:
        latent = latent_size(entry)
    except ProgramError as error:
        raise LiveError(str(error)) from error
    held = cost(entry).numbers
    if held > MOST_NUMBERS:
        raise LiveError(
            f"The entry has {round(held):,} numbers, and a page runs at most {MOST_NUMBERS:,}; "
            "show its samples as pictures."
        )
    plans = {name: plans_of(name, entry, rows) for name, rows in _ROWS.items()}
    return {"latent": latent, "batch": entry.batch, "programs": plans, **block(entry)}


def block(entry: Entry) -> dict[str, Any]:
    """The constants of an entry: type, shape, first byte and bytes of each, and one block of all in base64."""
    places, raw = [], bytearray()
    for constant in entry.constants.values():
        places.append([constant.spec.dtype, list(constant.spec.shape), len(raw), constant.spec.bytes])
        raw += constant.data
    return {"constants": places, "block": base64.b64encode(raw).decode()}


def plans_of(name: str, entry: Entry, wanted: tuple[int, ...]) -> list[dict[str, Any]]:
    """A program for each number of rows that the page asks for, or for the whole portion; raises `LiveError`."""
    numbers, made = {constant: number for number, constant in enumerate(entry.constants)}, []
    for rows in sorted({min(one, entry.batch) for one in wanted}):
        program = for_rows(entry.programs[name], entry.batch, rows)
        if program is None:
            return [_plan(name, entry.programs[name], entry.batch, numbers)]
        made.append(_plan(name, program, rows, numbers))
    return made


def _plan(name: str, program: Program, rows: int, numbers: dict[str, int]) -> dict[str, Any]:
    _runnable(name, program)
    return {"rows": rows, **plan(program, rows, numbers)}


def plan(program: Program, rows: int, numbers: dict[str, int]) -> dict[str, Any]:
    """A program as the page's interpreter takes it, its constants by their numbers."""
    inferred, specs = program.inferred, {}
    operations = []
    for step, arguments, first in zip(program.steps, inferred.arguments, inferred.first, strict=True):
        operation = find(step.name)
        made = [specs.setdefault(spec, len(specs)) for spec in inferred.specs[first : first + operation.results]]
        operations.append([operation.javascript, [_plain(argument) for argument in arguments], *made])
    return {
        "inputs": [[spec.dtype, list(spec.shape)] for spec in program.inputs],
        "draws": [
            ["start" if number == 0 and draw.starts(rows) else draw.kind, list(draw.shape)]
            for number, draw in enumerate(program.draws)
        ],
        "constants": [numbers[constant] for constant, _ in program.constants],
        "specs": [[spec.dtype, list(spec.shape)] for spec in specs],
        "operations": operations,
        "output": program.outputs[0],
    }


def _runnable(name: str, program: Program) -> None:
    """Raise `LiveError` for a program that the page cannot run."""
    missing = sorted({step.name.split(".")[1] for step in program.steps if not find(step.name).javascript})
    if missing:
        raise LiveError(f"The page has no kernel for {', '.join(missing)}, which {name} uses; {_INSTEAD}")
    odd = sorted({spec.dtype for spec in program.inferred.specs} & set(_UNKNOWN))
    if odd:
        raise LiveError(f"The page does not compute with {', '.join(odd)}, which {name} uses; {_INSTEAD}")
    if len(program.steps) > _MOST_OPERATIONS:
        raise LiveError(
            f"The program {name} has {len(program.steps):,} operations, and a page runs at most {_MOST_OPERATIONS:,}; "
            f"{_INSTEAD}"
        )
    elements = [spec.elements for spec in program.inferred.specs]
    if max(elements) > _MOST_ELEMENTS:
        raise LiveError(f"The program {name} needs more memory than a page has; {_INSTEAD}")
    if sum(program.inferred.flops) + sum(elements) > _MOST_FLOPS:
        raise LiveError(f"The program {name} would take minutes in a page; {_INSTEAD}")


_INSTEAD = "show its samples as pictures."


def _plain(argument: Any) -> Any:
    if isinstance(argument, Ref):
        return f"#{argument.at}"
    if isinstance(argument, tuple):
        return [_plain(one) for one in argument]
    if isinstance(argument, float) and not math.isfinite(argument):
        return "nan" if math.isnan(argument) else "inf" if argument > 0 else "-inf"
    return argument
