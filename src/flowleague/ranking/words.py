"""Metrics in words: titles and units from the catalogue."""

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
