"""A program for fewer rows: the same numbers for the first of them, without computing the others.

A captured program works on a portion of B rows. A page wants 24 of them, or one. Here every value is followed through
the program: along one of its axes, of size o B k, lie the rows, row r at the places (i B + r) k + j with i < o, j < k.
An operation that keeps rows apart is written anew for fewer; where one mixes them, or it is not known whether it does,
the program needs its whole portion, and `for_rows` returns None.
"""

from dataclasses import dataclass, replace

from flowleague.program.format import Program, Step, references
from flowleague.program.operations import find
from flowleague.program.row_layouts import Layout, Layouts, MixesRowsError, Writer
from flowleague.program.row_rules import rule
from flowleague.program.values import ProgramError


def for_rows(program: Program, batch: int, rows: int) -> Program | None:
    """The program for the first `rows` of `batch` rows; None where it needs them all."""
    if rows == batch:
        return program
    try:
        made = _written(Writer(program, batch, rows))
        wanted = [(rows, *program.inferred.specs[at].shape[1:]) for at in program.outputs]
        fits = [made.inferred.specs[at].shape for at in made.outputs] == wanted
    except (MixesRowsError, ProgramError):
        return None
    return made if fits else None


@dataclass(frozen=True)
class Followed:
    """A program for all rows, in which constant values are cut to the rows where they meet them.

    `layouts` says where the rows of a value lie; `cuts`, of the steps that cut, how many places a row has.
    """

    program: Program
    layouts: dict[int, Layout]
    cuts: dict[int, int]


def followed(program: Program, batch: int) -> Followed:
    """The program with its rows followed; without layouts where it needs its whole portion."""
    writer = Writer(program, batch, batch)
    try:
        made = _written(writer)
        _ = made.inferred
    except (MixesRowsError, ProgramError):
        return Followed(program, {}, {})
    return Followed(made, writer.new_layouts, writer.cuts)


def _written(writer: Writer) -> Program:
    """The program anew; raises `MixesRowsError`."""
    for number, step in enumerate(writer.old.steps):
        entry, arguments = find(step.name), writer.old.inferred.arguments[number]
        named = dict(zip((one.name for one in entry.parameters), arguments, strict=True))
        layouts: Layouts = (None,) * entry.results
        if any(writer.layouts[at] for at in references(arguments)):
            layouts = rule(entry)(writer, named, writer.old.inferred.first[number])[: entry.results]
        arguments = tuple(writer.placed(value) for value in named.values())
        writer.places += range(writer.count, writer.count + entry.results)
        writer.new_layouts |= {writer.count + k: layout for k, layout in enumerate(layouts) if layout}
        writer.append(Step(step.name, arguments), entry.results)
        writer.layouts += layouts
    if any(writer.layouts[at] != Layout(0) for at in writer.old.outputs):
        raise MixesRowsError
    inputs = tuple(replace(spec, shape=writer.new_shape(at)) for at, spec in enumerate(writer.old.inputs))
    first = len(inputs)
    draws = tuple(replace(draw, shape=writer.new_shape(first + at)) for at, draw in enumerate(writer.old.draws))
    outputs = tuple(writer.places[at] for at in writer.old.outputs)
    return Program(inputs, draws, writer.old.constants, tuple(writer.steps), outputs)
