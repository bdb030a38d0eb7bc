"""Numbers and lists as text. `text.js` writes numbers alike for the pages; tests hold both to one table of cases.

Whole counts in messages may be written as f"{n:,}", which gives the same text. What programs read (CSV, JSON, values of
sliders, coordinates) is no text for people, and keeps Python's or JavaScript's own form. Numbers are rounded from their
exact binary value, halves away from zero, as JavaScript's `toFixed` does.
"""

import math
import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from difflib import get_close_matches
from typing import SupportsFloat

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
_WHOLE = 1e15  # from here on, and below 1e-4, numbers are written in powers of ten
_MOST_PLACES = 9  # likewise values whose standard error needs more
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)


def number(value: SupportsFloat, digits: int = 4) -> str:
    """A number without uncertainty: whole parts in full, else so many significant digits.

    >>> number(12345.6), number(0.98765), number(0.5), number(0.0000123456)
    ('12,346', '0.9877', '0.5', '1.235e−5')
    """
    value = float(value) or 0.0  # -0.0 is 0.0
    if not math.isfinite(value):
        return str(value).replace("-", MINUS)
    if not (abs(value) < _WHOLE and (value.is_integer() or _magnitude(value) >= -4)):
        return _power(value, digits - 1, stripped=True)
    text = _fixed(value, max(digits - 1 - _magnitude(value), 0) if not value.is_integer() else 0)
    return text.rstrip("0").rstrip(".") if "." in text else text


def numbers(*values: float) -> list[str]:
    """Numbers with four significant digits, or as many more as tell unequal ones apart.

    >>> numbers(0.1234561, 0.1234562)
    ['0.1234561', '0.1234562']
    """
    for digits in range(4, 18):
        texts = [number(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            return texts
    return [repr(value or 0.0) for value in values]


def figure(value: float, error: float | None = None) -> str:
    """A value and its standard error, where it has one, to two significant digits of the error.

    >>> figure(0.0044868, 0.0000251)
    '0.004487 ± 0.000025'
    """
    if not error or not math.isfinite(error) or not math.isfinite(value):
        return number(value)
    places = max(1 - _magnitude(error), 0)
    if places > _MOST_PLACES or max(abs(value), error) >= _WHOLE:
        return f"{_power(value, 2)} ± {_power(error, 0)}"
    return f"{_fixed(value, places)} ± {_fixed(error, places)}"


def rough(value: float, digits: int = 2) -> str:
    """A large count of which only the size matters, in powers of ten.

    >>> rough(1.234e14)
    '1.2e+14'
    """
    return _power(value, digits - 1, stripped=True)


def short(score: float) -> str:
    """A score or a mean rank to a tenth: 7, 7.3."""
    return _fixed(score, 1).removesuffix(".0")


def percent(share: float, digits: int = 2) -> str:
    """A share in percent, whole parts in full: 12 %, 0.12 %."""
    return f"{number(100 * share, digits)}{SPACE}%"


def probability(p: float) -> str:
    """A probability from a thousand draws in percent, which never claims certainty."""
    return f"<{SPACE}{percent(0.001)}" if p < 0.001 else f">{SPACE}{percent(0.999, 3)}" if p > 0.999 else percent(p, 3)


def counted(n: float, thing: str, things: str = "") -> str:
    """A count with its noun: 1 entry, 12 entries; `things` where the plural is not the noun with an s.

    >>> counted(1, "point"), counted(2.5, "point"), counted(1200, "entry", "entries")
    ('1 point', '2.5 points', '1,200 entries')
    """
    return f"{number(n, 3)} {thing if n == 1 else things or f'{thing}s'}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question after the nearest known word, to end a sentence with; empty where none is near.

    >>> did_you_mean("vae.latnet", ["vae.latent", "vae.lr"])
    " Did you mean 'vae.latent'?"
    """
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th, ..., 11th, ..., 21st."""
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def listed(names: Iterable[str], most: int = 20) -> str:
    """a, b and c; beyond the most names, the number of the others."""
    names = list(names)
    if len(names) > most:
        names[most - 1 :] = [f"{len(names) - most + 1:,} others"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def duration(seconds: float) -> str:
    """Seconds as a person would say them.

    >>> duration(41.2), duration(150), duration(7530)
    ('41 s', '2 min 30 s', '2 h 6 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10 and rest:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula, none either that reads full-width signs as these.

    >>> cell("=1+1"), cell("＝1+1"), cell("a=1")
    ("'=1+1", "'＝1+1", 'a=1')
    """
    begins = unicodedata.normalize("NFKC", text).startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{text}" if begins else text


def _magnitude(value: float) -> int:
    """The power of ten of the first digit."""
    return Decimal(repr(float(value))).adjusted()


def _fixed(value: float, places: int) -> str:
    return f"{Decimal(value or 0.0).quantize(Decimal(1).scaleb(-places), context=_EXACT):,f}".replace("-", MINUS)


def _power(value: float, places: int, stripped: bool = False) -> str:
    mantissa = Context(prec=places + 1, rounding=ROUND_HALF_UP).create_decimal(Decimal(value))
    text = f"{mantissa:.{places}e}" if mantissa else f"{0:.{places}f}e+0"
    head, _, power = text.partition("e")
    head = head.rstrip("0").rstrip(".") if stripped and "." in head else head
    return f"{head}e{power}".replace("-", MINUS)
