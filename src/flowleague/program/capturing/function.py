"""Capture of one function that computes with torch, as a program.

The function is called once to warm up, for weights that are made in the first call, and once more to record; where no
checks are asked for, the first call is recorded. Then 16
checks compare the program with the function on other inputs and other draws, and, where a value decides what is run, 16
more on batches of one row alone, whose means and extremes differ far more. Where they differ, further recordings name
the reason: a number or an array that left torch and came back, state that is kept from call to call, a decision or
a size that depends on values.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowleague.program.capturing.assemble import assemble, needed
from flowleague.program.capturing.errors import CaptureError, at, failed
from flowleague.program.capturing.reasons import masked, reason
from flowleague.program.capturing.recorder import Recorder
from flowleague.program.capturing.replaced import served
from flowleague.program.capturing.stand_ins import StandIns
from flowleague.program.capturing.tape import Tape, decides
from flowleague.program.capturing.unseen import noted
from flowleague.program.capturing.watch import Injector, Numbers, Watch, conditions
from flowleague.program.format import Constant, Program
from flowleague.program.interpreter import Runner, tensor
from flowleague.program.values import ProgramError

CHECKS = 16
TOLERANCE = 1e-6  # of the largest output, or of 1
_SOLVER_TOLERANCE = 1e-3  # on average, where decisions of a solver are kept as taken
# Refining by Adam's steps divides by gradients near zero: one unit in the last place of the input moves a latent by .01
# and more. Differences up to a few times what such a unit makes are rounding, if they are rare; and so are jumps that
# are rarer than trials can show (a step that turns back, in one number of ten thousand).
_ROUNDING, _ROUNDING_MEAN = 4, 1e-4
_JUMP, _JUMP_MEAN = 0.1, 1e-5
_ALIKE = 1000  # check k + 1000 is check k on a batch that is its first row again and again
_NOT_FINITE = "it returns NaN or infinite numbers: are these the weights of a finished training?"
_BRANCH = 0.01  # on average: there, steps of a solver or a normalisation may differ more than in real batches
_CALLS = itertools.count(1)
MOST_SECONDS = 600  # for the checks of one function
_LEAST_CHECKS = 4

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
    again: Callable[[list[Tensor], int], Tensor]  # the program's output for the inputs and draws of a number
    notes: list[str] = field(default_factory=list)


def capture_function(
    function: Function, inputs: Inputs, seconds: float = MOST_SECONDS, checks: int = CHECKS
) -> Captured:
    """The program of a function, with so many checks and for so many seconds at most.

    Raises `CaptureError` with reason and advice.
    """

    def given_to(k: int) -> list[Tensor]:
        given = inputs(k % _ALIKE)
        return given if k < _ALIKE else [rows[:1].expand_as(rows).clone() for rows in given]

    with conditions():
        first = record(function, inputs(0), 0) if checks else None
        seed, more = 1, 3
        while True:
            recording = record(function, given_to(seed), seed, first.recorder if first else None)
            _refuse_state(recording.tape)
            programs, constants, draws = assemble({"": recording.tape})
            try:
                runner = Runner(programs[""], {name: tensor(c.spec, c.data) for name, c in constants.items()})
            except ProgramError as error:
                raise CaptureError(str(error)) from error
            numbers = [*range(2, checks + 2)]
            if first and recording.tape.inputs and decides(first.tape, recording.tape):
                numbers += [k + _ALIKE for k in numbers]
            result = _check(function, given_to, recording, runner, draws[""], seconds, numbers)
            if result.again is None or not more:  # a call that asked for more draws is recorded instead
                break
            seed, more = result.again, more - 1
        if first and result.failed is not None:
            before = first.recorder
            raise CaptureError(
                reason(recording, lambda k: record(function, given_to(k), k, before), result.failed, seed)
            )
        tape, drawn, notes = recording.tape, draws[""], sorted(result.notes)

        def again(given: list[Tensor], k: int) -> Tensor:
            if k in result.outputs:
                return result.outputs[k]
            numbers = Numbers(k)
            with conditions():
                return runner(given, [numbers.draw(*tape.asked[i][:2], i) for i in drawn])[0]

        return Captured(programs[""], constants, tape, drawn, result.count, result.largest, again, notes)


def record(function: Function, given: list[Tensor], seed: int, before: Recorder | None = None) -> Recording:
    """Call a function and record it."""
    numbers = Numbers(seed)
    recorder = Recorder(numbers, before)
    noise = StandIns(recorder.ask)
    recorder.matched = noise.matched
    watch = Watch(recorder.varies, noise.left_torch)
    own = [value.clone() for value in given]
    for value in own:
        recorder.input(value)
    try:
        with _called(), served(noise), noted() as unseen, watch, recorder:
            made = flat_output(function(own))
            recorder.output(made)
    except CaptureError as error:
        raise masked(recorder.tape) or error from error
    return Recording(recorder.tape, watch.exits + noise.left() + unseen, recorder, numbers)


def run(function: Function, given: list[Tensor], numbers: Numbers) -> Tensor:
    """Call a function as it is, with draws served."""
    noise = StandIns(numbers)
    with _called(), served(noise), Injector(numbers):
        return flat_output(function([value.clone() for value in given])).clone()


def flat_output(made: Any) -> Tensor:
    """What a function returned, if it is a tensor or an array; raises `CaptureError`."""
    if isinstance(made, np.ndarray) and made.dtype.kind == "f":
        made = torch.from_numpy(made)
    if not isinstance(made, Tensor):
        raise CaptureError(
            f"it returns {type(made).__name__} where a tensor is expected: use torch.stack or as_tensor."
        )
    return made.detach()


@contextmanager
def _called() -> Iterator[None]:
    """Whatever a function raises is told as the reason; Python's and NumPy's generators stay as they were.

    Each call finds them in another state: noise that is not served differs, and is no constant.
    """
    python, state = random.getstate(), np.random.get_state()  # noqa: NPY002 - what the code may use
    number = next(_CALLS)
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002
    try:
        yield
    except (CaptureError, KeyboardInterrupt):
        raise
    except ProgramError as error:
        raise CaptureError(str(error)) from error
    except Exception as error:
        raise failed(error) from error
    finally:
        random.setstate(python)
        np.random.set_state(state)  # noqa: NPY002


def _refuse_state(tape: Tape) -> None:
    """Constants that the call before computed, or that this call writes to, are state."""
    wanted = needed(tape)
    for leaf in tape.leaves:
        if leaf.value not in wanted:
            continue
        shape = f"a tensor of shape {leaf.where.shape}"
        if leaf.stale:
            raise CaptureError(
                f"it keeps state between calls: {shape}{at(leaf.place)} holds {leaf.stale}; "
                "compute or draw it in each call."
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
    outputs: dict[int, Tensor] = field(default_factory=dict)  # of the program, by the number of the check

    def is_rounding(self, difference: float, measure: Callable[[], float]) -> bool:
        """Whether a difference is what rounding makes; measured when what is known does not explain it."""
        if difference > _ROUNDING * self.rounding:
            self.rounding = max(self.rounding, measure())
        return difference <= _ROUNDING * self.rounding


def _check(
    function: Function,
    inputs: Inputs,
    recording: Recording,
    runner: Runner,
    draws: list[int],
    seconds: float,
    checks: list[int],
) -> _Result:
    """Compare program and function on the inputs and draws of the numbers of checks."""
    result, began = _Result(), time.monotonic()
    decided = any(kind == "bool" for kind, _, _ in recording.tape.decisions)
    for k in checks:
        if result.count >= _LEAST_CHECKS and time.monotonic() - began > seconds:
            break
        numbers, given = Numbers(k), inputs(k)
        drawn = [numbers.draw(*recording.tape.asked[i][:2], i) for i in draws]
        wanted = None
        try:
            wanted = run(function, given, numbers)
            found = runner([value.clone() for value in given], drawn)[0]
        except (CaptureError, ProgramError):
            if k >= _ALIKE:
                continue
            if wanted is not None and not bool(wanted.isfinite().all()):
                raise CaptureError(_NOT_FINITE) from None
            result.failed = k
            return result
        difference, result.outputs[k] = _difference(found, wanted), found
        result.count += 1
        asked = [(kind, shape) for kind, shape, _ in recording.tape.asked]
        if difference > TOLERANCE:
            longer = len(numbers.asked) > len(asked) and numbers.asked[: len(asked)] == asked
            apart = float((found - wanted).abs().mean()) if found.shape == wanted.shape else float("inf")
            if k >= _ALIKE and not apart > _BRANCH:  # nor where nothing is finite
                continue
            if numbers.asked == asked and apart <= _SOLVER_TOLERANCE and decided:
                result.notes.add("steps as captured")
            elif (apart <= _JUMP_MEAN and difference <= _JUMP) or (
                apart <= _ROUNDING_MEAN
                and result.is_rounding(difference, lambda a=(given, drawn, found): _rounding(runner, *a))
            ):
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
