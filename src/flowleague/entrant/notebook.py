"""A notebook as the script that the contest's organiser made of it: py:percent, without what only notebooks know.

Dropped are: lines that start with `!` or `%`; lines that ask for help (`model?`); imports from `google.colab`; and
the body of a cell whose magic hands it to something else (`%%bash`, `%%writefile`), but not that of one which runs
it (`%%time`). Where a block may have needed the line, `pass` stands in its place, so that lines keep their numbers.
A line is only a line where Python would begin a statement: a `%` or `!` in a string or within brackets stays.

Read by msgspec's structs rather than nbformat: what is not named here, outputs and metadata among it, is skipped in
C without building an object, and there is one kind of exception.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from flowleague.errors import EntryError, printable

RUN_BY_PYTHON = ("time", "capture", "prun")  # cell magics that run their body here, in the notebook's own names
MAGIC = re.compile(r"(?P<indent>[ \t]*)(?:[!%]|\?{1,2}[\w.]+[ \t]*(?=\n|\Z)|[A-Za-z_][\w.]*\?{1,2}[ \t]*(?=\n|\Z))")
COLAB = re.compile(
    r"(?P<indent>[ \t]*)(?:from[ \t]+google\.colab\b[\w.]*[ \t]+import\b(?:[ \t]*\([^)]*\)|[^;#\n]*)"
    r"|import[ \t]+google\.colab\b[\w.]*(?:[ \t]+as[ \t]+\w+)?(?=[ \t]*(?:[;#\n]|\Z)))"
)
# What decides where a statement ends. Quantifiers are possessive, so that no text costs more than linear time.
TOKEN = re.compile(
    r'''#[^\n]*+|"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]++|\\.)*+"?'''
    r"""|'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?|'(?:[^'\\\n]++|\\.)*+'?"""
    r"|[(\[{]|[)\]}]|\\.|[;:\n]",
    re.DOTALL,
)


class Cell(Struct):
    """A cell of nbformat 4 (`source`) or 3 (`input`)."""

    cell_type: str
    source: str | list[str] = ""
    input: str | list[str] = ""

    @property
    def text(self) -> str:
        """The cell's lines, joined."""
        held = self.source or self.input
        text = held if isinstance(held, str) else "".join(held)
        return text.replace("\r\n", "\n").replace("\r", "\n")


class Worksheet(Struct):
    """A sheet of nbformat 3, which has one."""

    cells: list[Cell]


class Notebook(Struct):
    """What is read of a notebook."""

    cells: list[Cell] = []
    worksheets: list[Worksheet] = []


def read_cells(raw: bytes, name: str) -> list[Cell]:
    """The cells in the bytes of an `.ipynb`, in order; raises `EntryError`."""
    try:
        notebook = msgspec.json.decode(raw, type=Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise not_a_notebook(name, str(error)) from error
    cells = notebook.cells + [cell for sheet in notebook.worksheets for cell in sheet.cells]
    if not any(cell.cell_type == "code" and cell.text.strip() for cell in cells):
        raise not_a_notebook(name, "it has no cell with code")
    return cells


def not_a_notebook(name: str, why: str) -> EntryError:
    """The refusal of bytes that are no notebook."""
    return EntryError(
        "not_a_notebook", f"{name} is not a notebook: {printable(why)}.", "Save it from Jupyter or Colab again."
    )


def to_script(cells: Iterable[Cell]) -> str:
    """Cells in the py:percent format: code without what only notebooks know, all else as comments."""
    return "\n".join(_percent(cell) for cell in cells)


def _percent(cell: Cell) -> str:
    if cell.cell_type != "code":
        return "# %% [markdown]\n" + "".join(f"# {line}\n" for line in cell.text.split("\n"))
    return f"# %%\n{plain(cell.text)}\n"


def plain(code: str) -> str:
    """The code of a cell without what only notebooks know, in as many lines as before."""
    magic = re.match(r"\s*%%(\w*)", code)
    if magic and magic[1] not in RUN_BY_PYTHON:
        return "\n" * code.count("\n")
    return "".join(_without(code[start:end], begins_line) for start, end, begins_line in statements(code))


def _without(statement: str, begins_line: bool) -> str:
    """A statement, or what stands in its place.

    At the left margin that is nothing: a `from __future__` below must not find a statement above it.
    """
    match = MAGIC.match(statement) if begins_line else None
    rest = ""
    if not match:
        match = COLAB.match(statement)
        if not match:
            return statement
        rest = statement[match.end() :]
    missed = match["indent"] or not begins_line or rest.strip()
    lines = "\n" * (statement.count("\n") - rest.count("\n"))
    return f"{match['indent']}{'pass' if missed else ''}{lines}{rest}"


def statements(code: str) -> Iterator[tuple[int, int, bool]]:
    """Cut code where Python, or a notebook, begins a new simple statement: start, end, and whether it begins a line.

    The pieces make up the whole code. Colons of annotations cut too, which does no harm.
    """
    start, begins_line = 0, True
    while start < len(code):
        end = _end_of_magic(code, start) if begins_line and MAGIC.match(code, start) else _end(code, start)
        yield start, end, begins_line
        start, begins_line = end, code[end - 1] == "\n"


def _end_of_magic(code: str, start: int) -> int:
    """After the line, and after the next ones where a backslash says that it goes on."""
    end = code.find("\n", start) + 1
    while end and code[end - 2 : end - 1] == "\\":
        end = code.find("\n", end) + 1
    return end or len(code)


def _end(code: str, start: int) -> int:
    """After the first newline, semicolon or colon that is in no string, comment or bracket."""
    depth = 0
    for token in TOKEN.finditer(code, start):
        sign = token[0]
        if sign in ("(", "[", "{"):
            depth += 1
        elif sign in (")", "]", "}"):
            depth = max(0, depth - 1)
        elif sign in ("\n", ";", ":") and not depth:
            return token.end()
    return len(code)
