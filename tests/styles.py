"""Captures code written in many styles and prints what became of each: ``python -m tests.styles [FILE ...]``.

A file holds ``CASES: name -> (kind, factory)``: kind "enc" makes a function of images (B, 1, 28, 28), kind "gen" a
function of nothing that draws its own noise, B = 16. A case is right when its program equals a fresh object's results
on images and draws that capture did not see, or when capture refuses it in a sentence; it is wrong when they differ.
"""

import importlib.util
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowleague.errors import FlowLeagueError
from flowleague.program.capturing.function import TOLERANCE, capture_function, run
from flowleague.program.capturing.watch import Numbers, conditions
from flowleague.program.container import packed
from flowleague.program.format import Entry
from flowleague.program.interpreter import Runner, tensor

BATCH = 16
OWN = Path(__file__).parent / "program" / "styles"


@dataclass
class Outcome:
    """What became of one case."""

    name: str
    verdict: str  # replays, refused, WRONG, BROKEN
    sentence: str
    operations: int = 0
    seconds: float = 0.0


def digits(n: int, seed: int) -> Tensor:
    """Images (n, 1, 28, 28) with strokes as handwriting has them: black ground, pixels of full ink, soft edges."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(n, 1, 9, 9, generator=generator)
    smooth = torch.nn.functional.interpolate(drawn, 28, mode="bicubic", align_corners=True)
    frame = torch.nn.functional.pad(torch.ones(n, 1, 20, 20), (4, 4, 4, 4))
    return ((smooth - 0.55) * 6).clamp(0, 1) * frame


def inputs_of(kind: str) -> Callable[[int], list[Tensor]]:
    return (lambda k: [digits(BATCH, k)]) if kind == "enc" else (lambda _k: [])


def seeded(factory: Callable[[], Any]) -> Any:
    """What a factory makes of fixed seeds: the same numbers each time."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - what the code may use
    random.seed(0)
    return factory()


def outcome(name: str, kind: str, factory: Callable[[], Any]) -> Outcome:
    """Capture one case and compare it with a fresh object on images and draws that capture has not seen."""
    began = time.monotonic()
    fn = seeded(factory)
    call = (lambda given: fn(given[0])) if kind == "enc" else (lambda _given: fn())
    try:
        captured = capture_function(call, inputs_of(kind))
        packed(Entry(BATCH, {"encode": captured.program}, captured.constants))  # what is captured can be kept
    except FlowLeagueError as error:
        return Outcome(name, "refused", str(error), seconds=time.monotonic() - began)
    except Exception as error:
        return Outcome(name, "BROKEN", f"{type(error).__name__}: {error}", seconds=time.monotonic() - began)
    seconds = time.monotonic() - began
    wrong = _compared(captured, kind, factory)
    return Outcome(name, "WRONG" if wrong else "replays", wrong or "; ".join(captured.notes),
                   len(captured.program.steps), seconds)  # fmt: skip


def _compared(captured: Any, kind: str, factory: Callable[[], Any]) -> str:
    runner = Runner(captured.program, {name: tensor(c.spec, c.data) for name, c in captured.constants.items()})
    for k in (1001, 1002, 1003):
        fresh = seeded(factory)
        call = (lambda given, f=fresh: f(given[0])) if kind == "enc" else (lambda _given, f=fresh: f())
        given, numbers = inputs_of(kind)(k), Numbers(k)
        with conditions():  # as capture does: what the first call makes is kept
            run(call, inputs_of(kind)(k + 10), Numbers(k + 10))
            expected = run(call, given, numbers)
        drawn = [numbers.draw(*captured.tape.asked[i][:2], number=i) for i in captured.drawn]
        found = runner(given, drawn)[0]
        difference = float((found - expected).abs().max()) / max(1.0, float(expected.abs().max()))
        bound = 20 * TOLERANCE if not captured.notes else 1.0
        if not difference <= bound:
            return f"differs by {difference:.2g}"
    return ""


def module(path: Path) -> ModuleType:
    """A file of cases, imported."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made


def cases(paths: list[Path]) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    for path in paths:
        for name, (kind, factory) in module(path).CASES.items():
            yield name, kind, factory


def main(arguments: list[str]) -> int:
    only = [a.removeprefix("--only=") for a in arguments if a.startswith("--only=")]
    paths = [Path(a) for a in arguments if not a.startswith("--")] or sorted(OWN.glob("[!_]*.py"))
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    counts: dict[str, int] = {}
    for name, kind, factory in cases(paths):
        if only and not any(part in name for part in only):
            continue
        made = outcome(name, kind, factory)
        counts[made.verdict] = counts.get(made.verdict, 0) + 1
        line = f"{name:40} {made.verdict:8} {made.operations or '':>6} {made.seconds:5.1f} s  {made.sentence}"
        print(line, flush=True)
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return 1 if counts.get("WRONG") or counts.get("BROKEN") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
