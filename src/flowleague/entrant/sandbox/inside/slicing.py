"""The statements that `SubmissionInterface` needs, by names and positions, before any line of the entry has run.

`need(name, at)`: from position `at` back to the nearest statement that binds the name for certain, keep it and all that
may bind it in between; keep what changes the value between that and `at`. What a kept statement reads now is needed at
its own position; what it reads late, in the bodies of functions, is needed where the value is. So a default argument
reads the binding before the `def` and a body the last one, as running everything would give.

A statement that trains is never kept for what its calls change, only for names that it binds, writes or fills: else
"train, then load the weights" would be refused.
"""

import ast
from bisect import bisect_left
from collections import defaultdict

import effects
import units
import vocabulary

_MOST_STEPS, _MOST_ALIASES = 500_000, 100
INTERFACE = "SubmissionInterface"


class Slice:
    """What is kept: position -> why (the name it is kept for)."""

    def __init__(self, cells: units.Cells):
        self.cells, self.units, self.end = cells, cells.units, len(cells.units)
        self.kept: dict[int, str] = {}
        self.tried: set[int] = set()  # run in a `try` of their own, because they have a purpose of their own
        self.strict: set[int] = set()  # bind or write what is needed
        self.too_many = False
        self._seen: set[tuple[int, int]] = set()
        self._done: set[tuple[str, int, int]] = set()
        self._scanned: dict[tuple[object, ...], int] = {}  # how far changes have been looked at
        self._agenda: list[tuple[str, int, int]] = []
        self._bindings: dict[str, list[int]] = defaultdict(list)
        self._changes: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._aliases: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for position, unit in enumerate(self.units):
            for name in unit.binds:
                self._bindings[name].append(position)
            for root, kind, detail in sorted(unit.does.changes):
                self._changes[root].append((position, kind, detail))
            for target, source in unit.does.aliases:
                self._aliases[source].append((position, target))

    def begin(self) -> None:
        """Keep what the interface needs, and statements with a purpose of their own."""
        if self.end > units.MOST_UNITS:
            self._all()
            return
        packages = {name for unit in self.units if unit.kind == "import" for name in unit.binds}
        for position, unit in enumerate(self.units):
            if unit.kind == "star" or (unit.starts and not unit.trains):
                self.tried.add(position)
                self._keep(position, unit.starts or "import *", position)
            elif not unit.trains and any(
                change[1] == "write" and change[0] in packages for change in unit.does.changes
            ):
                self.strict.add(position)  # `torch.x = y` changes what everybody uses
                self._keep(position, "import", position)
        self.need(INTERFACE, self.end)

    def need(self, name: str, at: int | None = None) -> bool:
        """Keep what gives a name its value at a position; whether anything was added."""
        before = len(self.kept)
        at = self.end if at is None else at
        self._agenda.append((name, at, at))
        steps = 0
        while self._agenda:
            steps += 1
            if steps > _MOST_STEPS:
                self._all()
                return True
            self._follow(*self._agenda.pop())
        return len(self.kept) > before

    def _all(self) -> None:
        self.kept, self.too_many, self._agenda = dict.fromkeys(range(self.end), ""), True, []

    def binds(self, name: str) -> list[int]:
        """Positions of all statements that may bind a name."""
        return self._bindings.get(name, [])

    def hold(self, literal: str) -> bool:
        """Keep left-out statements that hold a file's name and neither train nor save what was trained."""
        before, trained = len(self.kept), False
        for position, unit in enumerate(self.units):
            trained = trained or unit.trains
            if literal in unit.does.literals and not unit.trains and not (unit.does.saves and trained):
                self._keep(position, literal, position)
        self.need(INTERFACE)
        return len(self.kept) > before

    def path_to(self, wanted: str) -> str:
        """The longest absolute path in the text that a file's path begins with; empty where there is none."""
        held = {literal for unit in self.units for literal in unit.does.literals if len(literal) > 1}
        found = [one for one in held if one.startswith("/") and wanted.startswith(one)]
        found += [one for one in held if one.startswith("~/") and wanted.startswith("/") and one[1:] in wanted]
        return max(found, key=len, default="")

    def _follow(self, name: str, at: int, late_at: int) -> None:
        """Keep what gives a name its value at a position, when functions in that value may be called at another."""
        if (name, at, late_at) in self._done:
            return
        self._done.add((name, at, late_at))
        found = self._bindings.get(name, [])
        start, kind = -1, ""
        for position in reversed(found[: bisect_left(found, at)]):
            unit = self.units[position]
            self._keep(position, name, at if unit.kind == "constant" else late_at)
            self.strict.add(position)
            for target, source in unit.does.aliases:
                if target == name:
                    self._changed(source, "statement", position, self._bound_again(source, position, at))
            start, kind = position, unit.kind
            if unit.binds[name]:
                break
        if start >= 0 and kind != "constant":
            self._changed(name, kind, start, at)

    def _changed(self, name: str, kind: str, start: int, at: int) -> None:
        """Keep what changes a value between two positions, through aliases too."""
        ahead: list[tuple[str, int, int, tuple[int, ...]]] = [(name, start, at, ())]
        seen = {name}
        while ahead:
            name, start, end, through = ahead.pop()
            late = self.end if at == self.end else -1
            found, key = self._changes.get(name, []), (name, start, kind, late, through)
            first = bisect_left(found, (max(start + 1, self._scanned.get(key, 0)),))
            self._scanned[key] = max(end, self._scanned.get(key, 0))
            for position, change, detail in found[first : bisect_left(found, (end,))]:
                if detail in self._methods_of(name) and self._loaded(found, position, end):
                    continue
                if self._counts(self.units[position], kind, change, detail):
                    for kept in (*through, position):
                        self._keep(kept, name, max(late, kept))
                    if change == "write":
                        self.strict.add(position)
            for position, target in self._aliases.get(name, ()):
                if start < position < end and target not in seen and len(seen) < _MOST_ALIASES:
                    seen.add(target)
                    ahead.append((target, position, self._bound_again(target, position, end), (*through, position)))

    def _methods_of(self, name: str) -> set[str]:
        """The methods of a class of the file, when a name is bound to nothing but its objects."""
        values = [getattr(self.units[position].node, "value", None) for position in self._bindings.get(name, ())]
        kinds = {value.func.id for value in values if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)}
        if len(kinds) != 1 or not all(isinstance(value, ast.Call) for value in values):
            return set()
        nodes = [self.units[position].node for position in self._bindings.get(kinds.pop(), ())]
        bodies = [part for node in nodes if isinstance(node, ast.ClassDef) for part in node.body]
        return {part.name for part in bodies if isinstance(part, ast.FunctionDef)}

    def _loaded(self, changes: list[tuple[int, str, str]], position: int, end: int) -> bool:
        """Whether a training's changes of an object are written over afterwards, as weights that are loaded are."""
        return self.units[position].trains and any(
            position < later < end and not self.units[later].trains and (kind == "write" or detail.startswith("load"))
            for later, kind, detail in changes
        )

    def _bound_again(self, name: str, position: int, end: int) -> int:
        """Where a name is next bound for certain; at the latest the end."""
        return min([end, *(p for p in self._bindings.get(name, ()) if p > position and self.units[p].binds[name])])

    @staticmethod
    def _counts(unit: units.Unit, kind: str, change: str, detail: str) -> bool:
        if unit.trains and not (change == "write" or (change == "method" and detail in vocabulary.FILLING)):
            return False
        if kind in ("def", "class"):
            return change == "write"
        if kind == "import":
            return change == "write" or (change == "method" and bool(effects.PACKAGE_CALLS.fullmatch(detail)))
        return True

    def _keep(self, position: int, why: str, late_at: int) -> None:
        if (position, late_at) in self._seen:
            return
        self._seen.add((position, late_at))
        self.kept.setdefault(position, why)
        unit = self.units[position]
        for head in unit.heads:
            self._keep(head, why, position)
            self.strict.add(head)
        passed = late_at if late_at == self.end or unit.kind in ("def", "class") else position
        self._agenda += [(name, position, passed) for name in unit.now]
        self._agenda += [(name, where, where) for name in unit.late for where in {position, late_at}]
