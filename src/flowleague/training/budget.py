"""Planning a training by time: measure how fast this machine is, then fix how many images each stage sees.

The plan is made once, before the first step, and is written into the run's config.json: from then on the learning
rate follows the number of images, so that a run that was cut off can still be resumed to the same bits.

Where the feature network is trained beside other stages, they are measured beside each other too, and the plan is for
the longer of both paths: vae, flow, tune and critic, tune.
"""

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar, cast

import torch
from torch import nn

from flowleague.bundle.recipe import Recipe, Settings
from flowleague.model.autoencoder import VAE
from flowleague.model.latent_flow import LatentFlow, Networks, shipped_networks
from flowleague.training import objectives as o
from flowleague.training.beside import halves, runs_beside, use_threads, with_threads
from flowleague.training.device import synchronise
from flowleague.training.features import FeatureNetwork, Views, features_objective, validate_features
from flowleague.training.finetune import tune_objective, validate_tuning
from flowleague.training.loop import new_stage, train_steps
from flowleague.training.networks import trained_form
from flowleague.training.run import RECORDS

T = TypeVar("T")
TRIAL_SECONDS = 1.0  # of training, by which a stage's throughput is measured
OVERHEAD = 0.03  # share of the time that goes into checkpoints and reports
LEAST = 0.2  # share of the budget that trains, even if validations would take more than the rest


@dataclass(frozen=True)
class Pace:
    """Throughput of a stage on this machine, and its seconds that do not depend on the number of images."""

    rate: float  # training images per second
    fixed: float  # seconds


Paces = Mapping[str, Pace]  # by stage


def fit_budget(recipe: Recipe, digits: o.Digits, networks: Networks = shipped_networks) -> Recipe:
    """The recipe with the `images` of its stages set so that planning and training take `recipe.budget` seconds.

    The stages share the time in the proportions of the recipe's own numbers of images.
    """
    budget, began = recipe.budget, time.perf_counter()
    assert budget is not None
    recipe, paces = _tried(recipe, measure_paces(recipe, digits, networks), lambda: time.perf_counter() - began)
    return share_out(recipe, paces, budget - (time.perf_counter() - began), paths_of(recipe, digits.device))


def paths_of(recipe: Recipe, device: torch.device) -> Sequence[Sequence[str]]:
    """The stages that follow each other; of several such paths the longest decides when training ends."""
    return (("vae", "flow", "tune"), ("critic", "tune")) if runs_beside(recipe, device) else (tuple(recipe.stages()),)


def _tried(recipe: Recipe, measured: Iterator[tuple[str, Pace]], spent: Callable[[], float]) -> tuple[Recipe, Paces]:
    """The stages that are trained, and their paces; `spent` is how long trying them has taken.

    Fine-tuning is left out, and not tried any further, where fixed costs and trying take half of the time: its feature
    network would learn too little. Then VAE and flow have the paces that were measured first, with all threads.
    """
    assert recipe.budget is not None
    paces: dict[str, Pace] = {}
    alone: dict[str, Pace] = {}
    for name, pace in measured:
        alone.setdefault(name, pace)
        paces[name] = pace
        fixed = sum(each.fixed for each in paces.values())
        if recipe.tune.images and len(paces) > 1 and fixed > (recipe.budget - spent()) / 2:
            return _with(recipe, {"tune": 0}), {name: alone[name] for name in ("vae", "flow")}
    return recipe, paces


def share_out(recipe: Recipe, paces: Paces, seconds: float, paths: Sequence[Sequence[str]]) -> Recipe:
    """The recipe with numbers of images in the proportions of its own, so that no path takes more seconds."""
    stages = recipe.stages()

    def scale(path: Sequence[str]) -> float:
        learning = (1 - OVERHEAD) * (seconds - sum(paces[name].fixed for name in path))
        planned = sum(stages[name].images / paces[name].rate for name in path)
        return max(learning, LEAST * (recipe.budget or seconds)) / planned

    least = min(map(scale, paths))
    return _with(recipe, {name: max(s.batch, int(least * s.images)) for name, s in stages.items()})


def with_images(recipe: Recipe, other: Recipe) -> Recipe:
    """A recipe with the numbers of images of another."""
    return _with(recipe, {name: getattr(other, name).images for name in ("vae", "flow", "critic", "tune")})


def _with(recipe: Recipe, images: dict[str, int]) -> Recipe:
    changed = {name: replace(getattr(recipe, name), images=n) for name, n in images.items()}
    return replace(recipe, **changed)


def measure_paces(
    recipe: Recipe, digits: o.Digits, networks: Networks = shipped_networks
) -> Iterator[tuple[str, Pace]]:
    """The pace of each stage by its name, in order; what is measured again, beside another stage, counts."""
    model = LatentFlow(recipe, networks).to(digits.device)
    vae = cast(VAE, trained_form(recipe, networks).to(digits.device))

    def of_vae() -> Pace:
        loss_at = o.vae_objective(vae, digits, recipe.vae, recipe.seed)
        return _pace("vae", vae, recipe.vae, loss_at, lambda: o.validate_vae(vae, digits, recipe.vae), digits)

    def of_flow() -> Pace:
        (latents, some), encoding = _timed(
            lambda: o.encode_digits(model.vae, model.velocity, digits, recipe.flow.targets), digits
        )
        loss_at = o.flow_objective(model.velocity, latents, recipe.flow, recipe.seed)
        validate = lambda: o.validate_flow(model.velocity, some, recipe.flow)  # noqa: E731
        return _pace("flow", model.velocity, recipe.flow, loss_at, validate, digits, encoding)

    yield "vae", of_vae()
    yield "flow", of_flow()
    if not recipe.tune.images:
        return
    network = FeatureNetwork(digits.classes).to(digits.device)
    loss_at = features_objective(network, digits, recipe.critic, recipe.seed)
    validate = lambda: validate_features(network, digits)  # noqa: E731
    critic = partial(_pace, "critic", network, recipe.critic, loss_at, validate, digits)
    if runs_beside(recipe, digits.device):
        others, pace = _side_by_side(lambda: {"vae": of_vae(), "flow": of_flow()}, critic)
        yield from others.items()
        yield "critic", pace
    else:
        yield "critic", critic()
    views, viewing = _timed(lambda: Views.of(network, digits, by_class=recipe.flow.clusters > 0), digits)
    loss_at, coding = _timed(lambda: tune_objective(model, views, digits, recipe.tune, recipe.seed), digits)
    validate = lambda: validate_tuning(model, views, digits)  # noqa: E731
    yield "tune", _pace("tune", model, recipe.tune, loss_at, validate, digits, viewing + coding)


def _side_by_side(others: Callable[[], T], critic: Callable[..., Pace]) -> tuple[T, Pace]:
    """What is measured of other stages, and the critic's pace in a thread beside them; they share the threads."""
    measured = threading.Event()
    theirs, its = halves(torch.get_num_threads())
    with ThreadPoolExecutor(1, initializer=use_threads, initargs=(its,)) as pool:
        pace = pool.submit(critic, until=lambda _: measured.is_set())
        try:
            with with_threads(theirs):
                found = others()
        finally:
            measured.set()
        return found, pace.result()


def _a_second(elapsed: float) -> bool:
    return elapsed >= TRIAL_SECONDS


def _pace(
    stage: str,
    network: nn.Module,
    settings: Settings,
    loss_at: o.Loss,
    validate: Callable[[], object],
    digits: o.Digits,
    preparing: float = 0.0,
    until: Callable[[float], bool] = _a_second,
) -> Pace:
    """Measure a stage: training for a second, and one validation, of which it makes RECORDS."""
    rate = images_per_second(network, settings, loss_at, digits, until)
    return Pace(rate, preparing + RECORDS[stage] * _timed(validate, digits)[1])


def _timed(function: Callable[[], T], digits: o.Digits) -> tuple[T, float]:
    """The result of a function, and the seconds that it took."""
    start = time.perf_counter()
    result = function()
    synchronise(digits.device)
    return result, time.perf_counter() - start


def images_per_second(
    network: nn.Module,
    settings: Settings,
    loss_at: o.Loss,
    digits: o.Digits,
    until: Callable[[float], bool] = _a_second,
) -> float:
    """Training throughput of a stage, measured after a warm-up until enough seconds are over; the weights change."""
    stage = new_stage(network, copy.deepcopy(network))
    steps = train_steps(stage, loss_at, steps=10**9, lr=1e-6, ema=0.9)
    for _ in range(5):
        next(steps)
    synchronise(digits.device)
    start, done, elapsed = time.perf_counter(), 0, 0.0
    while not (done and until(elapsed)):
        for _ in range(5):
            next(steps)
        synchronise(digits.device)
        done, elapsed = done + 5, time.perf_counter() - start
    return done * settings.batch / elapsed
