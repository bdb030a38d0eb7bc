"""What first place depends on: who would win without a team, without a category, under another scheme.

Ranks depend on the field: without a team, all that it beat gain a rank, metric by metric, and two others can swap
places. Only changes are reported; for a team: the winner without it is not the best of the others as they stand. Where
several push one rival down, taking one away shows nothing, for the others are still there; so the first is also ranked
beside each of the next alone.

With mean ranks a removal takes at most one rank per metric from a score, so only entries within the weight of one rank
in all metrics (with six categories: six points) of the second-best score can win: all removals cost O(n M) for each of
these. With whole ranks a removal can move anybody: the field is ranked again without each of the first `TRIED` teams.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Field, field
from flowleague.ranking.findings import is_declared
from flowleague.ranking.rank import Standings, category_points, mean_points, ranks, standing_keys, summed
from flowleague.ranking.schemes import Table, columns, regrouped
from flowleague.scorecard.metrics import TITLES
from flowleague.text import listed

TRIED = 1000  # removals in a field with whole ranks, and rivals of the first alone, in the order of the standings


@dataclass(frozen=True)
class Change:
    """A change of the rules or the field, and the teams that would then be first."""

    kind: Literal["alone", "team", "category", "scheme", "declared"]
    name: str
    winners: tuple[str, ...]

    def __str__(self) -> str:
        """The change as a sentence."""
        who = listed(self.winners)
        if self.kind == "alone":
            each = "each of " if len(self.winners) > 1 else ""
            return f"In a field of two, {each}{who} would be ahead of {self.name}."
        if self.kind == "declared":
            return f"Without what entrants declare of their training, {who} would be first: repeat that training."
        if self.kind == "scheme":
            return f"With {self.name}, {who} would be first."
        name = TITLES.get(self.name, self.name) if self.kind == "category" else self.name
        return f"Without {self.kind} {name}, {who} would be first."


def sensitivity(standings: Standings, alternatives: Mapping[str, Table] = MappingProxyType({})) -> list[Change]:
    """All changes of the winner: beside one rival alone, without a team, a category, or declared figures, and under
    another scheme.

    `alternatives` are further schemes by name; one with a metric that nobody has is left out. Empty with fewer than two
    ranked entries.
    """
    if len(standings.field.entries) < 2:
        return []
    points = category_points(ranks(standings.field.costs), standings.table)
    removals = _removals_ranked_again if standings.table.whole else _removals_near_the_top
    return [
        *_beside_the_first(standings.field, standings.table, points.sum(0)),
        *_without_teams(standings.field, removals(standings.field, standings.table, points.sum(0))),
        *_without_categories(standings.field, standings.table, points),
        *_without_declared(standings.field, standings.table, points.sum(0)),
        *_other_schemes(standings, points, alternatives),
    ]


def _beside_the_first(of: Field, by: Table, total: NDArray) -> Iterator[Change]:
    """The teams that would be ahead of the only first one if there were nobody else; with three, a removal says it."""
    keys = standing_keys(total, of.marks)
    order = np.argsort(keys, kind="stable")[: TRIED + 1]
    if len(total) < 4 or keys[order[0]] == keys[order[1]]:
        return
    ahead = []
    for x in order[1:]:
        pair = order[0], x
        alone = standing_keys(category_points(ranks(of.costs[:, pair]), by).sum(0), of.marks[[*pair]])
        if alone[1] < alone[0]:
            ahead.append(x)
    if ahead:
        yield Change("alone", of.entries[order[0]].team, tuple(of.entries[x].team for x in ahead))


_Removal = tuple[int, NDArray, NDArray, NDArray]  # a team, those that could win without it, their scores before, after


def _without_teams(of: Field, removals: Iterator[_Removal]) -> Iterator[Change]:
    for x, near, before, after in removals:
        key, new_key = (standing_keys(scores, of.marks[near]) for scores in (before, after))
        others = near != x
        expected = others & (key == key[others].min())
        winners = others & (new_key == new_key[others].min())
        if (winners != expected).any():
            yield Change("team", of.entries[x].team, _teams(of, near[winners]))


def _removals_near_the_top(of: Field, by: Table, total: NDArray) -> Iterator[_Removal]:
    second = np.partition(total, 1)[1]
    near = np.flatnonzero(total <= second + by.weights.sum())
    lighter = np.stack([total[i] - by.weights @ (of.costs < of.costs[:, i, None]) for i in near], 1)
    for x in range(len(total)):
        yield x, near, total[near], lighter[x]


def _removals_ranked_again(of: Field, by: Table, total: NDArray) -> Iterator[_Removal]:
    everyone, metric_ranks = np.arange(len(total)), ranks(of.costs)
    for x in sorted(np.argsort(standing_keys(total, of.marks), kind="stable")[:TRIED]):
        left = metric_ranks - (of.costs[:, x, None] < of.costs)
        others = everyone != x
        again = np.zeros_like(total)
        again[others] = summed(mean_points(left[:, others], by), by).sum(0)
        yield int(x), everyone, total, again


def _without_categories(of: Field, by: Table, points: NDArray) -> Iterator[Change]:
    total = points.sum(0)
    for name, part in zip(by.categories, points, strict=True):
        if len(points) > 1:
            yield from _if_changed("category", name, of, total, total - part)


def _without_declared(of: Field, by: Table, total: NDArray) -> Iterator[Change]:
    measured = np.array([not is_declared(name) for name in by.metrics], bool)
    if measured.all() or not measured.any():
        return
    means = mean_points(np.where(measured[:, None], ranks(of.costs), 1), by)  # level where nothing is checked
    yield from _if_changed("declared", "", of, total, summed(means, by).sum(0))


def _other_schemes(standings: Standings, points: NDArray, alternatives: Mapping[str, Table]) -> Iterator[Change]:
    of, by, total = standings.field, standings.table, points.sum(0)
    if by.whole:
        mean = mean_points(ranks(of.costs), by)
        yield from _if_changed("scheme", "mean ranks in the categories", of, total, mean.sum(0))
    elif len(points) > 1:
        yield from _if_changed(
            "scheme", "places in the categories instead of mean ranks", of, total, ranks(points).sum(0)
        )
    others = {
        "equal weights of categories": by if by.whole else regrouped(by),
        "equal weights of metrics": columns(zip(by.metrics, by.directions, strict=True)),
        **alternatives,
    }
    for name, other in others.items():
        again = field(of.entries, other, standings.ties)
        if np.isfinite(again.costs).any(1).all():  # skip a scheme with a metric that nobody has
            yield from _if_changed("scheme", name, of, total, category_points(ranks(again.costs), other).sum(0))


def _if_changed(
    kind: Literal["category", "scheme", "declared"], name: str, of: Field, before: NDArray, after: NDArray
) -> Iterator[Change]:
    keys = [standing_keys(total, of.marks) for total in (before, after)]
    old, new = (np.flatnonzero(key == key.min()) for key in keys)
    if not np.array_equal(old, new):
        yield Change(kind, name, _teams(of, new))


def _teams(of: Field, chosen: NDArray) -> tuple[str, ...]:
    return tuple(sorted(of.entries[i].team for i in chosen))
