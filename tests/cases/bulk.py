"""python -m tests.cases.bulk FOLDER: of all notebooks below a folder, how many compile here and how many by jupytext.

Prints those that compile by jupytext and not here, which must be none, and exits non-zero where there are any. A
notebook compiles here when each of its cells, made plain, is Python.
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

import jupytext

from flowleague.entrant.sandbox.inside.normalise import parses, plain
from flowleague.entrant.source import read_source
from flowleague.errors import EntryError


def by_jupytext(path: Path) -> bool:
    """Whether jupytext's `py:percent` of a notebook compiles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbformat about ids of cells
        try:
            text = jupytext.writes(jupytext.read(path), "py:percent")
        except Exception:  # nbformat and jupytext raise a dozen kinds
            return False
    return parses(text)


def here(path: Path) -> str:
    """What keeps a notebook from compiling here; empty where nothing does."""
    try:
        source = read_source(path)
    except EntryError as error:
        return str(error)
    broken = [number for number, cell in enumerate(source.cells, 1) if not parses(plain(cell))]
    return f"cells {', '.join(map(str, broken))} are not Python" if broken else ""


def trial(folder: Path) -> Counter[str]:
    """The counts, after a line for each notebook that compiles by jupytext and not here."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.ipynb")):
        why = here(path)
        if "no cell with code" in why:
            counts["empty"] += 1
            continue
        known = by_jupytext(path)
        counts.update({"notebooks": 1, "jupytext": known, "here": not why, "missed": known and bool(why)})
        if known and why:
            print(f"{path.relative_to(folder)}: {why}")
    return counts


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # about literals in the notebooks
    found = trial(Path(sys.argv[1]))
    print(f"{found['notebooks']} notebooks with code ({found['empty']} without);", end=" ")
    print(f"{found['jupytext']} compile by jupytext, {found['here']} here,", end=" ")
    print(f"{found['missed']} by jupytext alone")
    sys.exit(found["missed"] > 0)
