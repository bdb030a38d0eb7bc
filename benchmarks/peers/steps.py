"""Quality against evaluations: shipped models and peers that solve an equation, sampled with other numbers of steps.

    OMP_NUM_THREADS=1 python -m benchmarks.peers.steps FOLDER        after python -m benchmarks.peers FOLDER

Writes FOLDER/steps.json, a line a setting; settings that are there are not measured again, and peers that were not
trained in FOLDER are left out. Samples are measured as in the plan quick, 5 x 1,000 of them. Bundles and code are taken
as they are but for their number of steps.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flowleague import shipped
from flowleague.bundle.read import read_bundle
from flowleague.bundle.solvers import SOLVERS
from flowleague.entrant.bundle import replayed
from flowleague.entrant.code import open_code
from flowleague.entrant.model import Model
from flowleague.judge.categories import measure_samples
from flowleague.judge.checked import CheckedModel
from flowleague.judge.evidence import QUICK, load_real, see
from flowleague.judge.judges import load_judges
from flowleague.model.latent_flow import LatentFlow

STEPS = {
    "base": (1, 2, 4, 8, 16),
    "tiny": (1, 2, 4, 8, 16),
    "max": (1, 2, 4, 8, 16),
    "flow-matching": (1, 2, 4, 8, 20),
    "torchcfm": (1, 2, 4, 8, 16, 32, 100),
    "winner": (1, 2, 4, 7, 14),
    "sample": (1, 2, 4, 8, 16, 32, 99),
}
CODE = {"winner": 4, "sample": 1}  # evaluations a step
FIGURES = ("frechet", "confidence_gap")


@contextmanager
def with_steps(name: str, steps: int, folder: Path) -> Iterator[tuple[Model, int]]:
    """A model that takes so many steps, and its evaluations for a sample."""
    if name in CODE:
        with tempfile.TemporaryDirectory() as changed:
            source, count = re.subn(
                r"^STEPS = \d+$", f"STEPS = {steps}", (folder / name / f"{name}.py").read_text(), flags=re.MULTILINE
            )
            assert count == 1
            path = Path(changed) / f"{name}.py"
            path.write_text(source)
            with open_code(path, weights=folder / name) as model:
                yield model, steps * CODE[name]
        return
    bundle = read_bundle(shipped.bundle(name) if name in shipped.names() else folder / name)
    flow = replace(bundle.recipe.flow, steps=steps)
    bundle = replace(bundle, recipe=replace(bundle.recipe, flow=flow))
    with replayed(bundle, LatentFlow.from_bundle(bundle, name), name) as model:
        yield model, steps * SOLVERS[flow.solver].evaluations


def main(folder: Path) -> None:
    path = folder / "steps.json"
    lines = path.read_text().splitlines() if path.exists() else []
    there = {(line["name"], line["steps"]) for line in map(json.loads, lines)}
    digits = load_real("mnist", QUICK)
    seen = see(load_judges("mnist"), digits)
    for name, all_steps in STEPS.items():
        for steps in all_steps:
            if (name, steps) in there or not (name in shipped.names() or (folder / name).exists()):
                continue
            with with_steps(name, steps, folder) as (model, evaluations):
                figures = measure_samples(CheckedModel(model), digits, seen)
            line = {"name": name, "steps": steps, "evaluations": evaluations}
            found = {key: figures[f"quality.{key}"] for key in FIGURES}
            line |= {key: [figure.value, figure.standard_error] for key, figure in found.items()}
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
