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
from flowleague.errors import EntryError, FlowLeagueError, printable
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.capturing.interface import functions_of

Functions = dict[str, Callable[..., Tensor]]


@contextmanager
def own_functions(path: str | Path) -> Iterator[Functions]:
    """`encode` (B, 1, 28, 28) -> latents, `decode` latents -> images in [0, 1], `generate` n -> images.

    While the context lasts the working directory is the file's folder, where its weights lie. Raises `EntryError` where
    the file fails, `BundleError` for a damaged bundle.
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
        yield _tried(_built(source, path), path)
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
        raise _raises(error, f"{path.name} failed", "Make it run from top to bottom, then rerun.") from error
    for name in ("vae", "flow_model"):
        network = getattr(submission, name, None)
        if isinstance(network, torch.nn.Module):
            network.eval()
    return submission


def _tried(submission: Any, path: Path) -> Functions:
    """The functions, after each was called once as the contest calls it; raises `EntryError`."""
    try:
        return functions_of(submission)
    except FlowLeagueError:
        raise
    except Exception as error:
        hint = "The contest calls encode(images), decode(latents) and generate_samples(n): try these, then rerun."
        raise _raises(error, f"{path.name} was built, but a call failed", hint) from error


def _raises(error: BaseException, what: str, hint: str) -> EntryError:
    return EntryError("raises", f"{what} ({printable(f'{type(error).__name__}: {error}', 300)}).", hint)
