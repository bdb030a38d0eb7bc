import numpy as np
import pytest
from tests.report.conftest import quiet

from flowleague.model.latent_flow import LatentFlow
from flowleague.report.sweep import MOST_EVALUATIONS, Setting, settings, sweep


@pytest.fixture(scope="module")
def model(bundle):
    return LatentFlow.load(bundle)


def test_every_solver_is_tried_and_the_recipes_own_once(model):
    wanted = settings(model)
    assert [s for s in wanted if s.own] == [Setting("heun", 4, own=True)]
    assert len({(s.solver, s.steps) for s in wanted}) == len(wanted)
    assert max(s.evaluations for s in wanted) == MOST_EVALUATIONS


def test_more_steps_and_higher_order_come_nearer_to_the_exact_solution(model):
    found = sweep(model, 50, [], None, lambda share: quiet("", share))
    errors = {(o.setting.solver, o.setting.steps): o.error for o in found.outcomes}
    euler = [errors["euler", 2**k] for k in range(6)]
    assert (np.diff(euler) < 0).all()
    assert errors["rk4", 8] < errors["heun", 16] < errors["euler", 32]
    assert found.own.setting.solver == "heun"
    assert all(o.verdict is None for o in found.outcomes)


def test_the_recipes_own_setting_gives_the_models_own_samples(model, monkeypatch):
    drawn = []
    monkeypatch.setattr("flowleague.report.sweep.judge_images", lambda images, seen: drawn.append(images))
    found = sweep(model, 50, [object()], None, lambda share: quiet("", share))  # pyright: ignore[reportArgumentType]
    own = drawn[found.outcomes.index(found.own)]
    assert model.recipe.flow.clusters
    assert np.allclose(own, model.generate(50).numpy(), atol=1e-5)
