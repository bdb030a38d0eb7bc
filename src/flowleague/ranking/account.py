"""The parts of a verdict: who leads, what each category won or lost, and what an entry should do next."""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowleague.ranking.gains import Gain, gains
from flowleague.ranking.improvements import Improvement, improvements
from flowleague.ranking.intervals import Certainty
from flowleague.ranking.rank import Row, Standings


@dataclass(frozen=True)
class Lead:
    """Who is first, and by how much.

    winners  the first row, or all that share the place
    rival    the best of the others; None when there is none
    ahead    how many points the rival is behind
    sure     probability that the first is truly first
    """

    winners: tuple[Row, ...]
    rival: Row | None
    ahead: float
    sure: float


@dataclass(frozen=True)
class Part:
    """What one category adds to a score: lower is better, and what is below the field's median is won.

    rank, place         of the entry, as they are summed, and its place by them; `shared` with another
    best, median, last  of the field's ranks in the category
    won                 the median less the rank
    """

    name: str
    rank: float
    place: int
    shared: bool
    best: float
    median: float
    last: float

    @property
    def won(self) -> float:
        """Points won against the field's median; below 0: lost."""
        return self.median - self.rank


def lead(standings: Standings, certainties: dict[str, Certainty]) -> Lead | None:
    """Who leads; None when nobody is ranked."""
    winners = standings.winners
    if not winners:
        return None
    rival = next((row for row in standings.ranked if row.place > 1), None)
    ahead = rival.score - winners[0].score if rival else 0.0
    return Lead(winners, rival, ahead, certainties[winners[0].entry.id].first)


def parts(standings: Standings) -> dict[str, list[Part]]:
    """What each category adds to the score of every row, by id; what was won stands first.

    >>> from flowleague.ranking.field import Entry, Measured
    >>> from flowleague.ranking.rank import rank
    >>> from flowleague.ranking.rules import CategoryRule, MetricRule
    >>> rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"),))]
    >>> values = {"A": 0.002, "B": 0.004, "C": 0.003}
    >>> made = rank([Entry(k, k, {"reconstruction.mse": Measured(v)}) for k, v in values.items()], rules)
    >>> [(part.rank, part.median, part.won) for part in parts(made)["A"]]
    [(1.0, 2.0, 1.0)]
    """
    ranked = standings.ranked
    names = list(ranked[0].category_ranks) if ranked else []
    columns = {name: sorted(row.category_ranks[name] for row in ranked) for name in names}
    return {row.entry.id: _parts(row, columns) for row in standings.rows}


def _parts(row: Row, columns: Mapping[str, Sequence[float]]) -> list[Part]:
    """The parts of a row, from the sorted ranks of all in each category."""
    found = []
    for name, theirs in columns.items():
        rank = row.category_ranks[name]
        better, alike = bisect_left(theirs, rank), bisect_right(theirs, rank) - bisect_left(theirs, rank)
        shared = alike > (1 if row.entry.ranks else 0)
        best, last = min(theirs[0], rank), max(theirs[-1], rank)
        found.append(Part(name, rank, 1 + better, shared, best, statistics.median(theirs), last))
    return sorted(found, key=lambda part: -part.won)


@dataclass(frozen=True)
class Advice:
    """What an entry should do next.

    step      of the steps beyond the noise that gain a place, the one with the most points for its size; if none gains
              a place, of those that gain points; None when no single metric gains one
    most      the step that gains most points, where that is another one
    smallest  the smallest step that gains a place, be it within the noise; None when there is none
    weakest   the category that adds most to the score
    """

    step: Gain | None
    most: Gain | None
    smallest: Improvement | None
    weakest: Part


def advice(standings: Standings, row: Row, mine: Sequence[Part]) -> Advice:
    """What a ranked row should do next; `mine` are its parts.

    The step with the most points for its size is where effort pays, and may be small; the smallest step for a place may
    lie within the noise, where a place is luck. So both are given.
    """
    i = standings.field.entries.index(row.entry)
    steps = gains(standings, i)
    step = next((step for step in steps if step.place < row.place), next(iter(steps), None))
    most = max(steps, key=lambda step: step.points, default=None)
    if step and most and most.points <= step.points:
        most = None
    weakest = max(mine, key=lambda part: (part.rank, -part.won))
    return Advice(step, most, next(iter(improvements(standings, i)), None), weakest)
