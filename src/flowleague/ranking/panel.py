"""Ranking against a frozen panel of P reference models, for a board that stays open.

Ranks among entries change with every arrival. Against a panel, a score depends on the entry and the panel only. The
rank r(v) in a metric is 1 + the number of panel models that are strictly better, made continuous, so that entries
between two panel models, or beyond all of them, still differ:

    between two neighbouring panel values u < w:     linear from r(u) to r(w)
    better than the best panel value u_1 by d:       1 - d / (d + s),         s = range of the panel's values
    worse than the worst u_q by d:                   r(u_q) + d / (d + s)
    not valid or not reported:                       P + 1

These are averaged in each category and summed; with the scheme "ranks" too, since a whole rank in a category needs a
field. Old scores change only if the panel is measured again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Entry, field
from flowleague.ranking.rank import RankingError, ranks
from flowleague.ranking.rules import CategoryRule, Scheme
from flowleague.ranking.schemes import table


@dataclass(frozen=True)
class PanelRow:
    """An entry of an open board: its place, its score against the panel, its mean rank in each category.

    The score never changes; the place changes when a better entry arrives.
    """

    entry: Entry
    place: int
    score: float
    category_ranks: dict[str, float]


def rank_against(
    panel: Iterable[Entry],
    entries: Iterable[Entry],
    categories: Sequence[CategoryRule],
    scheme: Scheme = "mean ranks",
) -> list[PanelRow]:
    """Rows of all entries by place; each score depends on the entry's values and the panel's only.

    A team may have any number of entries. Raises `RankingError` for an empty panel.
    """
    by, panel, entries = table(categories, scheme), tuple(panel), tuple(entries)
    if not panel:
        raise RankingError("The panel is empty; name the ids of its reference entries in contest.toml.")
    known, costs = field(panel, by).costs, field(entries, by).costs
    parts = np.zeros((len(by.categories), len(entries)))
    for j, category in enumerate(by.member):  # the same sum to the last bit, whichever other entries there are
        parts[category] += by.weights[j] * panel_ranks(costs[j], known[j])
    parts /= by.unit
    score = sum(parts, np.zeros(len(entries)))
    rows = [
        PanelRow(entry, place, total, dict(zip(by.categories, part, strict=True)))
        for entry, place, total, part in zip(
            entries, ranks(score).tolist(), score.tolist(), parts.T.tolist(), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (row.place, row.entry.team, row.entry.id))


def panel_ranks(costs: NDArray, panel: NDArray) -> NDArray[np.float64]:
    """Continuous ranks (n,) of costs (n,) in one metric against a panel's costs (P,); infinite ones are missing.

    >>> panel_ranks(np.array([2.0, 2.5, 0.0, np.inf]), np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 2.5, 0.6666666666666667, 4.0]
    """
    result = np.full(len(costs), len(panel) + 1.0)
    valid, known = np.isfinite(costs), np.sort(panel[np.isfinite(panel)])
    if not len(known):
        result[valid] = 1.0
        return result
    values, first = np.unique(known, return_index=True)
    spread = values[-1] - values[0] or abs(values[0]) or 1.0
    x = costs[valid]
    better, worse = np.maximum(values[0] - x, 0), np.maximum(x - values[-1], 0)
    result[valid] = np.interp(x, values, first + 1.0) - better / (better + spread) + worse / (worse + spread)
    return result
