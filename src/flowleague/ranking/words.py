"""Metrics in words: titles and units from the metrics' rows."""

from flowleague.scorecard.metrics import METRICS, TITLES

PLAIN = ("1", "share", "ratio", "probability")  # units that the title says already


def title(metric: str) -> str:
    """The title of a metric; one that is not known goes by its name."""
    return METRICS[metric].title if metric in METRICS else metric


def full_title(metric: str) -> str:
    """The title of a metric and of its category."""
    return f"{title(metric)} ({TITLES[metric.split('.')[0]]})" if metric in METRICS else metric


def quantity(metric: str, text: str) -> str:
    """A number in words with the unit of its metric."""
    unit = METRICS[metric].unit if metric in METRICS else "1"
    return text if unit in PLAIN else f"{text} {unit}"
