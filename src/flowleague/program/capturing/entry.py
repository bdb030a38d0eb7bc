"""Capture of an entry: three functions become three programs over one set of constants, in one file."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from flowleague.bundle.files import CARD_FILE, LOG_FILE
from flowleague.program.capturing.assemble import assemble
from flowleague.program.capturing.errors import CaptureError
from flowleague.program.capturing.function import (
    CHECKS,
    MOST_SECONDS,
    Captured,
    Function,
    Inputs,
    capture_function,
    flat_output,
)
from flowleague.program.container import write
from flowleague.program.format import Entry

BATCH = 250  # samples of `base` take 1.3 times as long as by its code at 260, 2.7 times at 100 (n = 1, busy machine)


def capture(
    *,
    encode: Callable[[Tensor], Tensor] | None = None,
    decode: Callable[[Tensor], Tensor] | None = None,
    generate: Callable[..., Tensor] | None = None,
    out: str | Path,
    images: Any = None,
    batch: int = BATCH,
    log: str | Path | None = None,
    card: str | Path | None = None,
) -> dict[str, Captured]:
    """Make an entry without code from anyone's modules, and write it to a zip.

    Args:
        encode: Images (B, 1, 28, 28) in [0, 1] to latents (B, ...).
        decode: What encode returned to images, any shape of B x 28 x 28 numbers.
        generate: The number of samples, or nothing, to images; it draws its own noise.
        out: The file to write.
        images: Training images (N, 1, 28, 28) in [0, 1], N at least the batch; encode and decode are recorded and
            checked on them.
        batch: B, divisible by ten: how many rows are worked on at a time.
        log: The training.jsonl of your training, as in a bundle: training performance is read from it.
        card: The card.json of your training, as in a bundle.

    Returns what was captured of each function. Raises `CaptureError` where a function cannot be captured: the sentence
    says why, where, and what to do.
    """
    declared = {name: _declared(Path(path)) for name, path in ((LOG_FILE, log), (CARD_FILE, card)) if path}
    made, entry = record(encode=encode, decode=decode, generate=generate, images=images, batch=batch)
    write(entry, out, declared)
    return made


def _declared(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CaptureError(f"{path} cannot be read ({error.strerror}); is the path right?") from error


def record(
    *,
    encode: Callable[[Tensor], Tensor] | None = None,
    decode: Callable[[Tensor], Tensor] | None = None,
    generate: Callable[..., Tensor] | None = None,
    images: Any = None,
    batch: int = BATCH,
    seconds: float = MOST_SECONDS,
    checks: int = CHECKS,
) -> tuple[dict[str, Captured], Entry]:
    """What was captured of each function, and the entry of them; see `capture`.

    Of each function so many checks are made; of more than four, those that `seconds` allow. Networks of ours, which
    compute alike on any input, need none. Raises `CaptureError`.
    """
    if batch % 10 or not 10 <= batch <= 4000:
        raise CaptureError(f"The batch of {batch} is not a multiple of ten from 10 to 4,000: leave it out for {BATCH}.")
    pictures = _pictures(images, batch) if encode or decode else None
    made: dict[str, Captured] = {}
    shape: list[int] = []  # of what encode returns, which decode is given
    if encode and pictures:
        made["encode"] = _named("encode", _encoding(encode, batch, shape), pictures, seconds, checks)
    if decode and pictures:
        if encode is None:
            raise CaptureError("decode is captured on what encode returns: hand in encode too.")
        replayed = made["encode"].again
        made["decode"] = _named(
            "decode", _decoding(decode, batch, shape), lambda k: [replayed(pictures(k), k)], seconds, checks
        )
    if generate:
        made["generate"] = _named("generate", _generating(generate, batch), lambda _k: [], seconds, checks)
    if not made:
        raise CaptureError("There is nothing to capture: hand in encode, decode or generate.")
    programs, constants, _ = assemble({name: one.tape for name, one in made.items()})
    return made, Entry(batch, programs, constants)


def _named(name: str, function: Function, inputs: Inputs, seconds: float, checks: int) -> Captured:
    try:
        return capture_function(function, inputs, seconds, checks)
    except CaptureError as error:
        raise CaptureError(f"{name} cannot be captured: {error}") from error


def _pictures(images: Any, batch: int) -> Inputs:
    try:
        held = torch.as_tensor(images, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CaptureError("images must be training images (N, 1, 28, 28): hand in an array or a tensor.") from error
    if held.shape[1:] != (1, 28, 28) or len(held) < batch:
        raise CaptureError(f"images must be {batch} or more training images (N, 1, 28, 28), not {tuple(held.shape)}.")

    def rows(k: int) -> list[Tensor]:
        return [held[torch.randperm(len(held), generator=torch.Generator().manual_seed(k))[:batch]]]

    return rows


def _shaped(made: Any, shape: Sequence[int], what: str) -> Tensor:
    made = flat_output(made)
    if made.numel() % shape[0] or (shape[-1] != -1 and made.numel() != shape[0] * 784):
        due = f": {tuple(shape)} is expected" if shape[-1] != -1 else ": the same number for each row is expected"
        raise CaptureError(f"it returns {what} of shape {tuple(made.shape)} for {shape[0]} rows{due}.")
    return made.reshape(tuple(shape)).to(torch.float32)


def _encoding(encode: Callable[[Tensor], Tensor], batch: int, shape: list[int]) -> Function:
    def function(given: list[Tensor]) -> Tensor:
        made = flat_output(encode(given[0]))
        shape[:] = made.shape
        return _shaped(made, (batch, -1), "latents")

    return function


def _decoding(decode: Callable[[Tensor], Tensor], batch: int, shape: Sequence[int]) -> Function:
    return lambda given: _shaped(decode(given[0].view(*shape)), (batch, 1, 28, 28), "images")


def _generating(generate: Callable[..., Tensor], batch: int) -> Function:
    try:
        takes = bool(inspect.signature(generate).parameters)
    except (TypeError, ValueError):
        takes = True
    return lambda _given: _shaped(generate(batch) if takes else generate(), (batch, 1, 28, 28), "images")
