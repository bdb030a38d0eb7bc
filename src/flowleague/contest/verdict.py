"""Where a scorecard would place: among reference entries, or in a contest; by category, how surely, and what is next.

The entry is ranked beside the others as one of them. The place in a category is by its rank there alone, and its true
place is what the noise allows, 95 %: the intervals of `flowleague.ranking.intervals` with only that category ranked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flowleague.contest.folder import template
from flowleague.contest.rules import Rules, parse_rules
from flowleague.ranking.counted import counted
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.gains import Gain, gains
from flowleague.ranking.intervals import Certainty, certainties
from flowleague.ranking.rank import Row, Standings, rank
from flowleague.ranking.rules import CategoryRule
from flowleague.scorecard.card import Metric, Scorecard, read_scorecard
from flowleague.shipped import names, peers, scorecard
from flowleague.text import ordinal

_MINE = "this card"  # an id that no entry of a contest has


@dataclass(frozen=True)
class CategoryPlace:
    """One category: the first of its metrics with its value, the rank that adds to the sum, and the place by it.

    `shared`: another entry has the same rank; `low` to `high`: the places that the noise allows, 95 %.
    """

    name: str
    metric: str
    measured: Metric
    rank: float
    place: int
    shared: bool
    low: int
    high: int


@dataclass(frozen=True)
class Verdict:
    """The place of a card among `of` entries, itself included.

    score       the sum that ranks; lower is better
    rivals      names and scores of those nearest to it, the best first
    categories  the best place first
    steps       what gains points, see `flowleague.ranking.gains`
    ahead       how many points the next better entry is away, and which; None for the first
    ranked      names of the metrics that rank, "category.metric"
    """

    name: str
    place: int
    of: int
    score: float
    certainty: Certainty
    rivals: tuple[tuple[str, float], ...]
    categories: tuple[CategoryPlace, ...]
    steps: tuple[Gain, ...]
    ahead: tuple[str, float] | None
    ranked: tuple[str, ...]

    @property
    def strongest(self) -> CategoryPlace:
        """The category with the best place, and of those the one that adds least to the sum."""
        return min(self.categories, key=lambda category: (category.place, category.rank))

    @property
    def weakest(self) -> CategoryPlace:
        """The category that adds most to the sum."""
        return max(self.categories, key=lambda category: category.rank)


def published_rules(dataset: str) -> Rules:
    """The rules of a new contest, as the template has them."""
    text = template("reference", dataset, "UTC", datetime(2025, 1, 1), datetime(2025, 1, 2))
    return parse_rules(text)


def verdict(card: Scorecard, others: Iterable[Entry], rules: Rules) -> Verdict:
    """Rank a card among other entries, which are as they count, by the rules of a contest.

    >>> from flowleague.scorecard.card import read_scorecard
    >>> from flowleague.shipped import scorecard
    >>> rules = published_rules("mnist")
    >>> base, tiny = (read_scorecard(scorecard(name)) for name in ("base", "tiny"))
    >>> found = verdict(base, [entry_of(tiny)], rules)
    >>> found.place, found.of, len(found.categories)
    (1, 2, 6)
    """
    others = [entry for entry in others if entry.ranks]
    taken = {entry.team for entry in others}
    name = card.name if card.name not in taken else f"{card.name} (this card)"
    mine = replace(as_counted(card, card, rules), id=_MINE, team=name)
    categories = rules.categories
    standings = rank([*others, mine], categories, rules.ranking.scheme, rules.ranking.ties)
    row = _row(standings)
    better = [other for other in standings.ranked if other.place < row.place]
    return Verdict(
        name=name,
        place=row.place,
        of=len(standings.ranked),
        score=row.score,
        certainty=certainties(standings)[_MINE],
        rivals=tuple((other.entry.team, other.score) for other in _nearest(standings, row)),
        categories=tuple(_category_places(card, [*others, mine], categories, row, standings)),
        steps=tuple(gains(standings, standings.field.entries.index(row.entry))),
        ahead=(better[-1].entry.team, row.score - better[-1].score) if better else None,
        ranked=standings.table.metrics,
    )


def among_references(card: Scorecard) -> tuple[Verdict | None, str]:
    """The verdict on a card beside peers and shipped models, and among which; None, and why, where nothing compares."""
    others = comparable(card, {name: read_scorecard(path) for name, path in peers().items()})
    ours = comparable(card, {name: read_scorecard(scorecard(name)) for name in names()})
    if not others and not ours:
        other = "on more images" if card.plan == "quick" else "on other images or by other judges"
        return None, f"No place: the reference entries were measured {other}."
    rules = published_rules("mnist")
    entries = [as_counted(other, card, rules) for other in (*others.values(), *ours.values())]
    among = (
        f"Beside {len(others)} peers and {len(ours)} shipped models{_among_peers(card, entries[: len(others)], rules)}."
    )
    return verdict(card, entries, rules), among


def _among_peers(card: Scorecard, entries: Sequence[Entry], rules: Rules) -> str:
    """What is said of the place among the peers alone, without the shipped models."""
    if not entries:
        return ""
    alone = verdict(card, entries, rules)
    firsts = sum(category.place == 1 for category in alone.categories)
    of = f"{firsts} of {len(alone.categories)} categories"
    return f"; beside the peers alone {ordinal(alone.place)} of {alone.of:,}, first in {of}"


def rough(card: Scorecard) -> str:
    """What is said beside a place in a contest of a card of few images; beside references such a card has no place."""
    return " A dry run reads few images: the place is rough." if card.plan == "quick" else ""


def entry_of(card: Scorecard) -> Entry:
    """A card as an entry of a team with its name."""
    metrics = {name: Measured(m.value, m.standard_error or 0.0) for name, m in card.metrics().items()}
    return Entry(card.name, card.name, metrics)


def as_counted(card: Scorecard, measured: Scorecard, rules: Rules) -> Entry:
    """A card as an entry with the figures that count by the rules; `measured` has those of real images."""
    real = {name: m.reference for name, m in measured.metrics().items() if m.reference is not None}
    return counted(entry_of(card), real, rules.fairness, rules.categories, rules.ranking.scheme)


def comparable(card: Scorecard, references: Mapping[str, Scorecard]) -> dict[str, Scorecard]:
    """The reference cards that a card may be held against: same images, same judges, and not the same weights."""
    weights = {file.sha256 for file in card.weights}
    return {
        name: other
        for name, other in references.items()
        if other.data_sha256 == card.data_sha256
        and other.judges == card.judges
        and not (weights and weights == {file.sha256 for file in other.weights})
    }


def _row(standings: Standings) -> Row:
    return next(row for row in standings.rows if row.entry.id == _MINE)


def _nearest(standings: Standings, row: Row, most: int = 3) -> list[Row]:
    """The leader and those next to a row in the standings, itself left out, by place."""
    ranked = list(standings.ranked)
    i = ranked.index(row)
    beside = {0, i - 1, i + 1, i - 2, i + 2} - {i}
    chosen = [j for j in sorted(beside, key=lambda j: (j != 0, abs(j - i), j)) if 0 <= j < len(ranked)][:most]
    return [ranked[j] for j in sorted(chosen)]


def _category_places(
    card: Scorecard, entries: Sequence[Entry], rules: Sequence[CategoryRule], row: Row, standings: Standings
) -> list[CategoryPlace]:
    found, metrics = [], card.metrics()
    for rule in rules:
        if rule.name not in row.category_ranks:  # in the columns scheme all metrics are one category
            continue
        alone = rank(entries, [rule], "mean ranks", "share")
        sure = certainties(alone)[_MINE]
        points, place = row.category_ranks[rule.name], row.category_places[rule.name]
        ranks_there = [other.category_ranks[rule.name] for other in standings.ranked]
        metric = f"{rule.name}.{rule.metrics[0].name}"
        low, high = min(sure.low, place), max(sure.high, place)
        shared = ranks_there.count(points) > 1
        found.append(CategoryPlace(rule.name, metric, metrics[metric], points, place, shared, low, high))
    return sorted(found, key=lambda category: (category.place, category.rank))
