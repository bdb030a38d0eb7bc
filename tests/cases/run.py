"""Reads cases as the sandbox does and says what came of each: built right, refused, or built wrong.

A case is a file with an expectation: "base" (the outputs of the base entry), "refuse" or "refuse: words of the
sentence", "built", or the value of the attribute `mark`.
"""

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from flowleague.entrant.source import Source, read_source
from flowleague.errors import EntryError

TEXTS = tuple(Path(__file__).parent / name for name in ("own.txt", "students.txt"))
INSIDE = Path(__file__).parent / "inside.py"
IMPORTS = "import torch\nimport torch.nn as nn\nfrom safetensors.torch import load_file\n\n"
NETWORKS = """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(784, D)
        self.dec = nn.Linear(D, 784)
    def encode(self, x):
        return self.enc(x.view(-1, 784))
    def decode(self, z):
        return torch.sigmoid(self.dec(z))

class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(D + 1, 32), nn.ReLU(), nn.Linear(32, D))
    def forward(self, x, t):
        return self.net(torch.cat([x, t.expand(len(x), 1)], 1))
"""
LOAD = "self.vae = VAE(); self.vae.load_state_dict(load_file('vae.safetensors'))"
ENTRY = """
class SubmissionInterface(nn.Module):
    def __init__(self):
        super().__init__()
        self.info = {'team': 'Base Team', 'names': 'A. Person'}
        self.latent_dim = D
        MARK
        self.load_vae()
        self.load_flow_model()
    def load_vae(self):
        LOAD
    def load_flow_model(self):
        self.flow_model = Flow()
        self.flow_model.load_state_dict(load_file('flow.safetensors'))
    def encode(self, x):
        return self.vae.encode(x)
    def decode(self, z):
        return self.vae.decode(z).view(-1, 1, 28, 28)
    def generate_samples(self, n_samples, n_steps=5):
        z = torch.randn(n_samples, D)
        for k in range(n_steps):
            z = z + self.flow_model(z, torch.full((1, 1), k / n_steps)) / n_steps
        return self.decode(z)
"""


@dataclass(frozen=True)
class Case:
    """A file, its weights, and what must come of it."""

    name: str
    path: Path
    weights: Path | None
    expected: str


@dataclass(frozen=True)
class Outcome:
    """What came of a case, and whether that is right."""

    came: str
    right: bool
    wrongly_built: bool
    told: str = ""


def own_cases(folder: Path, texts: tuple[Path, ...] = TEXTS) -> Iterator[Case]:
    """The cases of `own.txt` and `students.txt`, written as notebooks and scripts into a folder."""
    write_weights(folder / "w")
    for part in re.split(r"^=== ", "".join(text.read_text(encoding="utf-8") for text in texts), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        name, _, expected = (word.strip() for word in head.partition("|"))
        cells = [expanded(cell) for cell in re.split(r"^---\n", body, flags=re.MULTILINE)]
        path = folder / (name if name.endswith(".py") else f"{name}.ipynb")
        if path.suffix == ".py":
            path.write_text("".join(cells), encoding="utf-8")
        else:
            write_notebook(path, cells)
        yield Case(name, path, folder / "w", expected)


def expanded(text: str) -> str:
    """A cell with the networks and the interface where their words stand."""
    text = re.sub(r"^CLASSES$", lambda _: f"{IMPORTS}D = 8\n{NETWORKS}", text, flags=re.MULTILINE)
    text = re.sub(r"^NETWORKS$", lambda _: NETWORKS, text, flags=re.MULTILINE)

    def entry(match: re.Match[str]) -> str:
        mark = f"self.mark = {match[3]}" if match[3] and not match[2] else "pass"
        text = ENTRY.replace("MARK", mark).replace("LOAD", match[3] if match[2] else LOAD)
        return textwrap.indent(text, match[1])

    return re.sub(r"^( *)ENTRY(_WITH)?(?:\((.*)\))?$", entry, text, flags=re.MULTILINE)


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook with code cells."""
    head = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [head | {"source": cell} for cell in cells],
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def write_weights(folder: Path) -> None:
    """Weights that differ from every initialisation, so that an untrained model is known from a loaded one."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(77)

    def drawn(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
        return {name.replace("_", "."): torch.randn(*shape, generator=generator) / 5 for name, shape in shapes.items()}

    vae = drawn(enc_weight=(8, 784), enc_bias=(8,), dec_weight=(784, 8), dec_bias=(784,))
    flow = drawn(net_0_weight=(32, 9), net_0_bias=(32,), net_2_weight=(8, 32), net_2_bias=(8,))
    save_file(vae, folder / "vae.safetensors")
    save_file(flow, folder / "flow.safetensors")
    checkpoint = {"vae": vae, "flow": flow, "epoch": 3, "config": {"scale": 1.5}, "optimizer": {"state": {}}}
    torch.save(checkpoint, folder / "checkpoint.pt")
    torch.save({f"module.{name}": value for name, value in vae.items()}, folder / "prefixed.pth")
    script = ModuleType("__main__")  # of the training
    exec(f"{IMPORTS}D = 8\n{NETWORKS}", script.__dict__)
    whole = script.__dict__["VAE"]()
    whole.load_state_dict(vae)
    own, sys.modules["__main__"] = sys.modules["__main__"], script
    torch.save(whole, folder / "whole.pth")
    sys.modules["__main__"] = own
    state = {f"model.{name}": value for name, value in vae.items()}
    torch.save({"state_dict": state, "hyper_parameters": {"latent": 8, "lr": 0.01}, "epoch": 3}, folder / "lit.ckpt")


# Cases of a folder without `expect.json`: all must give the base entry's outputs but these.
REFUSED = ("nb-merge-conflict", "nb-nul-colab-html", "py-second-file", "py-utf16", "lfs-pointer")
BUILT = (
    "eval-mode",
    "pipeline-notebook",
    "stored-bank",
    "unused-import",
    "py-bf16",
    "compile-all",
    "fake-tensor-hides",
)


def folder_cases(folder: Path) -> Iterator[Case]:
    """Cases in a folder: with `expect.json`, or one folder for each."""
    if (folder / "expect.json").exists():
        for name, expected in json.loads((folder / "expect.json").read_text()).items():
            yield Case(name, folder / name, folder / "w", expected)
        return
    shared = folder / "_base" / "w"
    for inner in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_")):
        if (inner / "expect.json").exists():
            yield from folder_cases(inner)
            continue
        for path in sorted([*inner.glob("*.py"), *inner.glob("*.ipynb")]):
            if path.name == "make.py":
                continue
            own = [folder for folder in (inner / "w", inner / "weights") if folder.exists()]
            weights = own[0] if own else None if (inner / "make.py").exists() else shared
            expected = "refuse" if inner.name in REFUSED else "built" if inner.name in BUILT else "base"
            yield Case(f"{inner.name}/{path.name}", path, weights, expected)


def results(jobs: list[tuple[Source, Path | None]]) -> list[dict[str, Any]]:
    """What comes of entries, as `inside.py` tells it."""
    words = [{"cells": s.cells, "notebook": s.notebook, "weights": str(w.absolute()) if w else ""} for s, w in jobs]
    given = json.dumps(words).encode("utf-8", "surrogatepass")
    done = subprocess.run([sys.executable, str(INSIDE)], input=given, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcomes(cases: list[Case]) -> list[Outcome]:
    """What comes of each case; the base entry runs beside them, with the same weights."""
    jobs: list[tuple[Source, Path | None]] = []
    refused: dict[int, EntryError] = {}
    base = Source((expanded("CLASSES\nENTRY\n"),), notebook=False)
    for place, case in enumerate(cases):
        try:
            jobs.append((read_source(case.path), case.weights))
        except EntryError as error:
            refused[place] = error
            jobs.append((base, case.weights))
    weights = list(dict.fromkeys(case.weights for case in cases))
    told = results(jobs + [(base, one) for one in weights])
    answers = {one: found.get("answers") for one, found in zip(weights, told[len(jobs) :], strict=True)}
    for place, error in refused.items():
        told[place] = {"refused": error.name, "said": str(error)}
    return [outcome(case, found, answers[case.weights]) for case, found in zip(cases, told, strict=False)]


def outcome(case: Case, found: dict[str, Any], base: list[float] | None) -> Outcome:
    """Whether what came of a case is right."""
    expected = case.expected
    if "refused" in found:
        asked, _, words = expected.partition(": ")
        right = asked == "refuse" and words in f"{found['refused']} {found['said']}"
        return Outcome(f"refused: {found['refused']}", right, False, found["said"])
    told = " ".join(note for note in found["notes"] if note)
    if expected == "built":
        return Outcome("built", True, False, told)
    if expected == "base":
        same = base is not None and np.allclose(found["answers"], base, atol=0.01)
        return Outcome("built" if same else "built, other outputs", same, not same, told)
    if expected.partition(":")[0] == "refuse":
        return Outcome("built", False, True, told)
    right = same_value(found["mark"], expected)
    return Outcome(f"built, mark {found['mark']}", right, not right, told)


def same_value(mark: str, expected: str) -> bool:
    """Whether two values are equal as Python or as JSON writes them."""
    try:
        return bool(ast.literal_eval(mark) == ast.literal_eval(expected))
    except (SyntaxError, ValueError):
        return mark == expected


def table(cases: list[Case]) -> int:
    """Print a line for each case; the number of wrong ones."""
    counts = {"right": 0, "built wrong": 0, "not built": 0}
    for case, came in zip(cases, outcomes(cases), strict=True):
        verdict = "right" if came.right else "built wrong" if came.wrongly_built else "not built"
        counts[verdict] += 1
        print(f"{case.name:40} {case.expected:12.12} {came.came:34.34} {verdict:11} {came.told[:200]}")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return counts["built wrong"] + counts["not built"]
