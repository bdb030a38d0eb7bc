"""Planning a training by time: measure how fast this machine is, then fix how many images each stage sees.

The plan is made once, before the first step, and is written into the run's config.json: from then on the learning
rate follows the number of images, so that a run that was cut off can still be resumed to the same bits.
"""

import copy
import time
from dataclasses import replace

from flowleague.generator import objectives as o
from flowleague.generator.device import synchronise
from flowleague.generator.model import LatentFlow
from flowleague.generator.recipes import FlowRecipe, Recipe, VAERecipe
from flowleague.generator.stage import new_stage, train_steps

TRIAL_SECONDS = 2.0
OVERHEAD = 0.07  # share of the time that goes into validation, checkpoints and encoding


def fit_budget(recipe: Recipe, digits: o.Digits) -> Recipe:
    """The recipe with the `images` of both stages set so that they take `recipe.budget` seconds together here.

    The recipe's own numbers of images say in what proportion the stages share the time.
    """
    assert recipe.budget is not None
    model = LatentFlow(recipe).to(digits.device)
    vae_rate = images_per_second(model.vae, recipe.vae, o.vae_objective(model.vae, digits, recipe), digits)
    latents, _ = o.encode_digits(model.vae, model.velocity, digits, recipe)
    flow_loss = o.flow_objective(model.velocity, latents, recipe)
    flow_rate = images_per_second(model.velocity, recipe.flow, flow_loss, digits)
    planned = recipe.vae.images / vae_rate + recipe.flow.images / flow_rate
    scale = (1 - OVERHEAD) * recipe.budget / planned
    return replace(
        recipe,
        vae=replace(recipe.vae, images=max(recipe.vae.batch, int(scale * recipe.vae.images))),
        flow=replace(recipe.flow, images=max(recipe.flow.batch, int(scale * recipe.flow.images))),
    )


def images_per_second(
    network: o.VAE | o.Velocity, settings: VAERecipe | FlowRecipe, loss_at: o.Loss, digits: o.Digits
) -> float:
    """Training throughput of a stage, measured for two seconds after a warm-up; the network's weights change."""
    stage = new_stage(network, copy.deepcopy(network))
    steps = train_steps(stage, loss_at, steps=10**9, lr=1e-6, ema=settings.ema)
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
