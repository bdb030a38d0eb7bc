"""Stand-ins for the two evaluators that the contest of 2025 published, written after a description of their rules.

The class contest's runs imports, classes and functions of a file, with some names defined before, and gives the samples
(n, 28, 28) a channel. The open board's runs everything, and views samples as (n, 1, 28, 28). Both drop lines that begin
with `!` or `%` and imports of `google.colab`, put `vae` and `flow_model` into eval mode, and name `n_samples`.
"""

import ast
import csv
import json
import os
import re
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


def text_of(path: Path) -> str:
    """The code of a script or of a notebook's cells, without magics, shell lines and `google.colab`."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    dropped = re.compile(r"\s*([!%]|(from|import) google\.colab)")
    return "\n".join(line for line in text.splitlines() if not dropped.match(line))


def class_contest(path: Path) -> Any:
    """A submission as the class contest's evaluator builds it."""
    tree = ast.parse(text_of(path))
    tree.body = [node for node in tree.body if isinstance(node, DEFINITIONS)]
    prefilled = {"nn": nn, "F": nn.functional, "os": os, "gdown": sys.modules.get("gdown")}
    return _built(tree, prefilled | {"torch": torch, "load_file": safetensors.torch.load_file})


def open_board(path: Path) -> Any:
    """A submission as the open board's evaluator builds it."""
    return _built(ast.parse(text_of(path)), {})


def _built(tree: ast.Module, names: dict[str, Any]) -> Any:
    module = types.ModuleType("submission")
    module.__dict__.update(names)
    exec(compile(tree, "submission", "exec"), module.__dict__)
    submission = module.SubmissionInterface()
    submission = submission.to("cpu")
    submission.vae.eval()
    submission.flow_model.eval()
    return submission


def class_samples(submission: Any, n: int) -> Tensor:
    """Samples (n, 1, 28, 28), of samples (n, 28, 28) alone."""
    images = _cleaned(submission.generate_samples(n_samples=n)).unsqueeze(1)
    if images.shape != (n, 1, 28, 28):
        raise ValueError(f"the judge takes no images {tuple(images.shape)}")
    return images


def open_samples(submission: Any, n: int) -> Tensor:
    """Samples (n, 1, 28, 28), of any shape that views as such."""
    return _cleaned(submission.generate_samples(n_samples=n)).view(n, 1, 28, 28)


def _cleaned(images: Tensor) -> Tensor:
    images = images.detach().float()
    return images if images.min() >= 0 and images.max() <= 1 else images.sigmoid()


LOW = ("total_params", "time_per_sample", "mse", "entropy", "kl_div_classes")
HIGH = ("ssim", "gen_confidence")


def published_board(text: str) -> list[tuple[str, float]]:
    """Teams and the means of their seven ranks (method "min"), best first; the newest row of a team counts."""
    newest: dict[str, dict[str, str]] = {}
    for row in sorted(csv.DictReader(text.splitlines()), key=lambda row: when(row["time_stamp"])):
        newest[row["team"]] = row
    scores = dict.fromkeys(newest, 0.0)
    for name in (*LOW, *HIGH):
        values = {team: float(row[name]) * (-1 if name in HIGH else 1) for team, row in newest.items()}
        for team, value in values.items():
            scores[team] += (1 + sum(other < value for other in values.values())) / 7
    return sorted(scores.items(), key=lambda item: item[1])


def when(text: str) -> datetime:
    """A row's time."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
