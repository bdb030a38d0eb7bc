"""Records what a refactoring must not move.

    python -m tests.same.record FOLDER
    python -m tests.same.here FOLDER ANOTHER     are they equal, bit for bit?

The golden files of `tests/same/golden` were recorded so; `tests.same.test_same` computes them again and compares.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from tests.same.content import Content, write
from tests.same.contests import board, contest
from tests.same.models import exported, model_of, packed, scorecard, solvers
from tests.same.training import fresh, resumed, tuning

PARTS: dict[str, Callable[[], dict[str, Content]]] = {
    "base": partial(model_of, "base"),
    "tiny": partial(model_of, "tiny"),
    "max": partial(model_of, "max"),
    "solvers": solvers,
    "fresh": fresh,
    "tuning": tuning,
    "resumed": resumed,
    "packed": packed,
    "exported": exported,
    "scorecard": scorecard,
    "contest": contest,
    "board": board,
}


def main(folder: Path) -> None:
    """Record every part into a folder, on one thread: sums depend on the number of threads."""
    torch.set_num_threads(1)
    for name, compute in PARTS.items():
        start = time.perf_counter()
        write(folder, compute())
        print(f"{name:10} {time.perf_counter() - start:5.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
