from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, fields

from flowleague.edition2025.compare import alternatives, seven_columns
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import rank, rank_by
from flowleague.ranking.rules import CategoryRule, MetricRule, Scheme
from flowleague.ranking.sensitivity import Change, sensitivity


def winners(entries, categories=CATEGORIES, scheme: Scheme = "mean ranks") -> tuple[str, ...]:
    return tuple(sorted(row.entry.team for row in rank(entries, categories, scheme).winners))


@given(fields(least=3), st.sampled_from(("ranks", "mean ranks", "columns")))
def test_without_a_team_is_what_ranking_again_finds(entries, scheme):
    standings = rank(entries, CATEGORIES, scheme)
    found = {change.name: change.winners for change in sensitivity(standings) if change.kind == "team"}
    for gone in entries:
        left = [row for row in standings.ranked if row.entry is not gone]
        expected = tuple(sorted(row.entry.team for row in left if row.place == left[0].place))
        actual = winners([e for e in entries if e is not gone], scheme=scheme)
        assert found.get(gone.team, expected) == actual
        assert (gone.team in found) == (actual != expected)


@given(fields(least=4), st.sampled_from(("ranks", "mean ranks", "columns")))
def test_who_would_be_ahead_of_the_first_alone_is_what_ranking_both_finds(entries, scheme):
    standings = rank(entries, CATEGORIES, scheme)
    told = {team for change in sensitivity(standings) if change.kind == "alone" for team in change.winners}
    first, *shared = winners(entries, scheme=scheme)
    (best,) = (entry for entry in entries if entry.team == first)
    pairs = {entry.team: winners([best, entry], scheme=scheme) for entry in entries if entry is not best}
    assert told == (set() if shared else {team for team, ahead in pairs.items() if ahead == (team,)})


@given(fields(least=3), st.sampled_from(("ranks", "mean ranks")))
def test_without_a_category_and_by_columns_is_what_ranking_again_finds(entries, scheme):
    changes = sensitivity(rank(entries, CATEGORIES, scheme))
    now = winners(entries, scheme=scheme)
    for category in CATEGORIES:
        again = winners(entries, [c for c in CATEGORIES if c is not category], scheme)
        told = [c.winners for c in changes if (c.kind, c.name) == ("category", category.name)]
        assert told == ([again] if again != now else [])
    if scheme == "ranks":
        by_means = winners(entries, scheme="mean ranks")
        told = [c.winners for c in changes if c.name == "mean ranks in the categories"]
        assert told == ([by_means] if by_means != now else [])
    known = all(any(e.metrics[m].value is not None for e in entries) for m in entries[0].metrics)
    by_columns = winners(entries, scheme="columns")
    told = [c.winners for c in changes if c.name == "equal weights of metrics"]
    if by_columns == now:
        assert told == []
    elif known and all(np.isfinite(e.metrics[m].value or 0.0) for e in entries for m in e.metrics):
        assert told == [by_columns]


def test_the_seven_columns_are_told_when_they_are_known():
    by = seven_columns()
    rules = (CategoryRule("efficiency", (MetricRule("parameters_official", "lower"),)),)
    good = dict.fromkeys(by.metrics, 1.0)
    small = {
        name: 0.0 if direction == "higher" or name == "efficiency.parameters_official" else 2.0
        for name, direction in zip(by.metrics, by.directions, strict=True)
    }
    entries = [
        Entry(team, team, {n: Measured(v) for n, v in values.items()}) for team, values in (("A", good), ("B", small))
    ]
    assert [row.entry.team for row in rank_by(entries, by).winners] == ["A"]
    assert sensitivity(rank(entries, rules)) == []
    (change,) = sensitivity(rank(entries, rules), alternatives())
    assert change == Change("scheme", "the seven columns of 2025", ("A",))
    assert str(change) == "With the seven columns of 2025, A would be first."


def test_what_cannot_change_is_not_told():
    lone = Entry("a", "a", {})
    assert sensitivity(rank([], CATEGORIES)) == sensitivity(rank([lone], CATEGORIES)) == []
    best = {
        f"{c.name}.{m.name}": Measured(1.0 if m.direction == "lower" else 2.0) for c in CATEGORIES for m in c.metrics
    }
    others = [replace(lone, id=str(i), team=str(i)) for i in range(4)]
    assert sensitivity(rank([replace(lone, metrics=best), *others], CATEGORIES)) == []


def test_sentences():
    assert str(Change("team", "Chris", ("marco", "brody"))) == "Without team Chris, marco and brody would be first."
    assert str(Change("alone", "Ann", ("Bob",))) == "In a field of two, Bob would be ahead of Ann."
    assert str(Change("alone", "Ann", ("Bob", "Cy"))) == "In a field of two, each of Bob and Cy would be ahead of Ann."
    category = Change("category", "efficiency", ("marco",))
    assert str(category) == "Without category model efficiency, marco would be first."
