"""An entry's cells as units: top-level statements, with what each binds, reads, changes and calls. Nothing runs here.

`if` and `with` are opened: what stands inside are units of their own, which lean on the head. One imported name is one
unit. `for`, `while`, `try` and `match` stay whole. Python's own `symtable` tells what is read now (decorators,
defaults, class bodies, comprehensions) and what late (bodies of functions); `effects` tells what is changed.
"""

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

import effects
import normalise

MOST_UNITS = 20_000


@dataclass
class Unit:
    """A statement, or the head of an `if` or `with`: names and what happens to them."""

    node: ast.stmt
    cell: int
    heads: tuple[int, ...] = ()  # units that it leans on
    is_head: bool = False
    kind: str = "statement"  # or import, star, def, class, constant
    binds: dict[str, bool] = field(default_factory=dict)  # name -> for certain
    now: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    does: effects.Effects = field(default_factory=effects.Effects)
    trains: bool = False
    starts: str = ""  # why it is kept although nothing needs its names: "fetch", "write", "place"

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass
class Cells:
    """All cells of an entry: the text, its statements, their units, and which cells are not Python."""

    text: str
    body: list[ast.stmt]
    units: list[Unit]
    broken: dict[int, str]
    notebook: bool
    flags: int = 0  # of `from __future__` imports, wherever they stand

    def where(self, unit: Unit) -> str:
        """A place as a person finds it."""
        return f"cell {unit.cell}" if self.notebook else f"line {unit.line}"


def read(cells: list[str], notebook: bool) -> Cells:
    """The units of an entry's cells, each cell parsed alone."""
    texts, bodies, broken, offset = [], [], {}, 0
    for number, source in enumerate(cells, 1):
        text = normalise.plain(source, notebook)
        try:
            body = _parsed(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 1
            broken[number] = f"line {line}: {getattr(error, 'msg', None) or type(error).__name__}"
            body, text = [], "\n" * text.count("\n")
        for node in body:
            ast.increment_lineno(node, offset)
        bodies += [(number, node) for node in body]
        texts.append(text)
        offset += text.count("\n") + 1
    result = Cells("\n".join(texts) + "\n", [], [], broken, notebook)
    _collect(bodies, result)
    if len(result.units) <= MOST_UNITS:
        for unit in result.units:
            _look(unit, not any(isinstance(result.units[head].node, ast.If) for head in unit.heads))
        effects.spread(result.units)
    return result


def _parsed(text: str) -> list[ast.stmt]:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(text, "cell", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    compile(text, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)  # `return` outside, and such
    return tree.body


def _collect(bodies: list[tuple[int, ast.stmt]], result: Cells) -> None:
    import __future__

    for cell, node in bodies:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                result.flags |= getattr(__future__, alias.name).compiler_flag
            continue
        for single in _singles(node):
            result.body.append(single)
            _open(single, cell, (), result.units)


def _singles(node: ast.stmt) -> Iterator[ast.stmt]:
    """One statement for each imported name."""
    if isinstance(node, (ast.Import, ast.ImportFrom)) and len(node.names) > 1:
        for alias in node.names:
            one = (
                ast.Import([alias])
                if isinstance(node, ast.Import)
                else ast.ImportFrom(node.module, [alias], node.level)
            )
            yield ast.copy_location(one, node)
    else:
        yield node


def _open(node: ast.stmt, cell: int, heads: tuple[int, ...], units: list[Unit]) -> None:
    """Add the units of a statement; an opened statement's own body is replaced by singles."""
    opened = isinstance(node, ast.If) or (isinstance(node, (ast.With, ast.AsyncWith)) and not _opens_file(node))
    node.unit = len(units)  # type: ignore[attr-defined]
    units.append(Unit(node, cell, heads, is_head=opened))
    if not opened:
        return
    inner = (*heads, node.unit)  # type: ignore[attr-defined]
    for name in ("body", "orelse"):
        held = [single for child in getattr(node, name, ()) for single in _singles(child)]
        if hasattr(node, name):
            setattr(node, name, held)
        for child in held:
            _open(child, cell, inner, units)


def _opens_file(node: ast.With | ast.AsyncWith) -> bool:
    """Whether a `with` opens something by name: what is done inside is then one with it."""
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for item in node.items for part in ast.walk(item)
    )


def _look(unit: Unit, certain: bool) -> None:
    """Fill in what a unit binds, reads and does; `certain` says that it runs whenever the file does."""
    node = _head_of(unit)
    _names(unit, node)
    unit.does = effects.of(node)
    for name in unit.does.bound:
        unit.binds.setdefault(name, True)
    if not certain or isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match, ast.AugAssign)):
        unit.binds = dict.fromkeys(unit.binds, False)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        unit.kind = "star" if node.names[0].name == "*" else "import"
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        unit.kind = "def"
    elif isinstance(node, ast.ClassDef):
        unit.kind = "class"
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _constant(node.value):
        unit.kind = "constant"
    unit.starts = effects.starts(node, unit.does)


def _head_of(unit: Unit) -> ast.stmt:
    """The statement itself, or of an opened one what its head does."""
    node = unit.node
    if unit.is_head and isinstance(node, ast.If):
        return ast.copy_location(ast.Expr(node.test), node)
    if unit.is_head and isinstance(node, (ast.With, ast.AsyncWith)):
        return ast.copy_location(ast.With(node.items, [ast.copy_location(ast.Pass(), node)]), node)
    return node


class _Awaited(ast.NodeTransformer):
    """Top-level `await` away, which symtable does not read."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.generic_visit(ast.copy_location(ast.With(node.items, node.body), node))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.generic_visit(ast.copy_location(ast.For(node.target, node.iter, node.body, node.orelse), node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815


def _names(unit: Unit, node: ast.stmt) -> None:
    try:
        text = ast.unparse(node)
        if "await " in text or "async " in text:
            text = ast.unparse(_Awaited().visit(ast.parse(ast.unparse(ast.Module([node], [])), mode="exec")))
        table = symtable.symtable(text, "unit", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _names_by_walk(unit, node)
        return
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            unit.binds[symbol.get_name()] = True
        if symbol.is_referenced():
            unit.now.add(symbol.get_name())
    for child in table.get_children():
        _inner(child, unit, late=False)


def _inner(table: symtable.SymbolTable, unit: Unit, late: bool) -> None:
    called_now = table.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr")
    late = late or (table.get_type() == "function" and not called_now)
    for symbol in table.get_symbols():
        if symbol.is_global() and (symbol.is_referenced() or symbol.is_assigned()):
            (unit.late if late else unit.now).add(symbol.get_name())
    for child in table.get_children():
        _inner(child, unit, late)


def _names_by_walk(unit: Unit, node: ast.AST) -> None:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Load):
                unit.now.add(part.id)
            else:
                unit.binds[part.id] = True
        elif isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            unit.binds[part.name] = True


_IMMUTABLE_CALLS = (
    "int",
    "float",
    "str",
    "bool",
    "len",
    "round",
    "abs",
    "min",
    "max",
    "device",
    "join",
    "getenv",
    "Path",
)
_IMMUTABLE_CALLS += ("is_available", "exists", "sqrt", "log", "frozenset", "perf_counter", "time", "strftime", "now")


def _constant(node: ast.expr) -> bool:
    """Whether a value cannot be changed in place, so that only binding its name anew changes what the name means."""
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare)):
        return True
    if isinstance(node, ast.UnaryOp):
        return _constant(node.operand)
    if isinstance(node, ast.BinOp):
        return _constant(node.left) or _constant(node.right)
    if isinstance(node, ast.Tuple):
        return all(_constant(part) for part in node.elts)
    if isinstance(node, ast.IfExp):
        return _constant(node.body) and _constant(node.orelse)
    if isinstance(node, ast.BoolOp):
        return all(_constant(part) for part in node.values)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _IMMUTABLE_CALLS
    return False
