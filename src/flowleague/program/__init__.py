"""Programs: what a captured entry is, and what the judge replays instead of a stranger's code.

    functions of torch --capture--> programs --write, read--> replay(draws) -> latents and images; cost

A program is data: a straight line of functional operations of a fixed table, with static shapes. Importing this package
loads neither torch nor numpy; the names below are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowleague.program.capturing.entry import capture
    from flowleague.program.container import read as read_program
    from flowleague.program.interpreter import replay

__all__ = ["capture", "read_program", "replay"]

_HOMES = {
    "capture": ("capturing.entry", "capture"),
    "read_program": ("container", "read"),
    "replay": ("interpreter", "replay"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'flowleague.program' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(f"flowleague.program.{module}"), attribute)
