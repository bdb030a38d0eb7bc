"""All that is measured: the six categories of the contest and their metrics, in the order in which they are shown.

To add a metric, write its formula and its row (`MetricKind`) in the file of its category, then run
`python -m flowleague.scorecard.publish`. Cards from before remain readable, and lack it.
"""

from typing import Any

from flowleague.scorecard.metrics._base import CategoryKind, Direction, Given, MetricKind
from flowleague.scorecard.metrics.consistency import CONSISTENCY
from flowleague.scorecard.metrics.diversity import DIVERSITY
from flowleague.scorecard.metrics.efficiency import EFFICIENCY
from flowleague.scorecard.metrics.quality import QUALITY
from flowleague.scorecard.metrics.reconstruction import RECONSTRUCTION
from flowleague.scorecard.metrics.training import TRAINING

__all__ = ["CATEGORIES", "METRICS", "TITLES", "CategoryKind", "Direction", "MetricKind", "evaluate"]

CATEGORIES: tuple[CategoryKind, ...] = (RECONSTRUCTION, CONSISTENCY, QUALITY, DIVERSITY, EFFICIENCY, TRAINING)
METRICS: dict[str, MetricKind] = {
    f"{category.name}.{metric.name}": metric for category in CATEGORIES for metric in category.metrics
}
TITLES: dict[str, str] = {category.name: category.title for category in CATEGORIES}


def evaluate(evidence: Any, *given: Given) -> dict[str, Any]:
    """The formulas of all metrics that are given such evidence, evaluated: by "category.metric"."""
    return {name: kind.formula(evidence) for name, kind in METRICS.items() if kind.given in given}
