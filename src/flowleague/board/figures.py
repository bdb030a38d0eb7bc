"""Scores and probabilities as text."""

from decimal import ROUND_HALF_UP, Decimal


def percent(share: float) -> str:
    """A probability from a thousand draws, in percent, without claiming certainty."""
    return "< 0.1 %" if share < 0.001 else "> 99.9 %" if share > 0.999 else f"{100 * share:.3g} %"


def short(score: float) -> str:
    """A score or a mean rank, to a tenth; halves go up, as in the page's scripts."""
    return str(Decimal(score).quantize(Decimal("0.1"), ROUND_HALF_UP)).removesuffix(".0")
