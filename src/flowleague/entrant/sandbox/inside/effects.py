"""What a statement does beside binding names: writes, calls, loops, aliases; whether it trains, fetches or writes.

Only what runs when the statement runs counts; bodies of functions count where they are called (`spread`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vocabulary import CONSTRUCTORS, COPIES, FETCHES, HARMLESS, PLACES, QUIET, READING, SAVES


@dataclass
class Effects:
    """Changes as (root name, kind, detail), kinds "write", "method", "arg", "loop"; names called; and the rest."""

    changes: set[tuple[str, str, str]] = field(default_factory=set)
    called: set[str] = field(default_factory=set)  # functions and classes by name, methods as ".name"
    bound: set[str] = field(default_factory=set)  # by globals()["x"] = ..., or by `global x` in a called function
    aliases: set[tuple[str, str]] = field(default_factory=set)  # target, source
    literals: set[str] = field(default_factory=set)
    saves: bool = False
    trains: bool = False


def of(node: ast.AST, function: bool = False) -> Effects:
    """The effects of a statement; of a function's body when asked, without those on its own locals."""
    found = Effects()
    for part in _running(node, function):
        _one(part, found)
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.literals.add(part.value)
    if function and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        local, outer = _locals(node)
        found.changes = {change for change in found.changes if change[0] not in local}
        found.bound |= outer
        found.aliases = set()
    return found


def _running(node: ast.AST, inside: bool) -> Iterator[ast.AST]:
    """All parts that run with a statement: not the bodies of functions that it defines."""
    ahead: list[ast.AST] = (
        list(node.body) if inside and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else [node]
    )
    while ahead:
        part = ahead.pop()
        yield part
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            ahead += [*part.decorator_list, *part.args.defaults, *(d for d in part.args.kw_defaults if d)]
        elif isinstance(part, ast.Lambda):
            ahead += part.args.defaults
        else:
            ahead += ast.iter_child_nodes(part)


def _one(part: ast.AST, found: Effects) -> None:
    if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, (ast.Store, ast.Del)):
        _write(part, found)
    elif isinstance(part, ast.Call):
        _call(part, found)
    elif isinstance(part, (ast.For, ast.AsyncFor)):
        found.changes |= {(root, "loop", "") for root in _roots(part.iter)}
    elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        plain = [one.func if isinstance(one, ast.Call) else one for one in part.decorator_list]
        found.called |= {_called(decorator) for decorator in plain}
    elif isinstance(part, ast.Assign):
        targets = {name.id for target in part.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        found.aliases |= {(target, source) for target in targets for source in _displayed(part.value)}
    elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
        found.changes.add((part.target.id, "write", ""))


def _write(part: ast.Attribute | ast.Subscript, found: Effects) -> None:
    name, root = _globals_key(part), _root_of(part)
    if name:
        found.bound.add(name)
    elif root:
        found.changes.add((root, "write", _detail(part)))


def _call(call: ast.Call, found: Effects) -> None:
    name = _called(call.func)
    found.called.add(name)
    method = name.removeprefix(".")
    root = _root_of(call.func)
    if method in ("backward", "fit") and isinstance(call.func, ast.Attribute):
        found.trains = True
    if method in SAVES:
        found.saves = True
    if name in ("setattr", "delattr") and call.args and (target := _root_of(call.args[0])):
        found.changes.add((target, "write", ""))
        return
    if isinstance(call.func, ast.Attribute) and root and method not in READING and root not in QUIET:
        found.changes.add((root, "method", method))
    if method in HARMLESS or (root in QUIET and isinstance(call.func, ast.Attribute)):
        return
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        for target in _displayed(argument):
            found.changes.add((target, "arg", method))


def _root_of(node: ast.AST) -> str:
    """The name at the root of `a.b[c].d()`; empty where there is none."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return ""


def _displayed(node: ast.AST) -> Iterator[str]:
    """Roots of the names that a value is, or holds as a display: `a`, `a.b`, `[a, b]`, `{"k": a}`."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for part in node.elts:
            yield from _displayed(part)
    elif isinstance(node, ast.Dict):
        for part in node.values:
            yield from _displayed(part)
    elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Starred)) and (root := _root_of(node)):
        yield root


def _roots(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id


def _called(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _detail(part: ast.Attribute | ast.Subscript) -> str:
    return part.attr if isinstance(part, ast.Attribute) else "[]"


def _globals_key(part: ast.AST) -> str:
    """The name in `globals()["name"]`."""
    if not (
        isinstance(part, ast.Subscript) and isinstance(part.value, ast.Call) and isinstance(part.slice, ast.Constant)
    ):
        return ""
    return str(part.slice.value) if _called(part.value.func) in ("globals", "locals") else ""


def _locals(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[set[str], set[str]]:
    """Names that are a function's own, and names that it binds outside by `global`."""
    arguments = node.args
    own = {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    own |= {one.arg for one in (arguments.vararg, arguments.kwarg) if one}
    stored = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    outer = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
    return (own | stored) - outer, outer & stored


def starts(node: ast.AST, found: Effects) -> str:
    """Why a statement is kept although nothing needs its names; empty where it is not."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return ""
    if ("os", "write", "[]") in found.changes:  # os.environ["A"] = ...
        return "place"
    calls = [part for part in _running(node, False) if isinstance(part, ast.Call)]
    return next((why for call in calls if (why := _purpose(call))), "")


def _purpose(call: ast.Call) -> str:
    root, method = _root_of(call.func), _called(call.func).removeprefix(".")
    if not isinstance(call.func, ast.Attribute):
        return "fetch" if method in FETCHES - {"download"} else ""
    if root == "_notebook_":
        return {"write": "write", "shell": "fetch", "quiet": ""}.get(method, "place")
    if method in FETCHES and (method != "download" or root in ("gdown", "wget")):
        return "fetch"
    if (method in COPIES and root in ("shutil", "os")) or method == "system":
        return "fetch"
    places = method in PLACES or (root == "sys" and method in ("append", "insert", "extend"))
    return "place" if places or (root == "os" and method in ("putenv", "update")) else ""


def spread(units: list[Any]) -> None:
    """Give each unit the effects of the functions and methods of the file that it calls, and theirs."""
    table: dict[str, Effects] = {}
    for unit in units:
        _define([] if unit.is_head else [unit.node], table)
    while sum(_absorb(known, table) for known in table.values()):
        continue
    for unit in units:
        own = dict.fromkeys(unit.does.bound)
        _absorb(unit.does, table)
        for name in unit.does.bound:
            if name not in own:
                unit.binds.setdefault(name, False)
        unit.trains = unit.does.trains
    _hook(units)


def _hook(units: list[Any]) -> None:
    """Classes whose parents in the file do something when a class is defined (`__init_subclass__`, a metaclass)."""
    classes = {unit.node.name: unit.node for unit in units if isinstance(unit.node, ast.ClassDef)}
    parents = {name: {_root_of(base) for base in node.bases} for name, node in classes.items()}
    meta = {name for name, node in classes.items() for k in node.keywords if _root_of(k.value) in classes}
    hooked = {
        name
        for name, node in classes.items()
        if name in meta or any(getattr(part, "name", "") == "__init_subclass__" for part in node.body)
    }
    while more := {name for name in classes if name not in hooked and parents[name] & hooked}:
        hooked |= more
    for unit in units:
        if isinstance(unit.node, ast.ClassDef) and (unit.node.name in meta or parents[unit.node.name] & hooked):
            unit.does.called.add("__init_subclass__")


def _define(body: list[ast.stmt], table: dict[str, Effects], owner: str = "") -> None:
    """Enter functions: by name, methods as ".name", constructors under the name of their class."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = node.name if not owner else owner if node.name in CONSTRUCTORS else f".{node.name}"
            _merge(table.setdefault(name, Effects()), of(node, function=True))
            _define(node.body, table)
        elif isinstance(node, ast.ClassDef):
            _define(node.body, table, node.name)
        else:
            for part in ("body", "orelse", "finalbody"):
                _define(getattr(node, part, []), table, owner)


def _merge(into: Effects, other: Effects) -> bool:
    before = len(into.changes), len(into.bound), len(into.called), into.trains, into.saves
    into.changes |= {change for change in other.changes if change[1] in ("write", "method")}
    into.bound |= other.bound
    into.called |= other.called
    into.trains |= other.trains
    into.saves |= other.saves
    return before != (len(into.changes), len(into.bound), len(into.called), into.trains, into.saves)


def _absorb(into: Effects, table: dict[str, Effects]) -> bool:
    return bool(
        sum(_merge(into, table[name]) for name in sorted(into.called) if name in table and table[name] is not into)
    )


PACKAGE_CALLS = re.compile(
    r"manual_seed|seed|set_\w+|use_\w+|insert|append|makedirs|mkdir|chdir|register\w*|update|simplefilter"
)
