"""Notebooks of marimo: a `.py` in which each cell is a function of the names that it reads.

    @app.cell                        the body is the cell, without its last `return`
    def _(nn, torch): ...
    @app.function, @app.class_definition      the definition itself
    with app.setup: ...              the block

Cells stand in any order there, since marimo runs them by what they read and return; here they are put in that order.
"""

import re
import textwrap
from dataclasses import dataclass

IS_MARIMO = re.compile(r"^app = marimo\.App\(", re.MULTILINE)
_BEGINS = re.compile(r"^(?:@app\.(cell|function|class_definition)\b.*|with app\.(setup)\b.*:|if __name__ ==.*)$", re.M)
_HEAD = re.compile(r"\s*(?:async )?def \w+\(([^)]*)\)[^:\n]*:[^\n]*\n")
_RETURN = re.compile(r"^    return\b((?:[^\n]*\n?)(?:^(?:     .*|    \))\n?)*)\s*\Z", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class _Cell:
    text: str
    reads: frozenset[str]
    gives: frozenset[str]


def cells_of(text: str) -> tuple[str, ...]:
    """The code of each cell, each after those that give what it reads."""
    found = list(_BEGINS.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    waiting = [
        _cell(match[1] or match[2], text[match.end() : end])
        for match, end in zip(found, ends, strict=True)
        if match[1] or match[2]
    ]
    ordered: list[_Cell] = []
    while waiting:
        ahead = [frozenset().union(*(other.gives for other in waiting if other is not cell)) for cell in waiting]
        ready = [cell for cell, missing in zip(waiting, ahead, strict=True) if not cell.reads & missing]
        taken = ready[0] if ready else waiting[0]  # names in a circle: as they stand
        ordered.append(taken)
        waiting.remove(taken)
    return tuple(cell.text for cell in ordered)


def _cell(kind: str, body: str) -> _Cell:
    head = _HEAD.match(body) if kind == "cell" else None
    if not head:
        gives = re.findall(r"^(?:def|class) (\w+)", body, re.MULTILINE) if kind != "setup" else ()
        return _Cell(textwrap.dedent(body).strip("\n") + "\n", frozenset(), frozenset(gives))
    inner = body[head.end() :]
    given = _RETURN.search(inner)
    inner, names = (inner[: given.start()], _NAME.findall(given[1])) if given else (inner, [])
    return _Cell(textwrap.dedent(inner).strip("\n") + "\n", frozenset(_NAME.findall(head[1])), frozenset(names))
