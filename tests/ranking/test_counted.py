import math
from dataclasses import replace

import pytest

from flowleague.ranking.awards import Awards, OpenInnovation, give_awards
from flowleague.ranking.counted import NEED_A_MODEL, as_real, counted
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.findings import CONSEQUENCES, Consequence, Flag, is_declared
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, Direction, Fairness, MetricRule
from flowleague.ranking.sensitivity import Change, sensitivity
from flowleague.scorecard.metrics import CATEGORIES, METRICS

RULES = tuple(
    CategoryRule(c.name, tuple(MetricRule(m.name, m.direction) for m in c.metrics if m.direction != "shown"))
    for c in CATEGORIES
)
STRICT = Fairness(real_margin=2.0, least_digit_kept=0.8, least_recall=0.1, findings="count")
REAL = {"quality.precision": 0.86, "diversity.class_divergence": 0.00045, "reconstruction.digit_kept": 0.996}


def honest(team: str, value: float = 0.5, **changes: Measured) -> Entry:
    """An entry with every figure."""
    metrics = dict.fromkeys(METRICS, Measured(value)) | {"reconstruction.digit_kept": Measured(0.99)}
    return Entry(team, team, metrics | {name.replace("__", "."): value for name, value in changes.items()})


def flagged(entry: Entry, name: str, category: str = "quality", cleared: str = "") -> Entry:
    return replace(entry, flags=(Flag(name, "So it is.", (category,), cleared),))


def strict(entry: Entry) -> Entry:
    return counted(entry, REAL, STRICT, RULES, "ranks")


def test_without_the_table_everything_counts_as_it_was_measured():
    entry = flagged(honest("A", diversity__recall=Measured(0.0)), "stored_bank")
    assert counted(entry, REAL, Fairness(), RULES) == entry


def test_looking_better_than_real_images_gains_nothing():
    two = [honest(t, quality__precision=Measured(v)) for t, v in (("A", 0.99), ("B", 0.88))]
    floor = as_real(0.86, METRICS["quality.precision"].noise, "higher", 2.0)
    assert {strict(entry).metrics["quality.precision"].value for entry in two} == {floor}
    worse = honest("C", quality__precision=Measured(0.80))
    assert strict(worse).metrics["quality.precision"].value == 0.80
    rows = rank(map(strict, [*two, worse]), RULES).rows
    ranks = {row.entry.team: row.metric_ranks["quality.precision"] for row in rows}
    assert ranks == {"A": 1, "B": 1, "C": 3}


@pytest.mark.parametrize(("direction", "floor"), [("lower", 1.2), ("higher", 0.8)])
def test_the_margin_is_on_the_worse_side(direction: Direction, floor: float):
    assert as_real(1.0, 0.1, direction, 2.0) == pytest.approx(floor)


@pytest.mark.parametrize("name", ["reconstruction.digit_kept", "diversity.recall"])
@pytest.mark.parametrize("value", [0.05, None])
def test_a_stored_digit_is_last_where_a_model_is_asked_for_and_wins_nothing(name, value):
    stored = honest("stored", 0.0, **{name.replace(".", "__"): Measured(value)})
    for metric in ("quality.precision", "quality.density", "diversity.coverage", "reconstruction.ssim"):
        stored.metrics[metric] = Measured(1.0)  # pyright: ignore[reportIndexIssue]
    standings = rank(map(strict, [stored, honest("A"), honest("B", 0.4)]), RULES, "ranks")
    (row,) = [row for row in standings.rows if row.entry.team == "stored"]
    assert {name: row.category_ranks[name] for name in NEED_A_MODEL} == dict.fromkeys(NEED_A_MODEL, 3)
    assert [flag.name for flag in row.entry.flags] == ["below_floor"]
    (award,) = give_awards(standings, Awards(open_innovation=OpenInnovation()))
    assert [winner.team for winner in award.winners] == [standings.winners[0].entry.team] != ["stored"]
    assert "stored" in [missed.entry.team for missed in award.missed]


@pytest.mark.parametrize("name", [name for name, cost in CONSEQUENCES.items() if cost is Consequence.ASIDE])
def test_a_serious_finding_moves_nobody_and_wins_nothing_until_it_is_cleared(name):
    best, others = flagged(honest("best", 0.1), name), [honest("A", 0.3), honest("B", 0.4)]
    rows = {row.entry.team: row for row in rank(map(strict, [best, *others]), RULES, "ranks").rows}
    alone = {row.entry.team: row.score for row in rank(map(strict, others), RULES, "ranks").rows}
    assert not rows["best"].entry.ranks
    assert rows["best"].entry.barred
    assert {team: rows[team].score for team in alone} == alone
    freed = flagged(honest("best", 0.1), name, cleared="A. Judge: looked at")
    assert strict(freed).ranks
    assert strict(freed).flags[0].label.endswith("(cleared)")


def test_a_void_category_is_last_and_a_void_metric_missing():
    entry = strict(flagged(honest("A"), "ignores_seed", "diversity"))
    assert not [name for name in entry.metrics if name.startswith("diversity.")]
    entry = counted(flagged(honest("A"), "training_log", "training_performance"), {}, STRICT, RULES)
    assert not [name for name in entry.metrics if is_declared(name)]
    assert strict(flagged(honest("A"), "hidden_bits")).metrics == strict(honest("A")).metrics  # a note


def test_a_missing_figure_is_last_in_its_category_and_an_unreached_target_in_its_metric():
    lacking = strict(honest("A", reconstruction__ssim=Measured(None)))
    assert "reconstruction.mse" not in lacking.metrics
    assert "quality.frechet" in lacking.metrics
    target = "training_performance.vae_images_to_hard_target"
    whole = honest("A")
    unreached = strict(replace(whole, metrics={**whole.metrics, target: Measured(math.nan)}))
    assert "training_performance.vae_final_mse" in unreached.metrics


def test_a_first_place_that_hangs_on_declared_figures_is_told():
    logged = {name: Measured(0.1) for name in METRICS if is_declared(name)}
    first = replace(honest("told", 0.45), metrics={**honest("told", 0.45).metrics, **logged})
    second = honest("measured", 0.45)
    assert Change("declared", "", ("measured", "told")) in sensitivity(rank([first, second], RULES, "ranks"))
    changes = sensitivity(rank([first, replace(second, metrics={})], RULES, "ranks"))
    assert not [change for change in changes if change.kind == "declared"]
