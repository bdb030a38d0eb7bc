"""A plan by time: the stages keep their proportions, and their seconds add up to what there is."""

import pytest
import torch
from tests.training.tiny import tiny_recipe

from flowleague.bundle.recipe import get_recipe
from flowleague.data import load_training
from flowleague.training import budget
from flowleague.training.budget import (
    LEAST,
    OVERHEAD,
    Pace,
    _tried,
    measure_paces,
    share_out,
    with_images,
)
from flowleague.training.train import _open_run

PACES = [Pace(2000, 4), Pace(50_000, 2), Pace(1500, 3), Pace(700, 11)]


@pytest.mark.parametrize("seconds", [60, 300, 3600])
def test_the_seconds_of_all_stages_add_up_to_the_budget(seconds):
    recipe = get_recipe("quick", [f"budget={seconds}"])
    stages = share_out(recipe, PACES, seconds - 10).stages()
    learning = sum(s.images / pace.rate for s, pace in zip(stages.values(), PACES, strict=True))
    assert learning == pytest.approx((1 - OVERHEAD) * (seconds - 10 - 20), rel=0.01)
    shares = [s.images / own.images for s, own in zip(stages.values(), recipe.stages().values(), strict=True)]
    assert shares == pytest.approx([shares[0]] * 4, rel=0.01)


def test_where_validations_take_all_something_is_still_learned():
    recipe = get_recipe("quick", ["budget=20"])
    stages = share_out(recipe, PACES, 20).stages()
    assert sum(s.images / p.rate for s, p in zip(stages.values(), PACES, strict=True)) == pytest.approx(
        LEAST * 20, rel=0.1
    )


def test_a_short_run_is_not_tuned_and_can_be_resumed():
    recipe = get_recipe("quick", ["budget=30"])
    short, paces = _tried(recipe, iter(PACES), lambda: 0.0)
    assert list(short.stages()) == ["vae", "flow"]
    plan = share_out(short, paces, 30)
    assert sum(s.images / p.rate for s, p in zip(plan.stages().values(), paces, strict=True)) > 20
    assert with_images(recipe, plan) == plan  # what a resumed run is compared with
    longer = get_recipe("quick", ["budget=300"])
    assert _tried(longer, iter(PACES), lambda: 0.0) == (longer, PACES)


def test_what_will_be_left_out_is_not_tried():
    for spent, tried in ((0.0, 4), (49.0, 2), (46.0, 3)):  # half of what is left: 30, 5.5, 7
        measured = iter(PACES)
        short, paces = _tried(get_recipe("quick", ["budget=60"]), measured, lambda spent=spent: spent)
        assert len(PACES) - len(list(measured)) == tried
        assert (len(paces), bool(short.tune.images)) == ((4, True) if tried == 4 else (2, False))


@pytest.mark.long
def test_every_stage_that_is_trained_is_measured(idx_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "TRIAL_SECONDS", 0.05)
    for tuned, stages in (("tune.images=0", 2), ("tune.images=4000", 4)):
        recipe = tiny_recipe(f"dataset={idx_folder}", "budget=1", "critic.batch=10", "tune.batch=10", tuned)
        run = _open_run(
            recipe, tmp_path / tuned, load_training(str(idx_folder)), torch.device("cpu"), False, 10.0, None
        )
        paces = list(measure_paces(recipe, run.digits))
        assert len(paces) == len(recipe.stages()) == stages
        assert all(pace.rate > 0 < pace.fixed for pace in paces)
        assert run.recipe.vae.images != recipe.vae.images  # the plan stands in the run
