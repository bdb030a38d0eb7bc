"""A plan carried out: the kept statements of an entry run in order, then its `SubmissionInterface` is built.

A plan says which statements are kept, which of them run in a `try` of their own, and whether all others are tried too.
"""

import ast
import builtins
import os
import shutil
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import checks
import devices
import notebook
import places as looked_for
import served_files
import standins
import units

FILE = "submission.py"
_MISSED = "_flowleague_missed_"


@dataclass
class Plan:
    """How an entry is built; positions of statements as sets of bits."""

    kept: int
    tried: int = 0  # run in a `try`, whatever it raises
    lenient: int = 0  # run in a `try`, where data or a module is missing
    all: bool = False  # left-out statements are tried too
    given: list[str] = field(default_factory=list)  # names that the contest's evaluator had defined
    cpu: bool = False  # the entry asks for other devices
    places: list[str] = field(default_factory=list)  # where else it looks for the weights that were handed in
    moved: list[str] = field(default_factory=list)  # paths of the contestant's machine, read below the working folder

    def words(self) -> dict[str, Any]:
        """As JSON, numbers in hexadecimal."""
        return {key: hex(value) if type(value) is int else value for key, value in asdict(self).items()}


def read_plan(words: dict[str, Any]) -> Plan:
    """The plan in JSON."""
    named: dict[str, Any] = {key: int(value, 16) if isinstance(value, str) else value for key, value in words.items()}
    return Plan(**named)


class Wrong(Exception):  # noqa: N818
    """What the entry does cannot be measured; `name` says in which way."""

    def __init__(self, name: str, sentence: str):
        super().__init__(sentence)
        self.name = name


class AsksInput(EOFError):  # noqa: N818
    """The entry waits for a person."""


class Build:
    """One build of an entry in this process."""

    def __init__(self, cells: units.Cells, plan: Plan, folder: str, weights: str, seed_all: Callable[[int], None]):
        self._cells, self._plan, self._folder, self._weights = cells, plan, folder, weights
        self._seed_all = seed_all
        self.trap = checks.Trap()
        self.missed: list[tuple[int, str, str]] = []  # position, type and text of what a `try` held
        self.position = -1  # of the statement at work; -1 once the interface is being built

    def run(self, seed: int) -> Any:
        """The submission; raises whatever the entry does, `Wrong` without an interface."""
        module = self._module()
        torch = "torch" in self._cells.text
        if torch:
            devices.eager()
            if self._plan.cpu:
                devices.on_cpu()
        served_files.data_seed = seed if self._plan.all else None
        builtins.input = _ask
        self._seed_all(seed)
        with self.trap.set() if torch else nullcontext():
            for statement in self._statements(self._cells.body):
                self._execute(statement, module)
        self.position = -1
        kind = getattr(module, "SubmissionInterface", None)
        if kind is None or isinstance(kind, standins.Quiet):
            raise Wrong("no_interface", "it defines no class SubmissionInterface")
        submission = kind()
        moved = submission.to("cpu") if hasattr(submission, "to") else submission
        submission = submission if moved is None else moved
        parts: list[Any] = [getattr(submission, name, None) for name in ("vae", "flow_model")]
        for part in parts:
            if hasattr(part, "eval"):
                part.eval()  # as both published evaluators do
        return submission

    def _module(self) -> types.ModuleType:
        """An empty module for the entry, in a fresh working directory where the weights lie."""
        path = os.path.join(self._folder, FILE)
        fresh_folder(self._folder, self._weights, self._plan.places)
        with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(self._cells.text)
        sys.argv[:] = [FILE]
        sys.path.insert(0, self._folder)
        standins.finder.entry, standins.finder.tried = path, set(_tried_imports(self._cells.body))
        module = types.ModuleType("__main__" if self._cells.notebook else "submission")
        module.__file__ = path
        module.__dict__["__builtins__"] = builtins
        sys.modules["submission"] = module  # as pickles and dataclasses expect
        module.__dict__.update(notebook.names())
        sys.modules["__main__"] = module  # as pickles of a training script expect, too
        setattr(builtins, _MISSED, self._missed)
        for name in self._plan.given:
            exec(GIVEN[name], module.__dict__)
        return module

    def _execute(self, statement: ast.stmt, module: types.ModuleType) -> None:
        self.position = getattr(statement, "unit", self.position)
        flags = self._cells.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        if self._plan.moved:
            statement = _Here(self._plan.moved).visit(statement)
        tree = ast.Module([statement], [])
        code = compile(tree, str(module.__file__), "exec", flags, dont_inherit=True)
        result = eval(code, module.__dict__)
        if result is not None:  # `await` at the top
            import asyncio

            asyncio.get_event_loop_policy().get_event_loop().run_until_complete(result)

    def _statements(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            position: int = node.unit  # type: ignore[attr-defined]
            unit, kept = self._cells.units[position], self._plan.kept >> position & 1
            if not kept and not self._plan.all:
                continue
            if unit.is_head:
                node = self._head(node)
            free = (self._plan.tried | self._plan.lenient) >> position & 1 and not unit.is_head
            node = node if kept and not free else _guarded(node, position)
            node.unit = position  # type: ignore[attr-defined]
            yield node

    def _head(self, node: Any) -> ast.stmt:
        """An opened statement with what is kept inside."""
        parts = {
            name: list(self._statements(getattr(node, name))) for name in ("body", "orelse") if hasattr(node, name)
        }
        parts["body"] = parts["body"] or [ast.copy_location(ast.Pass(), node)]
        rest = {name: value for name, value in ast.iter_fields(node) if name not in parts}
        return ast.copy_location(type(node)(**rest, **parts), node)

    def _missed(self, position: int) -> None:
        """Called in the `except` of a guarded statement: remember what it raised, or raise it again."""
        error = sys.exc_info()[1]
        assert error
        lenient = self._plan.kept & self._plan.lenient & ~self._plan.tried
        if lenient >> position & 1 and not isinstance(error, standins.NotHere):
            raise error
        self.missed.append((position, type(error).__name__, str(error)[:300]))


class _Here(ast.NodeTransformer):
    """Absolute paths in the text made relative."""

    def __init__(self, moved: list[str]):
        self._moved = moved

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if node.value in self._moved:
            return ast.copy_location(ast.Constant(node.value.lstrip("~/")), node)
        return node


def _guarded(node: ast.stmt, position: int) -> ast.stmt:
    """A statement in a `try` of its own."""
    call = ast.Expr(ast.Call(ast.Name(_MISSED, ast.Load()), [ast.Constant(position)], []))
    handler = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, [call])
    return ast.fix_missing_locations(ast.copy_location(ast.Try([node], [handler], [], []), node))


def _tried_imports(body: list[ast.stmt]) -> Iterator[int]:
    """Lines of the imports inside a `try` that has a handler."""
    for node in body:
        for part in ast.walk(node):
            if isinstance(part, ast.Try) and part.handlers:
                yield from (
                    line
                    for statement in part.body
                    for inner in ast.walk(statement)
                    if isinstance(inner, (ast.Import, ast.ImportFrom))
                    for line in range(inner.lineno, (inner.end_lineno or inner.lineno) + 1)
                )


def _ask(prompt: object = "") -> str:
    raise AsksInput("the entry waits for input()")


def fresh_folder(folder: str, weights: str, places: Iterable[str] = ()) -> None:
    """The working directory, empty but for links to the weights, which may be looked for at other places too."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    os.chdir(folder)
    for name in os.listdir(weights):
        os.symlink(os.path.join(weights, name), name)
    for place in places:
        looked_for.link(place, weights)
    looked_for.answer(folder, weights)


# what the class contest's evaluator had imported when it ran a file
GIVEN = {
    "torch": "import torch",
    "nn": "import torch.nn as nn",
    "F": "import torch.nn.functional as F",
    "os": "import os",
    "gdown": "import gdown",
    "load_file": "from safetensors.torch import load_file",
    "np": "import numpy as np",
}
