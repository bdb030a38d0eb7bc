"""The three functions of a model, the facts about it that no measurement of images shows, and how its code can fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowleague.errors import EntryError, printable

Array = NDArray[np.float32]
HINTS = {  # every way in which an entry's code can fail, with what to do about it
    "raises": "Read what the entry printed, and fix it; --dry-run asks the same in seconds.",
    "no_interface": "Define the class SubmissionInterface with encode, decode and generate_samples.",
    "wrong_type": "Return float32 tensors; images as intensities in [0, 1], not as bytes.",
    "not_an_array": "Return a torch tensor or a numpy array.",
    "wrong_shape": "Return images (n, 28, 28) or (n, 1, 28, 28), and latents (n, D) or (n, 1, 7, 7).",
    "out_of_memory": "Work on fewer images at once, or hold less.",
    "too_slow": "Do less in one call: fewer steps, a smaller network, no training. Or more time, if the rules allow it "
    "(call_seconds of --limits).",
    "cpu_limit": "Compute less; the limit is on processor time over the whole measurement.",
    "ended": "Do not end the process: return, or raise an exception.",
    "too_much_output": "Return as many numbers as images and latents have.",
    "forged_reply": "Leave the pipes of the measurement alone and return what you compute.",
    "stale_reply": "Leave the pipes of the measurement alone and return what you compute.",
    "trains_at_load": "Save its weights, hand the file in, and read it in load_vae() or load_flow_model().",
    "untrained": "Save its weights, hand the file in, and read it in load_vae() or load_flow_model().",
    "set_in_training": "Write the value into the file.",
    "asks_input": "Write the value into the file.",
    "needs_data": "Write the value into the file.",
    "missing_name": "Restart the kernel, run all cells, and hand in again.",
    "missing_file": "Hand it in beside the entry (--weights FOLDER).",
    "missing_module": "Put that part into the file, or do without it in SubmissionInterface.",
    "broken_cell": "Correct the cell and hand in again.",
    "not_replayed": "Capture the entry again; capture checks what a replay gives.",
    "not_captured": "Change what the sentence names; capturing the file yourself says the same at once.",
    "decoder_remembers": "Compute images from the latents alone, and keep nothing between calls.",
    "late_fetch": "Fetch weights in load_vae and load_flow_model, which __init__ calls.",
}

# Failures of an entry's own lines, which are told as "load failed: ...".
_SAID_OF_LOAD = ("raises", "no_interface", "out_of_memory", "ended", "too_slow", "cpu_limit")


@dataclass(frozen=True)
class WeightFile:
    """A weight file: name, SHA-256, size in bytes, and numbers in all of its tensors, buffers included."""

    name: str
    sha256: str
    bytes: int
    numbers: int


@dataclass(frozen=True)
class EntrantFinding:
    """Something wrong that shows before any image is seen: a stable name, what happened, what to do, and where."""

    name: str
    sentence: str
    hint: str
    category: str = "efficiency"


@dataclass(frozen=True)
class Facts:
    """What is known of a model beside its outputs; None stands for "not reported".

    `parameters` is the contest's count (parameters without buffers), `nfe` the evaluations of the velocity network
    per sample, `flops` the floating-point operations per generated image, `log` the lines of the training log,
    `reachable` the numbers that its programs hold, `findings` what is wrong,
    `notes` sentences about how the entry was read, `team` the name that it gives itself, and `latent_shape` that of one
    latent, (1, 7, 7) or (D,), as its code returns it.
    """

    name: str = "unnamed"
    weights: tuple[WeightFile, ...] = ()
    parameters: int | None = None
    nfe: int | None = None
    flops: int | None = None
    log: Sequence[Mapping[str, Any]] | None = None
    reachable: int | None = None
    findings: tuple[EntrantFinding, ...] = ()
    notes: tuple[str, ...] = ()
    team: str = ""
    latent_shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Model:
    """`encode` (B, 1, 28, 28) -> (B, D); `decode` back; `generate` n, seed -> (n, 1, 28, 28); and the facts.

    `said` gives what the entry printed so far, tracebacks included, for the person who must mend it. `dataset` is what
    it is made for: what a bundle says; the contest's, MNIST, for code. `failure` is set where nothing can be measured:
    what every call raises. `again` is the same model computed with another number of threads, where that can be had.
    """

    encode: Callable[[Array], Array]
    decode: Callable[[Array], Array]
    generate: Callable[[int, int], Array]
    facts: Facts = Facts()
    said: Callable[[], str] = str
    dataset: str = "mnist"
    failure: "Failure | None" = None
    again: "Model | None" = None


class Failure(EntryError):  # noqa: N818  (it is an outcome, not a fault of the program)
    """Something that an entry's code did; the judge makes a finding of it."""


def failure(name: str, call: str, what: str) -> Failure:
    """The failure of a name in a call; `what` is a stranger's text and shown as one printable line."""
    return Failure(name, f"{call} failed: {printable(what).rstrip('.')}.", HINTS[name])


def failing(facts: Facts, error: Failure, said: Callable[[], str] = str) -> Model:
    """The model of which nothing can be measured: every call raises the failure."""

    def call(*_: Any) -> Array:
        raise error.with_traceback(None)

    return Model(call, call, call, facts, said, failure=error)


def refusal(name: str, sentence: str) -> Failure:
    """The failure that the sandbox itself names and words, before the entry is measured."""
    name = name if name in HINTS else "raises"
    told = printable(sentence)
    return failure(name, "load", told) if name in _SAID_OF_LOAD else Failure(name, told, HINTS[name])


def restored(rows: Array, order: NDArray[np.int64]) -> Array:
    """Rows that were computed in a drawn order, in their own."""
    own = np.empty_like(rows)
    own[order] = rows
    return own
