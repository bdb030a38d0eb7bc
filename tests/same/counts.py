"""Counts the source: lines by package, public names, files.

    python -m tests.same.counts [FOLDER]         by default src/flowleague

A public name is a function, class or constant at the top level of a file that does not begin with an underscore.
"""

import ast
import statistics
import sys
from collections import Counter
from pathlib import Path


def public_names(source: str) -> int:
    """How many public names a file defines."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return sum(not name.startswith("_") for name in names)


def main(root: Path) -> None:
    """Print the counts of a package."""
    lines, names, lengths = Counter[str](), Counter[str](), []
    for path in sorted(root.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        room = path.relative_to(root).parts[0]
        lengths.append(len(source.splitlines()))
        lines[room] += lengths[-1]
        names[room] += public_names(source)
    print(f"{'':20} {'lines':>7} {'names':>6}  per 1,000 lines")
    for room, count in lines.most_common():
        if count:
            print(f"{room:20} {count:7,} {names[room]:6,} {1000 * names[room] / count:8.1f}")
    total = lines.total()
    print(f"{'all':20} {total:7,} {names.total():6,} {1000 * names.total() / total:8.1f}")
    print(f"{len(lengths)} files, median {statistics.median(lengths):g} lines")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/flowleague"))
