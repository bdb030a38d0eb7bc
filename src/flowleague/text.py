"""Numbers as text, with the digits that the standard error warrants. `shown` in board/site/table.js does the same."""

import math
from typing import SupportsFloat

MINUS, SPACE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
MOST_PLACES = 9  # what needs more is written in powers of ten


def figure(value: float, error: float | None = None) -> str:
    """A value, and its standard error where it has one: 0.0123 ± 0.0004."""
    if not error:
        return number(value)
    places = max(1 - math.floor(math.log10(error)), 0)
    if places > MOST_PLACES:
        return f"{value:.2e} ± {error:.0e}".replace("-", MINUS)
    return f"{value:,.{places}f} ± {error:,.{places}f}".replace("-", MINUS)


def number(value: SupportsFloat) -> str:
    """A number without uncertainty: whole ones in full, others with four digits."""
    value = float(value)
    whole = value.is_integer() and abs(value) < 1e15
    return (f"{value:,.0f}" if whole else f"{value:.4g}").replace("-", MINUS)


def percent(share: float) -> str:
    """A share as whole percent, with a digit more where it is small."""
    return f"{100 * share:.0f}{SPACE}%" if share >= 0.1 else f"{100 * share:.2g}{SPACE}%"
