from dataclasses import replace

import numpy as np
import pytest

from flowleague.judge.evidence import Verdict
from flowleague.model.cost import cost
from flowleague.report.latents import Shrunk
from flowleague.report.losses import Losses
from flowleague.report.subject import open_subject
from flowleague.report.sweep import Outcome, Setting, Sweep
from flowleague.report.tradeoffs import costs, longer, smaller_latent, smaller_networks, steps, straighter
from flowleague.text import percent

NOISE = np.random.default_rng(0).normal(0, 0.1, 10)


@pytest.fixture(scope="module")
def subject(bundle):
    return open_subject(bundle)


def outcome(solver, count, frechet, own=False):
    noise = NOISE * (0.9 + 0.01 * count)
    return Outcome(Setting(solver, count, own), 1 / count, Verdict(frechet, frechet + noise, 0.9, 0.01, np.ones(10)))


def test_fewer_steps_are_named_only_when_their_quality_is_within_the_noise(subject):
    own = outcome("heun", 4, 5.0, own=True)
    cheap, poor = outcome("midpoint", 2, 5.001), outcome("euler", 1, 50.0)
    (lever,) = steps(Sweep([poor, cheap, own], 100, 1.0), subject.costs, cut=False)
    assert lever.change == "`flow.solver=midpoint`, `flow.steps=2`"
    assert "from 8 to 4" in lever.effect
    assert steps(Sweep([poor, own], 100, 1.0), subject.costs, cut=False) == []


def test_more_steps_are_named_when_they_are_better(subject):
    own, better = outcome("heun", 4, 5.0, own=True), outcome("heun", 8, 3.0)
    (lever,) = steps(Sweep([own, better], 100, 1.0), subject.costs, cut=False)
    assert lever.price == "16 evaluations per sample instead of 8"
    (lever,) = steps(Sweep([own, better], 100, 1.0), subject.costs, cut=True)
    assert lever.price.endswith(
        "instead of 8; the decoder's steps change with them, and so do latents and reconstructions"
    )


def test_a_smaller_latent_is_offered_where_it_costs_little(subject):
    recipe = subject.bundle.recipe
    (lever,) = smaller_latent([Shrunk(4, 0.1, 0), Shrunk(16, 0.0105, 0), Shrunk(49, 0.01, 0)], recipe)
    assert "vae.latent=16" in lever.change
    (lever,) = smaller_latent([Shrunk(16, 0.02, 0), Shrunk(49, 0.01, 0)], recipe)
    assert "every dimension is used" in lever.effect
    (lever,) = smaller_latent([Shrunk(1, 0.01, 0), Shrunk(49, 0.01, 0)], recipe)
    assert "vae.latent=3`" in lever.change


def test_smaller_networks_weigh_what_they_would(subject):
    recipe = subject.bundle.recipe
    flow, vae = smaller_networks(recipe, subject.costs)
    then = cost(recipe.vae, replace(recipe.flow, width=8))
    assert f"{then.with_buffers:,} parameters instead of {subject.costs.with_buffers:,}" in flow.effect
    assert vae.change == "`vae.channels=4`"
    smallest = replace(recipe, vae=replace(recipe.vae, channels=4), flow=replace(recipe.flow, width=4))
    assert smaller_networks(smallest, cost(smallest.vae, smallest.flow)) == []


def test_longer_training_is_offered_only_while_it_still_helps(subject):
    recipe = subject.bundle.recipe
    assert longer(Losses("vae", [], 100, 10, 0.001), recipe) == []
    (lever,) = longer(Losses("vae", [], 100, 10, 0.1), recipe)
    assert lever.change == f"`vae.images={2 * recipe.vae.images}`, twice as many"


def test_straight_paths_need_no_straightening(subject):
    assert straighter(0.01, subject.bundle.recipe) == []
    assert straighter(0.5, subject.bundle.recipe)[0].change == "`flow.coupling=ot`"


def test_what_costs_most_is_the_largest_part(subject):
    part, parameters = max(subject.costs.by_part.items(), key=lambda item: item[1])
    assert costs(subject)[0].startswith(f"The {part} has most of the parameters: {parameters:,}")


def test_of_the_training_the_longest_stage_is_named(subject):
    for stage, name in {"vae": "VAE", "critic": "the feature network", "tune": "few-step fine-tuning"}.items():
        seconds = dict.fromkeys(["vae", "flow", "critic", "tune"], 10.0) | {stage: 30.0}
        longest = replace(subject, bundle=replace(subject.bundle, card={"training": {"seconds": seconds}}))
        assert costs(longest)[-1] == f"Of the training, {name} took 30 s, {percent(0.5)} of all stages."
