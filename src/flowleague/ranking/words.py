"""Numbers and metrics in words: titles and units from the catalogue, as many digits as tell two values apart."""

from collections.abc import Iterable

from flowleague.scorecard.catalogue import KINDS, TITLES

PLAIN = ("1", "share", "ratio", "probability")  # units that the title says already


def title(metric: str) -> str:
    """The title of a metric; one that is not in the catalogue goes by its name."""
    return KINDS[metric].title if metric in KINDS else metric


def full_title(metric: str) -> str:
    """The title of a metric and of its category."""
    return f"{title(metric)} ({TITLES[metric.split('.')[0]]})" if metric in KINDS else metric


def quantity(metric: str, text: str) -> str:
    """A number in words with the unit of its metric."""
    unit = KINDS[metric].unit if metric in KINDS else "1"
    return text if unit in PLAIN else f"{text} {unit}"


def numbers(*values: float) -> list[str]:
    """Values with four significant digits, or as many more as tell unequal ones apart; whole numbers in full."""
    for digits in range(4, 18):
        texts = [_number(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            return texts
    return [repr(value or 0.0) for value in values]


def _number(value: float, digits: int) -> str:
    value = value or 0.0  # -0.0 is 0.0
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.{digits}g}"


def probability(p: float) -> str:
    """A probability from the draws, which know it to a thousandth."""
    return "below 0.001" if p < 0.001 else "above 0.999" if p > 0.999 else f"{p:.2g}"


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
