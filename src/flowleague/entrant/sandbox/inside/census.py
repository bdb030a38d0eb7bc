"""How many numbers a running entry holds, whatever it calls them.

Parameters are what the contest counts: those of `vae` and `flow_model`. Held is everything that came alive with the
entry: storage of tensors (parameters, buffers, attributes, globals, closures), arrays, and long byte strings at four
bytes a number. Storage that several share counts once. A liar can hide from a census that runs beside him; the
weight files, which are counted outside, he cannot hide.
"""

import gc
import sys
from collections.abc import Iterator
from typing import Any

SMALL = 4096  # bytes; a string below this is code or text


def begin() -> None:
    """From now on whatever comes alive is the entry's."""
    gc.collect()
    gc.freeze()  # what is frozen is not listed by gc.get_objects


def take(submission: Any) -> dict[str, int | str | None]:
    """`parameters` by the contest's rule (None when the entry has none), `held`, both in numbers, and its `team`."""
    info = getattr(submission, "info", None)
    team = info.get("team") if isinstance(info, dict) else None
    team = team[:200] if isinstance(team, str) else ""
    return {"parameters": _parameters_of(submission), "held": held(), "team": team}


def _parameters_of(submission: Any) -> int | None:
    """Parameters of `vae` and `flow_model`; of the submission itself where it has neither."""
    parts: list[Any] = [getattr(submission, name, None) for name in ("vae", "flow_model")]
    modules = [part for part in parts if hasattr(part, "parameters")]
    if not modules and hasattr(submission, "parameters"):
        modules = [submission]
    if not modules:
        return None
    return sum(int(parameter.numel()) for module in modules for parameter in module.parameters())


def held() -> int:
    """Numbers in all that is alive and was not before `begin`."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    stores: dict[int, float] = {}
    for thing in alive():
        if torch and isinstance(thing, torch.Tensor):
            if thing.device.type == "cpu" and thing.layout == torch.strided:
                store = thing.untyped_storage()
                stores[store.data_ptr()] = store.nbytes() / thing.element_size()
        elif numpy and isinstance(thing, numpy.ndarray):
            stores.setdefault(thing.__array_interface__["data"][0], thing.size)
        elif isinstance(thing, (bytes, bytearray)) and len(thing) > SMALL:
            stores[id(thing)] = len(thing) / 4
    return int(sum(stores.values()))


def alive() -> Iterator[Any]:
    """Objects that came with the entry; arrays and strings are listed nowhere, but what holds them is."""
    torch = sys.modules.get("torch")
    for thing in gc.get_objects():
        yield from (thing, *gc.get_referents(thing))
        if torch and isinstance(thing, torch.nn.Module):  # compiled ones show their tensors only when asked
            yield from (*thing.parameters(), *thing.buffers())
