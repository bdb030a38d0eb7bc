"""Capture: a function that computes with torch becomes a program, and three of them an entry.

The function is called once to warm up, for weights that are made in the first call, and once more to record. Then 16
checks compare the program with the function on other inputs and other draws. Where they differ, further recordings
name the reason: a number or an array that left torch and came back, state that is kept from call to call, a decision or
a size that depends on values.
"""

import inspect
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowleague.errors import printable
from flowleague.program.capturing.assemble import assemble, needed
from flowleague.program.capturing.errors import CaptureError, at, where
from flowleague.program.capturing.reasons import reason
from flowleague.program.capturing.stand_ins import StandIns
from flowleague.program.capturing.tape import Recorder, Tape
from flowleague.program.capturing.watch import Injector, Numbers, Watch, conditions
from flowleague.program.format import Constant, Entry, Program, write
from flowleague.program.interpreter import Runner, tensor
from flowleague.program.values import ProgramError

CHECKS = 16
TOLERANCE = 1e-6  # of the largest output, or of 1
SOLVER_TOLERANCE = 1e-3  # on average, where decisions of a solver are kept as taken
# Refining by Adam's steps divides by gradients near zero: one unit in the last place of the input moves a latent by .01
# and more. Differences up to a few times what such a unit makes are rounding, if they are rare.
ROUNDING, ROUNDING_MEAN = 4, 1e-4
MOST_SECONDS = 600  # for the checks of one function
LEAST_CHECKS = 4
BATCH = 100

Function = Callable[[list[Tensor]], Tensor]
Inputs = Callable[[int], list[Tensor]]  # the inputs of check number k


@dataclass
class Recording:
    """A tape, and what was noted while it was recorded."""

    tape: Tape
    exits: list[tuple[str, str]]
    recorder: Recorder
    numbers: Numbers


@dataclass
class Captured:
    """What was captured of one function."""

    program: Program
    constants: dict[str, Constant]
    tape: Tape
    drawn: list[int]  # which of the draws that the function asks for the program takes
    checks: int
    largest: float  # the largest difference of a check
    notes: list[str] = field(default_factory=list)


def capture_function(function: Function, inputs: Inputs) -> Captured:
    """The program of a function, checked; raises `CaptureError` with the reason and the way out."""
    with conditions():
        first = record(function, inputs(0), 0)
        seeds = [1]
        for _ in range(3):
            recording = record(function, inputs(seeds[-1]), seeds[-1], first.recorder)
            _refuse_state(recording.tape)
            programs, constants, draws = assemble({"it": recording.tape})
            program = programs["it"]
            try:
                runner = Runner(program, {name: tensor(c.spec, c.data) for name, c in constants.items()})
            except ProgramError as error:
                raise CaptureError(str(error)) from error
            result = _check(function, inputs, recording, runner, draws["it"])
            if result.again is None:
                break
            seeds.append(result.again)
        if result.failed is not None:
            raise CaptureError(reason(recording, lambda k: record(function, inputs(k), k, first.recorder), result.failed,
                                      seeds[-1]))  # fmt: skip
        return Captured(program, constants, recording.tape, draws["it"], result.count, result.largest, sorted(result.notes))


def record(function: Function, given: list[Tensor], seed: int, before: Recorder | None = None) -> Recording:
    """Call a function and record it."""
    numbers = Numbers(seed)
    recorder = Recorder(numbers, before)
    noise = StandIns(recorder.ask)
    recorder.matched = noise.matched
    watch = Watch(recorder.varies)
    own = [value.clone() for value in given]
    for value in own:
        recorder.input(value)
    with _called(), noise.in_place(), watch, recorder:
        made = _flat_output(function(own))
        recorder.output(made)
    return Recording(recorder.tape, watch.exits, recorder, numbers)


def run(function: Function, given: list[Tensor], numbers: Numbers) -> Tensor:
    """Call a function as it is, with draws served."""
    noise = StandIns(numbers)
    with _called(), noise.in_place(), Injector(numbers):
        return _flat_output(function([value.clone() for value in given])).clone()


def _flat_output(made: Any) -> Tensor:
    if not isinstance(made, Tensor):
        raise CaptureError(f"it returns {type(made).__name__} where a tensor is expected: use torch.stack or as_tensor.")
    return made.detach()


@contextmanager
def _called() -> Iterator[None]:
    """Whatever a function raises is told as the reason; Python's and NumPy's generators stay as they were."""
    python, state = random.getstate(), np.random.get_state()
    try:
        yield
    except (CaptureError, KeyboardInterrupt):
        raise
    except ProgramError as error:
        raise CaptureError(str(error)) from error
    except Exception as error:
        raise CaptureError(f"it fails: {printable(f'{type(error).__name__}: {error}', 300)}{at(_place(error))}.") from error
    finally:
        random.setstate(python)
        np.random.set_state(state)


def _place(error: Exception) -> str:
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "site-packages" not in name and str(Path(__file__).parent) not in name:
            found = f"line {trace.tb_lineno} of {Path(name).name}"
        trace = trace.tb_next
    return found or where()


def _refuse_state(tape: Tape) -> None:
    """Constants that the call before computed, or that this call writes to, are state."""
    wanted = needed(tape)
    for leaf in tape.leaves:
        if leaf.value not in wanted:
            continue
        shape = f"a tensor of shape {leaf.where.shape}"
        if leaf.stale:
            raise CaptureError(
                f"it keeps state between calls: {shape}{at(leaf.place)} holds {leaf.stale}; compute or draw it in each call."
            )
        if leaf.memory.written and not leaf.memory.made_now:
            raise CaptureError(
                f"it keeps state between calls: it changes {shape}, which it reads{at(leaf.memory.written)}; "
                "call .eval(), or work on a copy."
            )


@dataclass
class _Result:
    count: int = 0
    largest: float = 0.0
    notes: set[str] = field(default_factory=set)
    failed: int | None = None
    again: int | None = None
    rounding: float = 0.0

    def is_rounding(self, difference: float, measure: Callable[[], float]) -> bool:
        """Whether a difference is what rounding makes; measured when what is known does not explain it."""
        if difference > ROUNDING * self.rounding:
            self.rounding = max(self.rounding, measure())
        return difference <= ROUNDING * self.rounding


def _check(function: Function, inputs: Inputs, recording: Recording, runner: Runner, draws: list[int]) -> _Result:
    """Compare program and function on other inputs and draws."""
    result, began = _Result(), time.monotonic()
    decided = any(kind == "bool" for kind, _, _ in recording.tape.decisions)
    for k in range(2, CHECKS + 2):
        if result.count >= LEAST_CHECKS and time.monotonic() - began > MOST_SECONDS:
            break
        numbers, given = Numbers(k), inputs(k)
        try:
            wanted = run(function, given, numbers)
        except CaptureError:
            result.failed = k
            return result
        drawn = [numbers.draw(*recording.tape.asked[i][:2], i) for i in draws]
        try:
            found = runner([value.clone() for value in given], drawn)[0]
        except ProgramError:
            result.failed = k
            return result
        difference = _difference(found, wanted)
        result.count += 1
        asked = [(kind, shape) for kind, shape, _ in recording.tape.asked]
        if difference > TOLERANCE:
            longer = len(numbers.asked) > len(asked) and numbers.asked[: len(asked)] == asked
            apart = float((found - wanted).abs().mean()) if found.shape == wanted.shape else float("inf")
            if numbers.asked == asked and apart <= SOLVER_TOLERANCE and decided:
                result.notes.add("steps as captured")
            elif apart <= ROUNDING_MEAN and result.is_rounding(difference, lambda a=(given, drawn, found): _rounding(runner, *a)):
                result.notes.add("sensitive to rounding")
            else:
                result.failed, result.again = k, k if longer else None
                return result
        result.largest = max(result.largest, difference)
    return result


def _rounding(runner: Runner, given: list[Tensor], drawn: list[Tensor], found: Tensor) -> float:
    """How far one unit in the last place of inputs and draws moves the program's output, at most, in four trials."""
    generator, moved = torch.Generator().manual_seed(0), 0.0
    for _ in range(4):
        near = [
            [v * (1 + (torch.randint(0, 3, v.shape, generator=generator) - 1) * 2.0**-23) for v in values]
            for values in (given, drawn)
        ]
        moved = max(moved, _difference(runner(*near)[0], found))
    return moved


def _difference(found: Tensor, wanted: Tensor) -> float:
    if found.shape != wanted.shape:
        return float("inf")
    scale = max(float(wanted.abs().max()), 1.0)
    difference = float((found - wanted).abs().max()) / scale
    return difference if difference == difference else float("inf")


# --- entries


def capture(
    *,
    encode: Callable[[Tensor], Tensor] | None = None,
    decode: Callable[[Tensor], Tensor] | None = None,
    generate: Callable[..., Tensor] | None = None,
    out: str | Path,
    images: Any = None,
    batch: int = BATCH,
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

    Returns what was captured of each function. Raises `CaptureError` where a function cannot be captured: the sentence
    says why, where, and what to do.
    """
    if batch % 10 or not 10 <= batch <= 4000:
        raise CaptureError(f"The batch of {batch} is not a multiple of ten from 10 to 4,000: leave it out for {BATCH}.")
    pictures = _pictures(images, batch) if encode or decode else None
    made: dict[str, Captured] = {}
    if encode and pictures:
        made["encode"] = _named("encode", _encoding(encode, batch), pictures)
    if decode and pictures:
        if encode is None:
            raise CaptureError("decode is captured on what encode returns: hand in encode too.")
        codes = _codes(encode, pictures)
        made["decode"] = _named("decode", _decoding(decode, batch, codes(0)[0].shape), lambda k: [codes(k)[0].flatten(1)])
    if generate:
        made["generate"] = _named("generate", _generating(generate, batch), lambda _k: [])
    if not made:
        raise CaptureError("There is nothing to capture: hand in encode, decode or generate.")
    programs, constants, _ = assemble({name: one.tape for name, one in made.items()})
    write(Entry(batch, programs, constants), out)
    return made


def _named(name: str, function: Function, inputs: Inputs) -> Captured:
    try:
        return capture_function(function, inputs)
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


def _codes(encode: Callable[[Tensor], Tensor], pictures: Inputs) -> Inputs:
    known: dict[int, Tensor] = {}

    def codes(k: int) -> list[Tensor]:
        if k not in known:
            with conditions():
                known[k] = run(lambda given: encode(given[0]), pictures(k), Numbers(k)).float()
        return [known[k].clone()]

    return codes


def _shaped(made: Any, shape: Sequence[int], what: str) -> Tensor:
    made = _flat_output(made)
    if made.numel() % shape[0] or (shape[-1] != -1 and made.numel() != shape[0] * 784):
        raise CaptureError(f"it returns {what} of shape {tuple(made.shape)} for {shape[0]} rows.")
    return made.reshape(tuple(shape)).to(torch.float32)


def _encoding(encode: Callable[[Tensor], Tensor], batch: int) -> Function:
    return lambda given: _shaped(encode(given[0]), (batch, -1), "latents")


def _decoding(decode: Callable[[Tensor], Tensor], batch: int, shape: torch.Size) -> Function:
    return lambda given: _shaped(decode(given[0].view(shape)), (batch, 1, 28, 28), "images")


def _generating(generate: Callable[..., Tensor], batch: int) -> Function:
    try:
        takes = bool(inspect.signature(generate).parameters)
    except (TypeError, ValueError):
        takes = True
    return lambda _given: _shaped(generate(batch) if takes else generate(), (batch, 1, 28, 28), "images")
