"""What reads along in a page of MNIST's digits: a judge as a program, and real digits to draw a map of latents with.

Both were written by `flowleague.judge.reader`, which says how. The page replays the judge as it replays a model.
"""

import base64
from functools import cache
from importlib import resources
from typing import Any

from flowleague.live.entry import block, plans_of
from flowleague.program.container import unpacked

_FOLDER = resources.files("flowleague.live") / "mnist"


@cache
def reading(dataset: str) -> dict[str, Any] | None:
    """The judge's program for one image and the digits, as the page takes them; None for other digits than MNIST's."""
    if dataset != "mnist":
        return None
    entry, digits = unpacked((_FOLDER / "judge.zip").read_bytes()), (_FOLDER / "digits.bin").read_bytes()
    programs = {"encode": plans_of("encode", entry, (1,))}
    made = {"batch": entry.batch, "programs": programs, "digits": base64.b64encode(digits).decode()}
    return made | block(entry)
