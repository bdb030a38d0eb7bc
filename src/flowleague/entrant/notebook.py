"""The cells of a notebook. What they mean is decided in the sandbox (`sandbox.inside.normalise`).

Read by msgspec's structs rather than nbformat: what is not named here, outputs and metadata among it, is skipped in
C without building an object. Notebooks that Python's own reader forgives (NaN, half surrogates in outputs) are read by
that instead.
"""

import json
from typing import Any

import msgspec
from msgspec import Struct

from flowleague.errors import EntryError, printable


class Cell(Struct):
    """A cell of nbformat 4 (`source`) or 3 (`input`)."""

    cell_type: str = ""
    source: str | list[str] | None = None
    input: str | list[str] | None = None

    @property
    def text(self) -> str:
        """The cell's lines, joined."""
        held = self.source or self.input or ""
        text = held if isinstance(held, str) else "".join(held)
        return text.replace("\r\n", "\n").replace("\r", "\n")


class _Worksheet(Struct):
    """A sheet of nbformat 3, which has one."""

    cells: list[Cell]


class _Notebook(Struct):
    """What is read of a notebook."""

    cells: list[Cell] = []
    worksheets: list[_Worksheet] = []


def read_code(raw: bytes, name: str) -> list[str]:
    """The code cells in the bytes of an `.ipynb`, in order; raises `EntryError`."""
    notebook = _decoded(raw.removeprefix(b"\xef\xbb\xbf"), name)
    cells = notebook.cells + [cell for sheet in notebook.worksheets for cell in sheet.cells]
    code = [cell.text for cell in cells if cell.cell_type == "code"]
    if not any(text.strip() for text in code):
        raise not_a_notebook(name, "it has no cell with code")
    return code


def _decoded(raw: bytes, name: str) -> _Notebook:
    try:
        return msgspec.json.decode(raw, type=_Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
    try:
        return msgspec.convert(_forgiven(json.loads(raw)), _Notebook)
    except (msgspec.MsgspecError, ValueError, RecursionError, AttributeError, TypeError) as error:
        if raw.lstrip()[:1] == b"<":
            raise not_a_notebook(name, "it is a web page") from error
        if any(line.lstrip().startswith(b"<<<<<<< ") for line in raw.splitlines()):
            raise not_a_notebook(name, "it holds the marks of a merge that git could not finish (<<<<<<<)") from error
        raise not_a_notebook(name, reason) from error


def _forgiven(notebook: Any) -> dict[str, Any]:
    """The cells alone, without what else a forgiving reader lets through."""
    names = ("cell_type", "source", "input")
    sheets = [*notebook.get("worksheets", []), notebook]
    cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    return {"cells": [{key: cell[key] for key in names if key in cell} for cell in cells]}


def not_a_notebook(name: str, why: str) -> EntryError:
    """The refusal of bytes that are no notebook."""
    return EntryError(
        "not_a_notebook", f"{name} is not a notebook: {printable(why)}.", "Save it from Jupyter or Colab again."
    )
