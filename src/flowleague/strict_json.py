"""JSON that strangers wrote: one meaning or none.

Beyond the grammar, these are refused: a key given twice (readers differ in which one counts), NaN and infinity,
numbers beyond float64 or 64 bits, halves of characters, encodings other than UTF-8, and deep nesting.
"""

import json
import math
from typing import Any

from flowleague.errors import printable

DEEPEST = 20  # nested lists and objects


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in some bytes; raises `ValueError` with a short reason."""
    try:
        text = raw.decode()
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a character has no UTF-8
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from error
    except UnicodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    if depth(value) > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def depth(value: Any) -> int:
    """How many lists and dicts lie around the innermost value."""
    level, layer = -1, [value]
    while layer:
        held = [v.values() if isinstance(v, dict) else v for v in layer if isinstance(v, list | dict)]
        level, layer = level + 1, [inner for values in held for inner in values]
    return level


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"it gives the key '{printable(twice, 50)}' twice")
    return made


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError(f"the number {digits[:20]} is too large")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits[:20]} is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
