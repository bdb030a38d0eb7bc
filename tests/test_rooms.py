"""What a room shows to the others; rooms that promise to work without torch are imported in a process that has none."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import flowleague

PACKAGE = Path(flowleague.__file__).parent
WITHOUT_TORCH = ("bundle", "engines", "scorecard", "ranking", "contest", "live", "board", "sharing", "sweep")
# The modules of a room that others may import ("" is the room itself); all other modules are its own.
FACES = {
    "board": {"build"},
    "bundle": {"files", "read", "recipe", "runs", "solvers"},
    "cli": {""},
    "contest": {
        "amending", "chain", "contents", "counting", "entry_files", "evaluate", "events", "evidence", "exports",
        "feedback", "folder", "hands", "held_out", "history", "intake", "past", "ready", "records", "rescore", "rules",
        "scores", "seeds", "standing", "state", "statement", "store", "submit", "teams", "toml", "verdict",
        "verdict_words", "verify", "watching",
    },
    "data": {"", "datasets", "qmnist"},
    "edition2025": {"", "compare", "past", "protocol", "protocol_csv"},
    "engines": {"", "job", "local"},
    "entrant": {"bundle", "captured", "code", "log", "model", "own", "sandbox.doctor"},
    "judge": {
        "evidence", "judges", "kernels", "make_judges", "measure", "provenance.examine", "provenance.statistics",
        "provenance.words", "train_judges",
    },
    "live": {""},
    "model": {
        "afterwards", "autoencoder", "cost", "export.pack", "export.script", "latent_flow", "randomness", "sampler",
        "similarity", "source", "velocity",
    },
    "program": {
        "capturing.compiler", "capturing.entry", "capturing.errors", "capturing.interface", "container", "cost",
        "format", "interpreter", "operations", "packing", "row_layouts", "rows", "values",
    },
    "pulls": {"artifact", "event", "fetch", "github", "record", "report", "trial", "verdict", "workflows"},
    "ranking": {
        "account", "awards", "counted", "explain", "field", "findings", "gains", "intervals", "latents", "panel",
        "rank", "rules", "schemes", "sensitivity",
    },
    "report": {"", "build", "words"},
    "scorecard": {
        "card", "compare", "metrics", "metrics._base", "metrics.consistency", "metrics.efficiency", "metrics.frechet",
        "metrics.ood", "metrics.training", "pictures",
    },
    "sharing": {"", "drive", "github", "google", "hugging_face"},
    "shipped": {""},
    "sweep": {"coordinator", "page", "plan", "result", "space", "study"},
    "training": {
        "augmentation", "card", "checkpoint", "device", "loop", "mirror", "objectives", "run", "trackers", "train",
    },
}  # fmt: skip
IMPORT = """
import importlib, sys
for name in ("torch", "sklearn", "matplotlib"):
    sys.modules[name] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_a_room_without_torch_is_imported_where_there_is_none(room: str) -> None:
    files = [path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / room).rglob("*.py")]
    names = [".".join(part for part in path.parts if part != "__init__") for path in files]
    assert len(names) > 3
    done = subprocess.run([sys.executable, "-c", IMPORT, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rooms_meet_at_their_faces_alone() -> None:
    modules = {".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")}
    rooms = {module.partition(".")[0] for module in modules if "." in module}
    met = defaultdict[str, set[str]](set)
    for path in PACKAGE.rglob("*.py"):
        here = path.relative_to(PACKAGE).parts[0]
        for name in imported(ast.parse(path.read_text(encoding="utf-8")), modules):
            room, _, module = name.partition(".")
            if room in rooms and room != here:
                met[room].add(module)
    assert dict(met) == FACES, "A room imports what another keeps for itself, or a face is no longer needed."


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """The modules of the package that a file imports, without the package's name."""
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("flowleague."):
            base = node.module.removeprefix("flowleague.")
            below = {f"{base}.{alias.name}" for alias in node.names} & modules
            names |= below or {base}
        elif isinstance(node, ast.Import):
            names |= {alias.name.removeprefix("flowleague.") for alias in node.names if "flowleague." in alias.name}
    return names
