"""Why a function cannot be captured, and where."""

import sys
import sysconfig
from pathlib import Path

import torch

from flowleague.errors import FlowLeagueError, printable

_OWN, _TORCH = str(Path(__file__).parents[1]), str(Path(torch.__file__).parent)
_LIBRARY = sysconfig.get_path("stdlib")


class CaptureError(FlowLeagueError):
    """What a function does cannot be captured as a program; the sentence names the way out."""


def where() -> str:
    """The line of the caller's own code that is running, as ``line 25 of entry.py``, or nothing."""
    found, frame = "", sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_OWN, _TORCH, "<frozen", "<string", "<eval_with_key")):
            line = f"line {frame.f_lineno} of {Path(name).name}"
            if "site-packages" not in name and not name.startswith(_LIBRARY):
                return line
            found = found or line
        frame = frame.f_back
    return found


def at(place: str) -> str:
    """``(line 25 of entry.py)``, or nothing where the place is unknown."""
    return f" ({place})" if place else ""


def inside(part: str) -> bool:
    """Whether a file whose path ends in `part` is running."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.replace("\\", "/").endswith(part):
            return True
        frame = frame.f_back
    return False


_GRADIENTS = "; entries are called without gradients: take them inside `with torch.enable_grad():`."


def failed(error: Exception) -> CaptureError:
    """What a function raised, as the reason why it cannot be captured."""
    way = _GRADIENTS if "does not require grad" in str(error) else "."
    return CaptureError(f"it fails: {printable(f'{type(error).__name__}: {error}', 300)}{at(_place(error))}{way}")


def _place(error: Exception) -> str:
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "site-packages" not in name and not name.startswith((_OWN, _TORCH)):
            found = f"line {trace.tb_lineno} of {Path(name).name}"
        trace = trace.tb_next
    return found or where()
