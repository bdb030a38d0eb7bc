import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.fields import CATEGORIES, INVALID, METRICS, changed, entry, fields

from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import RankingError, rank, ranks
from flowleague.ranking.rules import CategoryRule, MetricRule, Scheme

SCHEMES = st.sampled_from(("ranks", "mean ranks", "columns"))


def places(entries, scheme: Scheme = "mean ranks") -> dict[str, int]:
    return {row.entry.id: row.place for row in rank(entries, CATEGORIES, scheme).rows}


def cost(one: Entry, metric: str, direction: str) -> float:
    value = one.metrics[metric].value
    if value is None or not math.isfinite(value):
        return math.inf
    return value if direction == "lower" else -value


def test_the_rules_worked_by_hand():
    rules = (
        CategoryRule("alpha", (MetricRule("a", "lower"), MetricRule("b", "higher"))),
        CategoryRule("gamma", (MetricRule("f", "lower"),)),
    )
    table = {"x": (1, 0.9, 30), "y": (2, 0.9, 10), "z": (3, 0.5, None)}
    entries = [
        Entry(name, name, {"alpha.a": Measured(a), "alpha.b": Measured(b), "gamma.f": Measured(f)})
        for name, (a, b, f) in table.items()
    ]
    rows = {row.entry.team: row for row in rank(entries, rules).rows}
    assert rows["x"].metric_ranks == {"alpha.a": 1, "alpha.b": 1, "gamma.f": 2}
    assert rows["y"].category_ranks == {"alpha": 1.5, "gamma": 1.0}
    assert [(rows[n].score, rows[n].place) for n in "xyz"] == [(3.0, 2), (2.5, 1), (6.0, 3)]
    assert rows["y"].category_places == {"alpha": 2, "gamma": 1}
    whole = {row.entry.team: row for row in rank(entries, rules, "ranks").rows}
    assert whole["y"].category_ranks == {"alpha": 2.0, "gamma": 1.0}
    assert whole["y"].category_means == rows["y"].category_ranks == rows["y"].category_means
    assert [(whole[n].score, whole[n].place) for n in "xyz"] == [(3.0, 1), (3.0, 1), (6.0, 3)]


@given(st.lists(st.integers(0, 5) | st.just(math.inf), min_size=1))
def test_a_rank_is_one_more_than_the_number_of_better_ones(costs):
    assert ranks(np.array(costs)).tolist() == [1 + sum(other < c for other in costs) for c in costs]


@given(fields())
def test_whole_ranks_are_one_more_than_the_number_with_a_better_mean(entries):
    rows = rank(entries, CATEGORIES, "ranks").rows
    for row in rows:
        for name, mean in row.category_means.items():
            better = sum(other.category_means[name] < mean for other in rows)
            assert row.category_ranks[name] == row.category_places[name] == 1 + better
        assert row.score == sum(row.category_ranks.values())


@given(fields(), st.randoms(use_true_random=False), st.permutations(range(20)), SCHEMES)
def test_order_and_names_change_nothing(entries, random, names, scheme):
    before = places(entries, scheme)
    renamed = [replace(e, team=f"another {names[i]}") for i, e in enumerate(entries)]
    random.shuffle(renamed)
    assert places(renamed, scheme) == before


@given(fields(), st.data())
def test_a_dominated_entry_never_stands_above_its_dominator(entries, data):
    i = data.draw(st.integers(0, len(entries) - 1))
    weaker = replace(entries[i], id="weak", team="weak")
    for name, direction in data.draw(st.sets(st.sampled_from(METRICS))):
        known = math.isfinite(cost(weaker, name, direction))
        weaker = changed(weaker, name, (9.0 if direction == "lower" else -9.0) if known else None)
    entries = [*entries, weaker]
    after = places(entries)
    assert after[f"id{i}"] <= after["weak"]
    for a in entries:
        for b in entries:
            costs = [(cost(a, *metric), cost(b, *metric)) for metric in METRICS]
            if all(x <= y for x, y in costs) and any(x < y for x, y in costs):
                assert after[a.id] < after[b.id]


@given(fields(), st.data(), st.sampled_from(INVALID))
def test_losing_a_value_never_helps(entries, data, nothing):
    i = data.draw(st.integers(0, len(entries) - 1))
    name, _ = data.draw(st.sampled_from(METRICS))
    lost = [changed(e, name, nothing) if k == i else e for k, e in enumerate(entries)]
    absent = [
        replace(e, metrics={m: v for m, v in e.metrics.items() if m != name}) if k == i else e
        for k, e in enumerate(entries)
    ]
    assert places(lost)[f"id{i}"] >= places(entries)[f"id{i}"]
    assert places(absent) == places(lost)


@given(fields(), st.data())
def test_a_better_value_never_harms(entries, data):
    i = data.draw(st.integers(0, len(entries) - 1))
    name, direction = data.draw(st.sampled_from(METRICS))
    better = -9.0 if direction == "lower" else 9.0
    assert (
        places([changed(e, name, better) if k == i else e for k, e in enumerate(entries)])[f"id{i}"]
        <= places(entries)[f"id{i}"]
    )


@given(fields())
def test_equal_entries_share_a_place_and_the_next_ones_are_passed_over(entries):
    twin = replace(entries[0], id="twin", team="twin")
    after = places([*entries, twin])
    assert after["twin"] == after["id0"]
    for place in after.values():
        assert place == 1 + sum(other < place for other in after.values())


def test_missing_values_are_last_and_share_that():
    values = (0.5, 0.7, *INVALID)
    entries = [entry(i, [Measured(v)] * len(METRICS)) for i, v in enumerate(values)]
    rows = {row.entry.id: row for row in rank(entries, CATEGORIES).rows}
    assert rows["id0"].metric_ranks["alpha.a"] == 1
    assert [rows[f"id{i}"].metric_ranks["alpha.a"] for i in range(2, 6)] == [3] * 4
    assert rows["id1"].metric_ranks["alpha.b"] == 1  # higher is better there: -inf and inf are no values


@given(fields(least=3), st.data(), SCHEMES)
def test_removing_a_baseline_changes_no_place(entries, data, scheme):
    flags = data.draw(st.lists(st.booleans(), min_size=len(entries), max_size=len(entries)))
    entries = [replace(e, baseline=flag) for e, flag in zip(entries, flags, strict=True)]
    before = places(entries, scheme)
    for gone in (e for e in entries if e.baseline):
        assert places([e for e in entries if e is not gone], scheme) == {
            k: p for k, p in before.items() if k != gone.id
        }


@given(fields(least=3), SCHEMES)
def test_a_baseline_shows_the_place_it_would_take(entries, scheme):
    shown = places([replace(entries[0], baseline=True), *entries[1:]], scheme)
    assert shown["id0"] == places(entries, scheme)["id0"]


def test_the_mark_breaks_ties_and_only_ties():
    best, same = [Measured(1.0)] * 6, [Measured(2.0)] * 6
    same[1] = same[4] = Measured(0.0)
    entries = [entry(0, best, analysis=0.0), entry(1, same), entry(2, same, analysis=3.0), entry(3, same, analysis=1.0)]
    assert places(entries) == {"id0": 1, "id2": 2, "id3": 3, "id1": 4}
    shared = {row.entry.id: row.place for row in rank(entries, CATEGORIES, ties="share").rows}
    assert shared == {"id0": 1, "id1": 2, "id2": 2, "id3": 2}


def test_whole_ranks_can_let_a_loss_help():
    """What whole ranks cost, and mean ranks do not: the example of docs/ranking.md."""
    rules = (
        CategoryRule("one", tuple(MetricRule(name, "lower") for name in "abc")),
        CategoryRule("two", (MetricRule("d", "lower"),)),
    )

    names = ("one.a", "one.b", "one.c", "two.d")

    def rows(b: float | None, scheme: Scheme):
        teams = {"P": (1, 3, 1, 1), "X": (3, b, 3, 2), "Q": (2, 1, 2, 3)}
        entries = [
            Entry(team, team, {n: Measured(v) for n, v in zip(names, row, strict=True)}) for team, row in teams.items()
        ]
        return {row.entry.team: row for row in rank(entries, rules, scheme).rows}

    again = [{team: row.score for team, row in rows(b, "ranks").items()} for b in (2, None)]
    assert again == [{"P": 2, "X": 5, "Q": 4}, {"P": 2, "X": 5, "Q": 5}]  # X moves up to Q by losing its value
    assert [rows(b, "mean ranks")["X"].place for b in (2, None)] == [2, 3]


def test_a_team_or_an_id_given_twice_is_refused():
    one, other = entry(0, [Measured(1.0)] * 6), entry(1, [Measured(2.0)] * 6)
    with pytest.raises(RankingError, match="team 'team0' is given 2 times"):
        rank([one, replace(other, team="team0")], CATEGORIES)
    with pytest.raises(RankingError, match="id 'id0' is given 2 times"):
        rank([one, replace(other, id="id0")], CATEGORIES)
    assert rank([one, replace(other, team="team0", baseline=True)], CATEGORIES).winners[0].entry is one


def test_nobody_and_one():
    assert rank([], CATEGORIES).rows == rank([], CATEGORIES).winners == ()
    alone = entry(0, [Measured(None)] * 6)
    assert places([alone]) == {"id0": 1}
    assert places([replace(alone, baseline=True)]) == {"id0": 1}
