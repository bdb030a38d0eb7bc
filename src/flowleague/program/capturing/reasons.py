"""Why a program differs from the function that it was recorded from, in one sentence with the way out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor

from flowleague.program.capturing.errors import CaptureError, at
from flowleague.program.capturing.special import sized_by_values
from flowleague.program.capturing.tape import Tape
from flowleague.program.values import Ref

if TYPE_CHECKING:
    from flowleague.program.capturing.function import Recording

_OUT = {
    ".tolist()": "it takes numbers out of torch with .tolist() and back in{place}: use torch.stack or slices.",
    ".numpy()": "it takes an array out of torch with .numpy() and back in{place}: compute it with torch.",
    "NumPy": "it takes an array out of torch and back in{place}: compute it with torch.",
    ".item()": "it takes a number out of torch with .item(){place}: keep it a tensor (torch.stack, torch.where).",
    "float()": "it takes a number out of torch with float(){place}: keep it a tensor (torch.stack, torch.where).",
    "int()": "it takes a number out of torch with int(){place}: keep it a tensor (torch.gather, torch.where).",
    "an index": "it uses a value as an index{place}: use torch.gather or torch.index_select.",
    "one_hot": "one_hot counts the classes by their values{place}: give it num_classes.",
    "noise": "it uses noise of NumPy or Python before torch has it{place}: draw it with torch.randn, rand or randint.",
    "a decision": "it decides by a value of the images or the noise{place}: use torch.where.",
}
_UNSEEN = {
    "a thread": "it computes in another thread{place}, which is not recorded: compute in the calling thread.",
    "noise of the system": "it uses noise of the system (os.urandom{inside}): draw it with torch.randn or rand.",
    "the clock": "it uses the time of day or a clock{place}: leave it out, or draw with torch.rand.",
}


def reason(recording: "Recording", again: Callable[[int], "Recording"], failed: int, seed: int) -> str:
    """The sentence; `again` records once more with the inputs and draws of a number."""
    mask = masked(recording.tape)
    return _reason(recording, again, failed, seed) if mask is None else str(mask)


def _reason(recording: "Recording", again: Callable[[int], "Recording"], failed: int, seed: int) -> str:
    if any(kind == "LBFGS" for kind, _, _ in recording.tape.decisions):
        return "it refines with LBFGS, whose steps depend on values: use Adam or fixed steps."
    try:
        same, other = again(seed), again(failed)
    except CaptureError as error:
        return str(error)
    changed = difference(recording.tape, same.tape)
    outside = _outside(recording.tape, same.tape)
    if outside is not None and not _left(recording) and not _unseen(recording):
        return (
            f"it takes numbers from outside torch, which differ from call to call{at(outside)}: "
            "draw noise with torch.randn in each call."
        )
    unseen = _unseen(recording)
    if unseen and not _left(recording) and (changed or not _differ_in_steps(recording.tape, other.tape)):
        return unseen
    if changed and not _left(recording):
        return f"it keeps state between calls: called again with the same input and noise, {changed}; work on copies."
    if recording.numbers.asked != other.numbers.asked:
        return (
            f"how much noise it draws depends on values{_decision(recording)}: draw a fixed number and use torch.where."
        )
    changed = difference(recording.tape, other.tape)
    left = _left(recording)
    if left:
        return left
    if changed and not _differ_in_steps(recording.tape, other.tape):
        return f"it leaves torch, in a file or another library: for other images or noise {changed}; use torch."
    if changed:
        return f"what it computes depends on values: for other images or noise {changed}; use torch.where."
    return (
        "its results differ when it is called again: it may use noise, threads or state that torch does not see; "
        "draw noise with torch.randn in each call."
    )


def masked(tape: Tape) -> CaptureError | None:
    """The refusal of the first read by a mask, which did not serve as a read of all."""
    return next((sized_by_values("index", place) for kind, _, place in tape.decisions if kind == "mask"), None)


def _outside(one: Tape, other: Tape) -> str | None:
    """Where a constant is made that differs although inputs and draws are the same, if that is all that differs."""
    if difference(one, other) and len(one.steps) == len(other.steps):
        for a, b in zip(one.leaves, other.leaves, strict=False):
            if not _same(a.content, b.content):
                return b.place if b.memory.made_now else None
    return None


def _left(recording: "Recording") -> str:
    """The sentence for the first number or array that left torch; arrays before numbers, numbers before decisions."""
    for kind in _OUT:
        for name, place in recording.exits:
            if name == kind:
                return _OUT[kind].format(place=at(place))
    return ""


def _unseen(recording: "Recording") -> str:
    """The sentence for what a call used that capture cannot see, or nothing."""
    for name, place in recording.exits:
        if name in _UNSEEN:
            inside = f", {place}" if place else ""
            return _UNSEEN[name].format(place=at(place), inside=inside)
    return ""


def _differ_in_steps(one: Tape, other: Tape) -> bool:
    """Whether two tapes differ in more than what their constants hold."""
    steps = [[(step.name, step.arguments) for step in tape.steps] for tape in (one, other)]
    return steps[0] != steps[1]


def _decision(recording: "Recording") -> str:
    places = [place for _, _, place in recording.tape.decisions if place]
    return f" ({places[0]})" if places else ""


def difference(one: Tape, other: Tape) -> str:
    """What differs first between two tapes of one function, or nothing."""
    for a, b in zip(one.steps, other.steps, strict=False):
        if a.name != b.name:
            return f"it runs {_short(b.name)} where it ran {_short(a.name)}{at(b.place)}"
        if a.arguments != b.arguments:
            return f"{_changed(a.arguments, b.arguments)} in {_short(a.name)}{at(b.place)}"
    if len(one.steps) != len(other.steps):
        return f"it runs {len(other.steps)} operations and not {len(one.steps)}"
    for a, b in zip(one.leaves, other.leaves, strict=False):
        if not _same(a.content, b.content):
            return f"a tensor of shape {tuple(b.content.shape)} has other numbers{at(b.place)}"
    return ""


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def _short(name: str) -> str:
    return name.split(".")[1].strip("_")


def _changed(a: Any, b: Any) -> str:
    for x, y in zip(a, b, strict=False):
        if x != y and not isinstance(x, Ref) and not isinstance(y, Ref):
            if isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
                return (
                    f"the size {x} becomes {y}" if not any(isinstance(v, Ref) for v in x) else "other values are used"
                )
            return f"the number {x} becomes {y}"
    return "other values are used"
