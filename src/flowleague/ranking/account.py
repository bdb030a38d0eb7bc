"""The parts behind the sentences of `flowleague.ranking.explain`: who leads, and what each category won or lost."""

import statistics
from dataclasses import dataclass

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


def parts(standings: Standings, row: Row) -> list[Part]:
    """What each category adds to the score of a row, what was won first.

    >>> from flowleague.ranking.field import Entry, Measured
    >>> from flowleague.ranking.rank import rank
    >>> from flowleague.ranking.rules import CategoryRule, MetricRule
    >>> rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"),))]
    >>> values = {"A": 0.002, "B": 0.004, "C": 0.003}
    >>> made = rank([Entry(k, k, {"reconstruction.mse": Measured(v)}) for k, v in values.items()], rules)
    >>> [(part.rank, part.median, part.won) for part in parts(made, made.rows[0])]
    [(1.0, 2.0, 1.0)]
    """
    found = []
    for name, rank in row.category_ranks.items():
        theirs = [other.category_ranks[name] for other in standings.ranked]
        place, alike = 1 + sum(other < rank for other in theirs), theirs.count(rank)
        shared = alike > (1 if row.entry.ranks else 0)
        median = statistics.median(theirs) if theirs else rank
        last = max([*theirs, rank])
        found.append(Part(name, rank, place, shared, min([*theirs, rank]), median, last))
    return sorted(found, key=lambda part: -part.won)
