"""What every metric that ranks means, with the figures of the field."""

import statistics
from collections.abc import Sequence
from typing import Any

from flowleague.board.figures import Metric, valid
from flowleague.contest.standing import Board
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import number, percent


def glossary(board: Board, metrics: Sequence[Metric]) -> list[tuple[str, list[dict[str, Any]]]]:
    """What every metric that ranks means, by category: unit, direction, weight, noise, and what the field has."""
    rules = board.contest.rules
    total = sum(len(c.metrics) for c in rules.categories)
    groups = []
    for number_, rule in enumerate(rules.categories):
        share = 1 / total if rules.ranking.scheme == "columns" else 1 / len(rules.categories) / len(rule.metrics)
        members = [metric for metric in metrics if metric.category == number_ and metric.ranked]
        groups.append((TITLES.get(rule.name, rule.name), [_explained(board, metric, share) for metric in members]))
    return groups


def _explained(board: Board, metric: Metric, share: float) -> dict[str, Any]:
    """One metric of the glossary."""
    measured = [row.entry.metrics.get(metric.name) for row in board.standings.ranked]
    values = [value for m in measured if (value := valid(m)) is not None]
    errors = [m.error for m in measured if m and m.error > 0 and valid(m) is not None]
    ends = (min(values), max(values)) if values else ()
    return {
        "title": metric.title,
        "meaning": METRICS[metric.name].meaning if metric.name in METRICS else "",
        "unit": metric.unit,
        "better": "lower" if metric.lower else "higher",
        "share": percent(share, 3),
        "noise": f"± {number(statistics.median(errors), 2)}" if errors else "exact" if values else "not known yet",
        "field": [number(value) for value in (ends if metric.lower else reversed(ends))],
    }
