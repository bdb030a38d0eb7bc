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
    paths_of,
    share_out,
    with_images,
)
from flowleague.training.objectives import Digits
from flowleague.training.train import _open_run

PACES = {"vae": Pace(2000, 4), "flow": Pace(50_000, 2), "critic": Pace(1500, 3), "tune": Pace(700, 11)}
IN_TURN = [list(PACES)]
BESIDE = [["vae", "flow", "tune"], ["critic", "tune"]]


@pytest.mark.parametrize("seconds", [60, 300, 3600])
def test_the_seconds_of_all_stages_add_up_to_the_budget(seconds):
    recipe = get_recipe("quick", [f"budget={seconds}"])
    stages = share_out(recipe, PACES, seconds - 10, IN_TURN).stages()
    learning = sum(s.images / PACES[name].rate for name, s in stages.items())
    assert learning == pytest.approx((1 - OVERHEAD) * (seconds - 10 - 20), rel=0.01)
    shares = [s.images / own.images for s, own in zip(stages.values(), recipe.stages().values(), strict=True)]
    assert shares == pytest.approx([shares[0]] * 4, rel=0.01)


def test_where_validations_take_all_something_is_still_learned():
    recipe = get_recipe("quick", ["budget=20"])
    stages = share_out(recipe, PACES, 20, IN_TURN).stages()
    assert sum(s.images / PACES[name].rate for name, s in stages.items()) == pytest.approx(LEAST * 20, rel=0.1)


@pytest.mark.parametrize("images", [1_000, 5_000_000])
def test_beside_each_other_the_longer_path_takes_the_budget(images):
    recipe = get_recipe("quick", ["budget=300", f"critic.images={images}", "critic.batch=100"])
    stages = share_out(recipe, PACES, 300, BESIDE).stages()

    def seconds(path):
        return sum(PACES[name].fixed + stages[name].images / PACES[name].rate for name in path)

    longest, other = sorted(map(seconds, BESIDE), reverse=True)
    assert other < longest == pytest.approx(300, rel=0.04)
    assert longest < 300
    assert (seconds(BESIDE[1]) == longest) == (images > 1_000)


def test_stages_run_beside_each_other_on_two_threads_only(monkeypatch):
    for threads, device, expected in ((1, "cpu", IN_TURN), (2, "cpu", BESIDE), (2, "cuda", IN_TURN)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert [list(path) for path in paths_of(get_recipe("quick"), torch.device(device))] == expected
    assert len(paths_of(get_recipe("quick", ["tune.images=0"]), torch.device("cpu"))) == 1


def test_a_short_run_is_not_tuned_and_can_be_resumed():
    recipe = get_recipe("quick", ["budget=30"])
    short, paces = _tried(recipe, iter(PACES.items()), lambda: 0.0)
    assert list(short.stages()) == ["vae", "flow"]
    plan = share_out(short, paces, 30, [["vae", "flow"]])
    assert sum(s.images / paces[name].rate for name, s in plan.stages().items()) > 20
    assert with_images(recipe, plan) == plan  # what a resumed run is compared with
    longer = get_recipe("quick", ["budget=300"])
    assert _tried(longer, iter(PACES.items()), lambda: 0.0) == (longer, PACES)


def test_what_is_measured_again_counts_if_stages_run_beside_each_other():
    again = {"vae": Pace(1000, 5), "flow": Pace(40_000, 3)}
    measured = [("vae", PACES["vae"]), ("flow", PACES["flow"]), *again.items()]
    measured += [(name, PACES[name]) for name in ("critic", "tune")]
    recipe = get_recipe("quick", ["budget=300"])
    assert _tried(recipe, iter(measured), lambda: 0.0) == (recipe, PACES | again)
    short, paces = _tried(recipe, iter(measured), lambda: 265.0)  # known after vae, flow, vae, flow, critic
    assert (list(short.stages()), paces) == (["vae", "flow"], {name: PACES[name] for name in ("vae", "flow")})


def test_what_will_be_left_out_is_not_tried():
    for spent, tried in ((0.0, 4), (49.0, 2), (46.0, 3)):  # half of what is left: 30, 5.5, 7
        measured = iter(PACES.items())
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
        assert [name for name, _ in paces] == list(recipe.stages())
        assert len(paces) == stages
        assert all(pace.rate > 0 < pace.fixed for _, pace in paces)
        assert run.recipe.vae.images != recipe.vae.images  # the plan stands in the run


@pytest.mark.long
def test_beside_each_other_stages_are_measured_on_their_threads(few_digits, two_threads, monkeypatch):
    monkeypatch.setattr(budget, "TRIAL_SECONDS", 0.05)
    seen = []
    measured = budget.images_per_second
    monkeypatch.setattr(
        budget, "images_per_second", lambda *words: seen.append(torch.get_num_threads()) or measured(*words)
    )
    recipe = tiny_recipe("budget=60", "critic.batch=10", "tune.batch=10", "tune.images=4000")
    paces = list(measure_paces(recipe, Digits.on(torch.device("cpu"), few_digits)))
    assert [name for name, _ in paces] == ["vae", "flow", "vae", "flow", "critic", "tune"]
    assert seen == [2, 2, 1, 1, 1, 2]
    assert all(pace.rate > 0 < pace.fixed for _, pace in paces)
