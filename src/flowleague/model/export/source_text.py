"""Source text of the package's modules, for a file that stands alone."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple


class _Definition(NamedTuple):
    """A statement at the top of a module: where it stands, its kind and its text."""

    place: tuple[str, int]
    kind: type[ast.stmt]
    text: str


def definitions(text: str, *modules: ModuleType) -> tuple[list[str], list[str]]:
    """The source of what a text refers to and modules define: constants, and classes and functions, in their order.

    What these refer to themselves comes along. The modules must not define one name twice.

    >>> from flowleague.model import velocity
    >>> constants, code = definitions("print(time_features(t))", velocity)
    >>> constants, [part.partition("(")[0] for part in code]
    (['FREQUENCIES = 8  # of the time'], ['def time_features'])
    """
    known = {name: found for module in modules for name, found in _defined(module)}
    order = [module.__name__ for module in modules]
    taken: list[_Definition] = []

    def take(text: str) -> None:
        for name in _free_names(text):
            found = known.get(name)
            if found and found not in taken:
                taken.append(found)
                take(found.text)

    take(text)
    taken.sort(key=lambda found: (order.index(found.place[0]), found.place[1]))
    constants = [found.text for found in taken if found.kind is ast.Assign]
    return constants, [found.text for found in taken if found.kind is not ast.Assign]


def qualified(texts: list[str], constants: list[str], owner: str) -> list[str]:
    """Texts that read constants from a class which holds them.

    >>> qualified(["def f(x=ONE):\\n    return x + ONE  # ONE"], ["ONE = 1"], "Settings")
    ['def f(x=Settings.ONE):\\n    return x + Settings.ONE  # ONE']
    """
    bound = {part.id for constant in constants for part in ast.walk(ast.parse(constant)) if isinstance(part, ast.Name)}

    def one(text: str) -> str:
        lines = text.encode().splitlines(keepends=True)
        names = [part for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Name) and part.id in bound]
        for part in sorted(names, key=lambda part: part.col_offset, reverse=True):
            line = lines[part.lineno - 1]
            lines[part.lineno - 1] = line[: part.col_offset] + f"{owner}.".encode() + line[part.col_offset :]
        return b"".join(lines).decode()

    return [one(text) for text in texts]


def _free_names(text: str) -> set[str]:
    """The names that a text uses and never binds."""
    tree = ast.parse(text)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    return {node.id for node in names} - bound


def _defined(module: ModuleType) -> Iterator[tuple[str, _Definition]]:
    """Each name that a module defines, or imports from this package as a constant."""
    source = inspect.getsource(module)
    for node in ast.parse(source).body:
        first, last = _lines(node)
        found = _Definition((module.__name__, first), type(node), "\n".join(source.splitlines()[first:last]))
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, found
        elif isinstance(node, ast.Assign):
            targets = (part for target in node.targets for part in ast.walk(target))
            yield from ((target.id, found) for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(__name__.partition(".")[0]):
            imported = {alias.name for alias in node.names if alias.name.isupper()}
            for name, there in _defined(importlib.import_module(node.module or "")) if imported else ():
                if name in imported:
                    yield name, there._replace(place=(module.__name__, first))


def _lines(node: ast.stmt) -> tuple[int, int]:
    """The first line of a statement, decorators included, and the line after its last, counted from 0."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1, node.end_lineno or node.lineno


def without_unused_members(text: str, *, public: str) -> str:
    """A text without the methods and class attributes that it never refers to, and without remarks to linters.

    The class `public` stays whole, as do special methods and `forward`, which PyTorch calls.

    >>> text = "class A:\\n    def f(self): ...\\n\\n    def g(self): ...\\n\\n\\nA().f()\\n"
    >>> print(without_unused_members(text, public=""))
    class A:
        def f(self): ...
    <BLANKLINE>
    <BLANKLINE>
    A().f()
    <BLANKLINE>
    """
    text = re.sub(r"  # (?:noqa|pyright|type): .*", "", text)
    tree, lines = ast.parse(text), text.splitlines(keepends=True)
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {"forward"}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name != public]
    for member in reversed([member for node in classes for member in node.body]):
        if not _names(member) <= used:
            first, last = _lines(member)
            followed = last < len(lines) and lines[last].strip()  # by a member that needs the empty line before
            while not followed and not lines[first - 1].strip():
                first -= 1
            del lines[first:last]
    return "".join(lines)


def _names(member: ast.stmt) -> set[str]:
    """The names that a statement of a class defines, special methods apart."""
    if isinstance(member, ast.FunctionDef):
        return set() if member.name.startswith("__") else {member.name}
    targets = [member.target] if isinstance(member, ast.AnnAssign) else getattr(member, "targets", [])
    return {target.id for target in targets if isinstance(target, ast.Name)}
