"""Planning a training by time: measure how fast this machine is, then fix how many images each stage sees.

The plan is made once, before the first step, and is written into the run's config.json: from then on the learning
rate follows the number of images, so that a run that was cut off can still be resumed to the same bits.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from flowleague.generator import objectives as o
from flowleague.generator.critic import Critic
from flowleague.generator.device import synchronise
from flowleague.generator.model import LatentFlow
from flowleague.generator.recipes import Recipe, Settings
from flowleague.generator.stage import new_stage, train_steps
from flowleague.generator.tuning import Views, tune_objective
from flowleague.generator.vae import VAE

TRIAL_SECONDS = 2.0
OVERHEAD = 0.07  # share of the time that goes into validation, checkpoints and encoding


def fit_budget(recipe: Recipe, digits: o.Digits) -> Recipe:
    """The recipe with the `images` of its stages set so that they take `recipe.budget` seconds together here.

    The recipe's own numbers of images say in what proportion the stages share the time.
    """
    assert recipe.budget is not None
    stages = recipe.stages()
    planned = sum(
        settings.images / rate for settings, rate in zip(stages.values(), _rates(recipe, digits), strict=True)
    )
    scale = (1 - OVERHEAD) * recipe.budget / planned
    return _with(recipe, {name: max(s.batch, int(scale * s.images)) for name, s in stages.items()})


def with_images(recipe: Recipe, other: Recipe) -> Recipe:
    """A recipe with the numbers of images of another."""
    return _with(recipe, {name: settings.images for name, settings in other.stages().items()})


def _with(recipe: Recipe, images: dict[str, int]) -> Recipe:
    changed = {name: replace(getattr(recipe, name), images=n) for name, n in images.items()}
    return replace(recipe, **changed)


def _rates(recipe: Recipe, digits: o.Digits) -> Iterator[float]:
    """Images per second of each stage, in order."""
    model = LatentFlow(recipe).to(digits.device)
    vae = VAE(recipe.vae, normed=True).to(digits.device)
    yield images_per_second(vae, recipe.vae, o.vae_objective(vae, digits, recipe), digits)
    latents, _ = o.encode_digits(model.vae, model.velocity, digits, recipe)
    yield images_per_second(model.velocity, recipe.flow, o.flow_objective(model.velocity, latents, recipe), digits)
    if recipe.tune.images:
        critic = Critic(digits.classes).to(digits.device)
        yield images_per_second(critic, recipe.critic, o.critic_objective(critic, digits, recipe), digits)
        views = Views.of(critic, digits)
        yield images_per_second(model, recipe.tune, tune_objective(model, views, digits, recipe), digits)


def images_per_second(network: nn.Module, settings: Settings, loss_at: o.Loss, digits: o.Digits) -> float:
    """Training throughput of a stage, measured for two seconds after a warm-up; the network's weights change."""
    stage = new_stage(network, copy.deepcopy(network))
    steps = train_steps(stage, loss_at, steps=10**9, lr=1e-6, ema=0.9)
    for _ in range(5):
        next(steps)
    synchronise(digits.device)
    start, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < TRIAL_SECONDS:
        for _ in range(5):
            next(steps)
        synchronise(digits.device)
        done += 5
    return done * settings.batch / elapsed
