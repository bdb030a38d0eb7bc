"""What a sweep found: the front, importance, ranks, the one to train, and the page of it."""

import json

import pytest
from tests.browser import OpenPage, faults, overflow
from tests.sweep.stub import COUNT, MSE, Stub, card_of, make_plan
from tests.sweep.test_coordinator import go_on

from flowleague.contest.verdict import published_rules
from flowleague.sweep.chart import axis
from flowleague.sweep.page import PAGE, PICTURE, command, write_page
from flowleague.sweep.plan import alone_with, read_plan
from flowleague.sweep.result import RANKS, Rules, for_programs, result
from flowleague.sweep.space import read_objectives
from flowleague.sweep.study import open_study, tell_failed

RULES = published_rules("mnist")
BY = Rules(RULES.categories, RULES.ranking.scheme, RULES.fairness)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sweep of twelve trials, of which one failed."""
    folder = tmp_path_factory.mktemp("sweeps") / "<b>quick"
    study, _ = go_on(folder, Stub(), trials=12)
    tell_failed(study, study.ask({}).number, "The loss of <vae> is not finite.")
    return folder


@pytest.fixture(scope="module")
def found(folder):
    with alone_with(folder):
        plan = read_plan(folder)
        return result(folder, plan, open_study(folder, plan), BY)


def test_a_trial_is_the_mean_over_seeds_with_its_standard_error(found, folder):
    for trial in found.trials:
        values = [card_of(folder, trial.number, seed).metrics()[MSE].value or 0.0 for seed in (0, 1)]
        assert trial.figures[0].value == pytest.approx(sum(values) / 2)
        assert trial.figures[0].error == pytest.approx(abs(values[0] - values[1]) / 2)


def test_the_front_holds_what_nothing_beats(found):
    points = {trial.number: (trial.figures[0].value, trial.figures[1].value) for trial in found.trials}

    def beaten(a):
        return any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in points.values())

    assert {trial.number for trial in found.front} == {n for n, point in points.items() if not beaten(point)}
    errors = [trial.figures[0].value for trial in found.front]
    assert errors == sorted(errors)
    assert found.chosen in found.front
    assert found.chosen.score == min(trial.score for trial in found.front)


def test_what_an_objective_follows_is_important_for_it(found):
    assert set(found.importance) == {MSE, COUNT, RANKS}
    for name in (MSE, COUNT):
        assert max(found.importance[name], key=found.importance[name].__getitem__) == "vae.channels"
        assert sum(found.importance[name].values()) == pytest.approx(1)
    assert {one.key for one in found.bought} == {dial.key for dial in found.plan.dials}
    assert all(one.ranks >= 0 for one in found.bought)
    assert found.bought[0].ranks == max(one.ranks for one in found.bought)


def test_the_command_trains_the_chosen_one_in_full(found):
    said = command(found, found.chosen)
    assert said.startswith("flowleague train quick --set vae.channels=")
    assert "--budget" not in said
    assert f"vae.kl_weight={found.chosen.values['vae.kl_weight']!r}" in said  # to the last digit


def test_a_sweep_for_programs(found, folder):
    said = json.loads(json.dumps(for_programs(found, folder)))
    assert said["chosen"] == found.chosen.number
    assert said["failed"] == {"12": "The loss of <vae> is not finite."}
    assert len(said["trials"]) == 12
    assert set(said["trials"][0]["objectives"]) == {MSE, COUNT}


def test_a_single_objective_and_few_trials_have_a_page_too(tmp_path):
    plan = make_plan(objectives=read_objectives([], ["diversity.recall"]), seeds=(0,))
    study, _ = go_on(tmp_path / "one", Stub(), trials=2, plan=plan)
    few = result(tmp_path / "one", plan, study, BY)
    assert few.importance == {}
    assert few.front[0].figures[0].error == 0.01  # the card's own
    assert len(write_page(few, tmp_path / "one")) == 2


def test_nothing_measured_yet_is_said(tmp_path):
    plan = make_plan()
    study, _ = go_on(tmp_path / "none", Stub(), trials=0)
    (page,) = write_page(result(tmp_path / "none", plan, study, BY), tmp_path / "none")
    assert "No trial is measured yet." in page.read_text()


@pytest.mark.parametrize("values", [[0.0], [1e-6, 1e-4], [-3.0, 5.0], [1.0, 1.0], [3e5, 4e5], [1e-9, 1e9]])
def test_an_axis_has_some_ticks_within_it(values):
    drawn = axis("x", values)
    assert 1 <= len(drawn.ticks) <= 8
    assert all(-1e-9 <= drawn.at(value) <= 1 + 1e-9 for value in [*values, *(tick for tick, _ in drawn.ticks)])


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_the_page_is_whole_without_a_script_or_another_host(size, dark, found, folder, open_page: OpenPage):
    write_page(found, folder)
    text = (folder / PAGE).read_text()
    assert "<script" not in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert "<vae>" not in text
    page = open_page(folder / PAGE, size, dark=dark)
    assert page.locator("tr[id]").count() == len(found.front)
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"  # the policy lets the style pass
    assert overflow(page) == 0
    assert faults(page) == []
    first = page.locator(".chart a").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.url.rpartition("#")[2] in {f"trial-{trial.number}" for trial in found.front}
    assert page.locator("tr:target").count() == 1
    open_page(folder / PICTURE)
