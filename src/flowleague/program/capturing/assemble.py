"""From tapes to programs: what no output needs is left out, and constants that share memory are stored once."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from flowleague.program.capturing.memory import flat, path
from flowleague.program.capturing.tape import Leaf, Tape
from flowleague.program.format import Constant, Draw, Program, Step, references
from flowleague.program.operations import TABLE, trimmed
from flowleague.program.values import Ref, Spec

_RESHAPES = ("aten.view.default", "aten.unsqueeze.default", "aten.squeeze.dims")
_MAY_CHANGE_NOTHING = (*_RESHAPES, "aten.expand.default", "aten.slice.Tensor", "aten.cat.default")  # at equal shapes


@dataclass
class _Piece:
    """A run of numbers in memory that one or several constants are views of."""

    name: str
    spec: Spec
    leaves: list[Leaf]


def needed(tape: Tape) -> set[int]:
    """The values on which the outputs depend."""
    found = set(tape.outputs)
    for step in reversed(tape.steps):
        if any(step.first + i in found for i in range(TABLE[step.name].results)):
            found.update(references(step.arguments))
    return found


def assemble(tapes: dict[str, Tape]) -> tuple[dict[str, Program], dict[str, Constant], dict[str, list[int]]]:
    """The programs of tapes over shared constants, and for each which of the draws that were asked for it takes."""
    tapes = {name: _simplified(tape) for name, tape in tapes.items()}
    wanted = {name: needed(tape) for name, tape in tapes.items()}
    leaves = [leaf for name, tape in tapes.items() for leaf in tape.leaves if leaf.value in wanted[name]]
    constants: dict[str, Constant] = {}
    homes: dict[int, _Piece] = {}
    for piece in _pieces(leaves, constants):
        for leaf in piece.leaves:
            homes[id(leaf)] = piece
    programs, draws = {}, {}
    for name, tape in tapes.items():
        programs[name], draws[name] = _program(tape, wanted[name], homes)
    return programs, constants, draws


def _simplified(tape: Tape) -> Tape:
    """The tape without steps that change nothing: the same model gives the same program, however its code is cut."""
    same: dict[int, int] = {}  # values that equal an earlier one
    shown: dict[int, int] = {}  # of a reshaped value, the one whose numbers it shows
    steps = []
    for step in tape.steps:
        arguments, spec = _renamed(step.arguments, same), tape.specs[step.first]
        source = arguments[0].at if arguments and isinstance(arguments[0], Ref) else -1
        if step.name in _RESHAPES:
            source = shown[step.first] = shown.get(source, source)
            if step.name == "aten.view.default":
                arguments = (Ref(source), *arguments[1:])
        elif step.name == "aten.cat.default" and len(arguments[0]) == 1:
            source = arguments[0][0].at
        if step.name in _MAY_CHANGE_NOTHING and source >= 0 and tape.specs[source] == spec:
            same[step.first] = source
        else:
            steps.append(replace(step, arguments=arguments))
    outputs = [same.get(value, value) for value in tape.outputs]
    return replace(tape, steps=steps, outputs=outputs)


def _renamed(value: Any, same: dict[int, int]) -> Any:
    if isinstance(value, Ref):
        return Ref(same.get(value.at, value.at))
    if isinstance(value, tuple):
        return tuple(_renamed(one, same) for one in value)
    return value


def _program(tape: Tape, wanted: set[int], homes: dict[int, _Piece]) -> tuple[Program, list[int]]:
    drawn = [i for i, (_, _, value) in enumerate(tape.asked) if value in wanted]
    leaves = [leaf for leaf in tape.leaves if leaf.value in wanted]
    pieces = {homes[id(leaf)].name: homes[id(leaf)] for leaf in leaves}
    numbers: dict[int, int] = {value: i for i, value in enumerate(tape.inputs)}
    numbers.update({tape.asked[i][2]: len(tape.inputs) + j for j, i in enumerate(drawn)})
    base = len(tape.inputs) + len(drawn)
    places = {name: base + i for i, name in enumerate(pieces)}
    steps: list[Step] = []
    count = base + len(pieces)

    def add(name: str, arguments: tuple[Any, ...]) -> int:
        nonlocal count
        steps.append(Step(name, trimmed(TABLE[name], arguments)))
        count += TABLE[name].results
        return count - TABLE[name].results

    for leaf in leaves:
        numbers[leaf.value] = _unpacked(leaf, homes[id(leaf)], places, add)
    for step in tape.steps:
        results = TABLE[step.name].results
        if any(step.first + i in wanted for i in range(results)):
            first = add(step.name, _renumbered(step.arguments, numbers))
            numbers.update({step.first + i: first + i for i in range(results)})
    program = Program(
        tuple(tape.specs[value] for value in tape.inputs),
        tuple(Draw(*tape.asked[i][:2]) for i in drawn),
        tuple((name, piece.spec) for name, piece in pieces.items()),
        tuple(steps),
        tuple(numbers[value] for value in tape.outputs),
    )
    return program, drawn


def _unpacked(leaf: Leaf, piece: _Piece, places: dict[str, int], add: Any) -> int:
    """The value of a constant, cut out of the piece that holds it."""
    value, spec = places[piece.name], piece.spec
    if spec.shape == leaf.where.shape:
        return value
    start = min(one.where.offset for one in piece.leaves)
    base = flat(start, spec.shape, spec.dtype)
    for move in path(base, leaf.where):
        value = move.do(lambda name, *arguments: add(name, arguments), value)
    return value


def _renumbered(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, Ref):
        return Ref(numbers[value.at])
    if isinstance(value, tuple):
        return tuple(_renumbered(one, numbers) for one in value)
    return value


def _pieces(leaves: list[Leaf], constants: dict[str, Constant]) -> list[_Piece]:
    """Constants whose places in memory overlap become one piece; pieces of equal content become one constant."""
    known: dict[tuple[Spec, bytes], str] = {}
    pieces = []
    for group in _overlapping(leaves):
        spec, content = _joined(group)
        data = (
            torch.empty(spec.elements, dtype=content.dtype)
            .copy_(content.reshape(-1))
            .view(torch.uint8)
            .numpy()
            .tobytes()
        )
        name = known.setdefault((spec, data), f"c{len(known)}")
        constants[name] = Constant(spec, data)
        pieces.append(_Piece(name, spec, group))
    return pieces


def _overlapping(leaves: list[Leaf]) -> list[list[Leaf]]:
    groups: list[list[Leaf]] = []
    places: dict[tuple[int, str], list[Leaf]] = {}
    for leaf in leaves:
        if leaf.storage:
            places.setdefault((leaf.storage, leaf.where.dtype), []).append(leaf)
        else:
            groups.append([leaf])
    for together in places.values():
        together.sort(key=lambda leaf: leaf.where.offset)
        end = -1
        for leaf in together:
            if leaf.where.offset < end and _agree(groups[-1], leaf):
                groups[-1].append(leaf)
            else:
                groups.append([leaf])
            end = max(end, leaf.where.offset + leaf.where.elements) if groups[-1][0] is not leaf else (
                leaf.where.offset + leaf.where.elements
            )  # fmt: skip
    return groups


def _agree(group: list[Leaf], leaf: Leaf) -> bool:
    """Whether a leaf holds the same numbers where it overlaps; an address may have been used twice."""
    flat_leaf = leaf.content.reshape(-1)
    for one in group:
        start = max(one.where.offset, leaf.where.offset)
        end = min(one.where.offset + one.where.elements, leaf.where.offset + leaf.where.elements)
        if start < end:
            a = one.content.reshape(-1)[start - one.where.offset : end - one.where.offset]
            b = flat_leaf[start - leaf.where.offset : end - leaf.where.offset]
            if not torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)):
                return False
    return True


def _joined(group: list[Leaf]) -> tuple[Spec, Tensor]:
    first = group[0]
    if all((leaf.where.offset, leaf.where.shape) == (first.where.offset, first.where.shape) for leaf in group):
        return Spec(first.where.dtype, first.where.shape), first.content
    start = min(leaf.where.offset for leaf in group)
    end = max(leaf.where.offset + leaf.where.elements for leaf in group)
    whole = torch.zeros(end - start, dtype=first.content.dtype)
    for leaf in group:
        whole[leaf.where.offset - start : leaf.where.offset - start + leaf.where.elements] = leaf.content.reshape(-1)
    return Spec(first.where.dtype, (end - start,)), whole
