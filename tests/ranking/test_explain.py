from dataclasses import replace

import pytest
from hypothesis import given
from tests.ranking.fields import CATEGORIES, brief, fields

from flowleague.ranking.explain import explain, full_title, quantity, title
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.intervals import certainties
from flowleague.ranking.rank import RankingError, rank
from flowleague.ranking.rules import CategoryRule, MetricRule
from flowleague.text import SPACE

RULES = (
    CategoryRule("reconstruction", (MetricRule("mse", "lower"), MetricRule("digit_kept", "higher"))),
    CategoryRule("efficiency", (MetricRule("tensors_total", "lower"),)),
)
KEPT, NUMBERS = title("reconstruction.digit_kept"), title("efficiency.tensors_total")
TEAMS = {"Ada": (0.004, 0.98, 50_000), "Ben": (0.006, 0.99, 40_000), "Cyd": (0.00601, None, 30_000)}


def contest() -> list[Entry]:
    names = ("reconstruction.mse", "reconstruction.digit_kept", "efficiency.tensors_total")
    errors = (0.0001, 0.001, 0.0)
    return [
        Entry(team, team, {n: Measured(v, e) for n, v, e in zip(names, values, errors, strict=True)})
        for team, values in TEAMS.items()
    ]


def test_a_team_is_told_where_it_stands_and_why():
    standings = rank(contest(), RULES)
    assert explain(standings, "Ada").sentences == (
        "Ada is 3rd of 3, with a score of 4.5 (lower is better).",
        "1 point behind Ben: won nothing; lost 1 in model efficiency.",
        "VAE reconstruction quality: 1st of 3, mean rank 1.5 in 2 metrics. "
        f"Most was lost in {KEPT}: 2nd with 0.98; the best, Ben, has 0.99.",
        f"model efficiency: 3rd of 3. Most was lost in {NUMBERS}: 3rd with 50,000; the best, Cyd, has 30,000.",
        f"The nearest gain: {KEPT} (VAE reconstruction quality) better by 1{SPACE}%, from 0.98 past 0.99: 1st.",
    )


def test_noise_and_what_is_missing_are_told():
    standings = rank(contest(), RULES)
    told = explain(standings, "Cyd", certainties(standings))
    assert told.place[1].startswith("With 95 % confidence its true place is 1 to 2; probability of being first: 4")
    assert told.place[2] == "The noise cannot tell these 2 apart: Ben and Cyd."
    assert told.categories == (
        "VAE reconstruction quality: 3rd of 3, mean rank 3 in 2 metrics. "
        f"Most was lost in {KEPT}: nothing valid was reported, which is last.",
        "model efficiency: 1st of 3. Nothing lost: nobody is better.",
    )
    assert told.improvement[0] == (
        f"The nearest gain: mean squared error (VAE reconstruction quality) better by 0.17{SPACE}%, from 0.00601 "
        "intensity² past 0.006 intensity² (a step within the noise of the measurement): 1st."
    )


def test_the_winner_is_compared_with_the_next():
    told = explain(rank(contest(), RULES), "Ben")
    assert told.account == "0.5 points ahead of Cyd: won 1.5 in VAE reconstruction quality; lost 1 in model efficiency."
    assert told.improvement == ()


def test_a_shared_place_is_told_and_leaving_it_is_a_gain():
    twins = [Entry(team, team, {"efficiency.tensors_total": Measured(100.0)}) for team in ("Ada", "Ben")]
    third = Entry("Cyd", "Cyd", {"efficiency.tensors_total": Measured(90.0)})
    told = explain(rank([*twins, third], RULES), "Ben")
    assert explain(rank(twins, RULES), "Ben").account == "Level with Ada: won nothing; lost nothing."
    assert told.place == ("Ben is 2nd of 3, shared with Ada, with a score of 3 (lower is better).",)
    assert told.improvement == (
        f"The nearest gain: {NUMBERS} (model efficiency) better by 10{SPACE}%, from 100 past 90: 1st.",
    )
    unlike = [replace(twins[0], metrics={}), replace(twins[1], metrics={})]
    assert explain(rank(unlike, RULES), "Ben").improvement == ()


def test_a_team_without_a_value_is_told_the_largest_gain():
    told = explain(rank([*contest(), Entry("Dee", "Dee", {})], RULES), "Dee")
    assert told.improvement == (f"The largest gain: the best {NUMBERS} (model efficiency), past 30,000: 1st.",)


@brief
@given(fields())
def test_every_team_of_any_field_can_be_explained(entries):
    standings = rank(entries, CATEGORIES)
    for row in standings.ranked:
        told = explain(standings, row.entry.team)
        assert len(told.categories) == len(CATEGORIES)
        assert all("nan" not in text and "inf" not in text.replace("infinit", "") for text in told.sentences)


def test_a_team_that_is_not_ranked_is_refused():
    base = replace(contest()[0], baseline=True)
    with pytest.raises(RankingError, match=r"'Ada' is not ranked \(baseline\); it would take place 3"):
        explain(rank([base, *contest()[1:]], RULES), "Ada")
    with pytest.raises(RankingError, match="ranked: nobody"):
        explain(rank([], RULES), "Ada")


def test_titles_and_units_come_from_the_catalogue():
    assert full_title("reconstruction.mse") == "mean squared error (VAE reconstruction quality)"
    assert quantity("reconstruction.mse", "0.1") == "0.1 intensity²"
    assert quantity("diversity.recall", "0.9") == "0.9"
    assert title("a.b") == full_title("a.b") == "a.b"
