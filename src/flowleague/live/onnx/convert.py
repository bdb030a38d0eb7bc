"""Programs in ONNX, the open format of networks (https://onnx.ai), for any number of rows where their rows are apart.

A program's operations become ONNX's one after the other. The axis of the rows (`program.rows`) is
written as -1 in every shape, so that the network takes any batch; a program whose rows know each other takes the batch
for which it was captured. Draws are inputs: whoever runs the network hands in the noise.
"""

from typing import Any

import onnx
from onnx import helper

from flowleague.errors import LiveError
from flowleague.live.onnx import elements, layers, moves
from flowleague.live.onnx.graph import TYPES, Graph, Translation, Value
from flowleague.program.format import Entry, Program
from flowleague.program.operations import find
from flowleague.program.row_layouts import Layout
from flowleague.program.rows import followed
from flowleague.program.values import Ref, Spec

_OPSET, _IR_VERSION = 20, 10
TRANSLATIONS: dict[str, Translation] = {**elements.TRANSLATIONS, **moves.TRANSLATIONS, **layers.TRANSLATIONS}


def networks_in_onnx(entry: Entry, names: dict[str, tuple[list[str], str]]) -> dict[str, onnx.ModelProto]:
    """The programs of an entry in ONNX; `names` are those of inputs and output by program.

    Draws follow the inputs as draw_0, draw_1 and so on. Raises `LiveError` for an operation that has no translation.
    """
    return {name: _network(entry, program, *names[name]) for name, program in entry.programs.items()}


def _network(entry: Entry, program: Program, inputs: list[str], output: str) -> onnx.ModelProto:
    whole = followed(program, entry.batch)
    program, graph = whole.program, Graph()
    specs, layouts = program.inferred.specs, whole.layouts
    odd = sorted({spec.dtype for spec in specs} - set(TYPES))
    if odd:
        raise LiveError(f"The network computes with {', '.join(odd)}, which is not written in ONNX.")
    free = [*inputs, *(f"draw_{k}" for k in range(len(program.draws)))]
    ends = [_end(name, specs[at], layouts.get(at)) for at, name in enumerate(free)]
    values = {at: Value(name, specs[at], layouts.get(at)) for at, name in enumerate(free)}
    for at, (name, spec) in enumerate(program.constants, len(free)):
        graph.constants[name] = helper.make_tensor(
            name, TYPES[spec.dtype], spec.shape, entry.constants[name].data, raw=True
        )
        values[at] = Value(name, spec, None)
    led = next((at for at in range(len(free)) if layouts.get(at)), None)
    if whole.cuts and led is not None:
        graph.rows = graph.add("Shape", free[led], start=0, end=1)
    for number, step in enumerate(program.steps):
        operation, first = find(step.name), program.inferred.first[number]
        arguments = [_given(value, values, step.name) for value in program.inferred.arguments[number]]
        outs = [Value("", specs[at], layouts.get(at)) for at in range(first, first + operation.results)]
        if number in whole.cuts:
            made = cut(graph, arguments[0], arguments[1], whole.cuts[number])
        elif operation.javascript in TRANSLATIONS:
            made = TRANSLATIONS[operation.javascript](graph, arguments, outs)
        else:
            raise LiveError(f"The operation {step.name} of this network is not written in ONNX.")
        for k, name in enumerate([made] if isinstance(made, str) else made):
            values[first + k] = outs[k]._replace(name=name)
    (last,) = program.outputs
    graph.nodes.append(helper.make_node("Identity", [values[last].name], [output]))
    ends.append(_end(output, specs[last], layouts.get(last)))
    made = helper.make_graph(graph.nodes, output, ends[:-1], ends[-1:], list(graph.constants.values()))
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(made, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="flowleague")


def cut(graph: Graph, x: Value, axis: int, places: int) -> str:
    """The first of the places for all rows, as many as there are rows."""
    ends = graph.add("Mul", graph.rows, graph.ints(places))
    return graph.add("Slice", x.name, graph.ints(0), ends, graph.ints(axis))


def _given(value: Any, values: dict[int, Value], name: str) -> Any:
    if isinstance(value, Ref):
        if value.at not in values:
            raise LiveError(f"A second result of an operation before {name} of this network is not written in ONNX.")
        return values[value.at]
    return [_given(one, values, name) for one in value] if isinstance(value, tuple) else value


def _end(name: str, spec: Spec, layout: Layout | None) -> onnx.ValueInfoProto:
    shape = ["B" if layout and k == layout.axis else n for k, n in enumerate(spec.shape)]
    return helper.make_tensor_value_info(name, TYPES[spec.dtype], shape)
