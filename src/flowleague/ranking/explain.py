"""Where a team won and lost points, and what would gain most, in plain sentences.

Scores are sums, so the distance to a rival is exactly the sum of the distances in the categories, and the loss in a
category the mean of the ranks lost in its metrics.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from flowleague.ranking.improvements import Improvement, improvements
from flowleague.ranking.intervals import Certainty
from flowleague.ranking.rank import RankingError, Row, Standings
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import counted, did_you_mean, listed, number, numbers, ordinal, percent, probability

_PLAIN = ("1", "share", "ratio", "probability", "numbers", "parameters")  # units that the title says already


@dataclass(frozen=True)
class Explanation:
    """Sentences about one team.

    place        its place, interval and group
    account      the distance to the winner (of the winner: to the next), by category
    categories   one a category: rank, and which metric cost most
    improvement  which single improvement gains a place most cheaply, and which one gains most
    """

    place: tuple[str, ...]
    account: str
    categories: tuple[str, ...]
    improvement: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them, in reading order."""
        return tuple(text for text in (*self.place, self.account, *self.categories, *self.improvement) if text)


def explain(standings: Standings, team: str, certainties: dict[str, Certainty] | None = None) -> Explanation:
    """Explain the place of a ranked team.

    With `certainties` (of `flowleague.ranking.intervals`) the sentences include interval and group. Raises
    `RankingError` for a team that is not ranked.

    >>> from flowleague.ranking.field import Entry, Measured
    >>> from flowleague.ranking.rank import rank
    >>> from flowleague.ranking.rules import CategoryRule, MetricRule
    >>> rules = [CategoryRule("reconstruction", (MetricRule("mse", "lower"),))]
    >>> a = Entry("1", "A", {"reconstruction.mse": Measured(0.002)})
    >>> b = Entry("2", "B", {"reconstruction.mse": Measured(0.004)})
    >>> print(explain(rank([a, b], rules), "B").account)
    1 point behind A: won nothing; lost 1 in VAE reconstruction quality.
    """
    row = next((row for row in standings.ranked if row.entry.team == team), None)
    if row is None and (shown := next((r for r in standings.rows if r.entry.team == team), None)):
        why = shown.entry.aside or "baseline"
        raise RankingError(f"'{team}' is not ranked ({why}); it would take place {shown.place} and moves nobody.")
    if row is None:
        teams = [row.entry.team for row in standings.ranked]
        ranked = listed(teams) if teams else "nobody"
        raise RankingError(f"There is no ranked team '{team}' to explain; ranked: {ranked}.{did_you_mean(team, teams)}")
    i = standings.field.entries.index(row.entry)
    return Explanation(
        tuple(_place(standings, row, certainties)),
        _account(standings, row),
        tuple(_category(standings, row, i, name) for name in standings.table.categories),
        tuple(_improvement(improvements(standings, i), row.place)),
    )


def _place(standings: Standings, row: Row, certainties: dict[str, Certainty] | None) -> Iterator[str]:
    sharing = [other.entry.team for other in standings.ranked if other.place == row.place and other is not row]
    shared = f", shared with {listed(sharing)}" if sharing else ""
    team, n = row.entry.team, len(standings.ranked)
    yield f"{team} is {ordinal(row.place)} of {n:,}{shared}, with a score of {number(row.score)} (lower is better)."
    if certainties:
        sure = certainties[row.entry.id]
        span = f"{sure.low}" if sure.low == sure.high else f"{sure.low} to {sure.high}"
        yield f"With 95 % confidence its true place is {span}; probability of being first: {probability(sure.first)}."
        alike = [other for other in standings.ranked if certainties[other.entry.id].group == sure.group]
        if len(alike) > 1:
            yield f"The noise cannot tell these {len(alike):,} apart: {listed((a.entry.team for a in alike), 6)}."


def _account(standings: Standings, row: Row) -> str:
    rivals = [other for other in standings.ranked if other is not row]
    if not rivals:
        return ""
    rival = rivals[0]
    ahead = row.place < rival.place
    distance = {name: rank - rival.category_ranks[name] for name, rank in row.category_ranks.items()}
    won = [f"{number(-d, 3)} in {TITLES.get(name, name)}" for name, d in distance.items() if d < 0]
    lost = [f"{number(d, 3)} in {TITLES.get(name, name)}" for name, d in distance.items() if d > 0]
    parts = [f"won {listed(won)}" if won else "won nothing", f"lost {listed(lost)}" if lost else "lost nothing"]
    gap = abs(row.score - rival.score)
    much = counted(gap, "point")
    points = f"{much} {'ahead of' if ahead else 'behind'}" if gap else "Level with"
    return f"{points} {rival.entry.team}: {'; '.join(parts)}."


def _category(standings: Standings, row: Row, i: int, name: str) -> str:
    by, n = standings.table, len(standings.ranked)
    members = [j for j, member in enumerate(by.member) if by.categories[member] == name]
    costs = standings.field.costs[:, i]
    worst = max(members, key=lambda j: (row.metric_ranks[by.metrics[j]], costs[j] == math.inf))
    place, mean = row.category_places[name], row.category_means[name]
    over = f", mean rank {number(mean, 3)} in {len(members)} metrics" if len(members) > 1 else ""
    return f"{TITLES.get(name, name)}: {ordinal(place)} of {n:,}{over}. {_cost(standings, row, i, worst)}"


def _cost(standings: Standings, row: Row, i: int, j: int) -> str:
    metric, costs = standings.table.metrics[j], standings.field.costs[j]
    rank = row.metric_ranks[metric]
    if rank == 1:
        return "Nothing lost: nobody is better."
    best = int(costs.argmin())
    sign = 1 if standings.table.directions[j] == "lower" else -1
    held = standings.field.entries[best].team
    if costs[i] == math.inf:
        return f"Most was lost in {title(metric)}: nothing valid was reported, which is last."
    mine, theirs = (quantity(metric, text) for text in numbers(sign * costs[i], sign * costs[best]))
    return f"Most was lost in {title(metric)}: {ordinal(rank)} with {mine}; the best, {held}, has {theirs}."


def _improvement(steps: list[Improvement], place: int) -> Iterator[str]:
    if not steps:
        if place > 1:
            yield "No single metric, improved alone, would gain a place."
        return
    near, far = steps[0], min(steps, key=lambda step: (step.best_place, step.relative, step.metric))
    if near.value is not None:
        mine, target = (quantity(near.metric, text) for text in numbers(near.value, near.target))
        share = "" if math.isinf(near.relative) else f" by {percent(near.relative)}"
        noise = " (a step within the noise of the measurement)" if near.within_noise else ""
        gained = f"{ordinal(near.place)}{' and no longer shared' if near.place == place else ''}"
        yield f"The nearest gain: {full_title(near.metric)} better{share}, from {mine} past {target}{noise}: {gained}."
    if far.best_place < near.place or near.value is None:
        best = quantity(far.metric, *numbers(far.best))
        yield f"The largest gain: the best {full_title(far.metric)}, past {best}: {ordinal(far.best_place)}."


def title(metric: str) -> str:
    """The title of a metric, "category.metric"; its name if it is unknown.

    >>> title("reconstruction.mse"), title("mine.own")
    ('mean squared error', 'mine.own')
    """
    return METRICS[metric].title if metric in METRICS else metric


def full_title(metric: str) -> str:
    """The titles of a metric and of its category.

    >>> full_title("reconstruction.mse")
    'mean squared error (VAE reconstruction quality)'
    """
    return f"{title(metric)} ({TITLES[metric.split('.')[0]]})" if metric in METRICS else metric


def quantity(metric: str, text: str) -> str:
    """A formatted value with the unit of its metric, if the title does not say it.

    >>> quantity("quality.entropy", "0.07"), quantity("quality.precision", "0.79")
    ('0.07 nats', '0.79')
    >>> quantity("training_performance.vae_images_to_hard_target", "51,200")
    '51,200'
    """
    unit = METRICS[metric].unit if metric in METRICS else "1"
    return text if unit in (*_PLAIN, *title(metric).split()) else f"{text} {unit}"
