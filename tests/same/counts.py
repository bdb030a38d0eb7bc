"""Counts the source: lines by package, public names, files.

    python -m tests.same.counts [FOLDER]         by default src/flowleague

A public name is a function or class at the top level of a file that does not begin with an underscore. A
name of a package's face is one that another package imports from it, or reads from a module that it imports.
"""

import ast
import statistics
import sys
from collections import Counter
from pathlib import Path


def public_names(source: str) -> int:
    """How many public functions and classes a file defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return sum(isinstance(node, kinds) and not node.name.startswith("_") for node in ast.parse(source).body)


def face_names(root: Path) -> Counter[str]:
    """How many names of each part of a package are imported by another part."""
    paths = {path: path.relative_to(root).with_suffix("").parts for path in root.rglob("*.py")}
    rooms = {path: path.relative_to(root).parts[0] for path in paths}
    modules = {".".join((root.name, *parts)).removesuffix(".__init__"): rooms[path] for path, parts in paths.items()}
    used: set[tuple[str, str]] = set()
    for path, here in rooms.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and modules.get(node.module or "", here) != here:
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    if name in modules:
                        aliases[alias.asname or alias.name] = name
                    else:
                        used.add((node.module or "", alias.name))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                used.add((aliases[node.value.id], node.attr))
    return Counter(modules[module] for module, _ in used)


def main(root: Path) -> None:
    """Print the counts of a package."""
    lines, names, lengths, faces = Counter[str](), Counter[str](), [], face_names(root)
    for path in sorted(root.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        room = path.relative_to(root).parts[0]
        lengths.append(len(source.splitlines()))
        lines[room] += lengths[-1]
        names[room] += public_names(source)
    print(f"{'':20} {'lines':>7} {'names':>6}  per 1,000 lines  of the face  per 1,000 lines")
    for room, count in [*lines.most_common(), ("all", lines.total())]:
        own, face = (names.total(), faces.total()) if room == "all" else (names[room], faces[room])
        if count:
            print(f"{room:20} {count:7,} {own:6,} {1000 * own / count:16.1f} {face:12,} {1000 * face / count:16.1f}")
    print(f"{len(lengths)} files, median {statistics.median(lengths):g} lines")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/flowleague"))
