from dataclasses import replace

import numpy as np
import pytest
from tests.report.conftest import quiet

from flowleague.bundle.solvers import SOLVERS
from flowleague.model.latent_flow import LatentFlow
from flowleague.report.sweep import MOST_EVALUATIONS, Setting, settings, sweep


@pytest.fixture(scope="module")
def model(bundle):
    return LatentFlow.load(bundle)


@pytest.fixture(scope="module")
def cut(model):
    recipe = replace(model.recipe, flow=replace(model.recipe.flow, cut=0.3, steps=5))
    return LatentFlow.from_bundle(replace(model.bundle_arrays(), recipe=recipe), "the cut model")


def test_every_solver_is_tried_and_the_recipes_own_once(model):
    wanted = settings(model)
    assert [s for s in wanted if s.own] == [Setting("heun", 4, own=True)]
    assert len({(s.solver, s.steps) for s in wanted}) == len(wanted)
    assert max(s.evaluations for s in wanted) == MOST_EVALUATIONS


def test_a_cut_flow_takes_a_step_on_either_side_at_least(cut):
    wanted = settings(cut)
    assert [s for s in wanted if s.own] == [Setting("heun", 5, own=True)]
    assert min(s.steps for s in wanted) == 2
    assert {s.solver for s in wanted} == set(SOLVERS)


def test_more_steps_and_higher_order_come_nearer_to_the_exact_solution(model):
    found = sweep(model, 50, [], None, lambda share: quiet("", share))
    errors = {(o.setting.solver, o.setting.steps): o.error for o in found.outcomes}
    euler = [errors["euler", 2**k] for k in range(6)]
    assert (np.diff(euler) < 0).all()
    assert errors["rk4", 8] < errors["heun", 16] < errors["euler", 32]
    assert found.own.setting.solver == "heun"
    assert all(o.verdict is None for o in found.outcomes)


@pytest.mark.parametrize("kind", ["model", "cut"])
def test_a_setting_gives_the_samples_of_a_model_that_has_it(kind, request, monkeypatch):
    model, drawn = request.getfixturevalue(kind), []
    monkeypatch.setattr("flowleague.report.sweep.judge_images", lambda images, seen: drawn.append(images))
    found = sweep(model, 50, [object()], None, lambda share: quiet("", share))  # pyright: ignore[reportArgumentType]
    own = drawn[found.outcomes.index(found.own)]
    assert model.recipe.flow.clusters
    assert np.allclose(own, model.generate(50).numpy(), atol=1e-5)
    other = next(k for k, o in enumerate(found.outcomes) if o.setting == Setting("midpoint", 4))
    recipe = replace(model.recipe, flow=replace(model.recipe.flow, solver="midpoint", steps=4))
    anew = LatentFlow.from_bundle(replace(model.bundle_arrays(), recipe=recipe), "the model anew")
    assert np.allclose(drawn[other], anew.generate(50).numpy(), atol=1e-5)
