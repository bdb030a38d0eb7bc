"""Numbers as text: as many digits as the standard error warrants. `shown` in site/table.js follows the same rule."""

import math
from decimal import ROUND_HALF_UP, Decimal

from flowleague.figures import MINUS, number


def figure(value: float, error: float | None = None) -> str:
    """A value, and its standard error where it has one: 0.0123 ± 0.0004."""
    if not error:
        return number(value)
    places = min(max(1 - math.floor(math.log10(error)), 0), 9)
    return f"{value:,.{places}f} ± {error:,.{places}f}".replace("-", MINUS)


def percent(share: float) -> str:
    """A probability from a thousand draws, in percent, without claiming certainty."""
    return "< 0.1 %" if share < 0.001 else "> 99.9 %" if share > 0.999 else f"{100 * share:.3g} %"


def short(score: float) -> str:
    """A score or a mean rank, to a tenth; halves go up, as in the page's scripts."""
    return str(Decimal(score).quantize(Decimal("0.1"), ROUND_HALF_UP)).removesuffix(".0")
