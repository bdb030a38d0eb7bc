"""One's own model as three functions on tensors, ready to be captured: a bundle, or a file of the contest's interface.

The file runs in this process; strangers' files go through the sandbox. As the contest's evaluator does, it moves the
model to the CPU and puts both networks into evaluation mode. Values that leave [0, 1] on a probe are logits, and get a
sigmoid.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from flowleague.entrant.code import is_code
from flowleague.entrant.source import read_source
from flowleague.errors import EntryError, printable
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.capturing.interface import functions_of

Functions = dict[str, Callable[..., Tensor]]


@contextmanager
def own_functions(path: str | Path) -> Iterator[Functions]:
    """`encode` (B, 1, 28, 28) -> latents, `decode` latents -> images in [0, 1], `generate` n -> images.

    While the context lasts the working directory is the file's folder, where its weights lie. Raises `EntryError` where
    the file fails, `CaptureError` where one of its functions does, `BundleError` for a damaged bundle.
    """
    path = Path(path).resolve()
    if not is_code(path):
        yield LatentFlow.load(path).functions()
        return
    if path.suffix.lower() == ".ipynb":
        hint = "Call flowleague.capture in its last cell, or export it as a .py file."
        raise EntryError("unknown_kind", f"{path.name} is a notebook, which would train again here.", hint)
    source, before = "".join(read_source(path).cells), Path.cwd()
    os.chdir(path.parent)
    try:
        yield functions_of(_built(source, path))
    finally:
        os.chdir(before)


def _built(source: str, path: Path) -> Any:
    """The file's `SubmissionInterface`, built; raises `EntryError`."""
    module = ModuleType("submission")
    module.__file__ = str(path)
    sys.modules["submission"] = module  # where pickles and dataclasses look their classes up
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
        if "SubmissionInterface" not in module.__dict__:
            raise EntryError(
                "no_interface", f"{path.name} defines no SubmissionInterface.", "Write the class into the file."
            )
        submission = module.__dict__["SubmissionInterface"]()
        submission = submission.to("cpu") if hasattr(submission, "to") else submission
    except EntryError:
        raise
    except (Exception, SystemExit) as error:
        said = printable(f"{type(error).__name__}: {error}", 300)
        hint = "Make it run from top to bottom, then rerun."
        raise EntryError("raises", f"{path.name} failed ({said}).", hint) from error
    for name in ("vae", "flow_model"):
        network = getattr(submission, name, None)
        if isinstance(network, torch.nn.Module):
            network.eval()
    return submission
