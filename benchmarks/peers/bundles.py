"""The peers that are bundles: other people's losses for the velocity on an autoencoder's latents, and recipe `quick`.

The velocity network, the normalisation of its space and the autoencoder are ours, the autoencoder trained once beside
the peers; the noise is one Gaussian, since neither library knows of clusters. Each library's own solver is compared
with the bundle's before the bundle is written.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from benchmarks.peers.fit import SEED, Step, fit
from torch import Tensor
from torch.optim import Adam

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.read import Bundle, config_json, read_bundle
from flowleague.bundle.recipe import FlowRecipe, Recipe, VAERecipe, quick
from flowleague.data import TrainingData
from flowleague.model.cost import cost
from flowleague.model.latent_flow import LatentFlow, fit_weights, write_weights
from flowleague.model.sampler import at_one_time, solve
from flowleague.model.velocity import Velocity
from flowleague.training import objectives as o
from flowleague.training import train as training
from flowleague.training.card import make_card
from flowleague.training.run import RECORDS

Loss = Callable[[Velocity, Tensor, Tensor], Tensor]  # velocity, noise (B, D), latents (B, D) -> scalar
Solve = Callable[[Velocity, Tensor], Tensor]  # velocity, noise (B, D) -> latents (B, D)


def train_torchcfm(folder: Path, data: TrainingData, budget: float) -> None:
    """Exact optimal transport within batches of 256, and torchdiffeq's Euler method with 100 steps."""
    from torchcfm import ExactOptimalTransportConditionalFlowMatcher  # pyright: ignore[reportMissingImports]
    from torchdiffeq import odeint  # pyright: ignore[reportMissingImports]

    matcher: Any = ExactOptimalTransportConditionalFlowMatcher(sigma=0.0)

    def loss(velocity: Velocity, x_0: Tensor, x_1: Tensor) -> Tensor:
        t, x_t, u_t = matcher.sample_location_and_conditional_flow(x_0, x_1)
        return (velocity(x_t, t) - u_t).square().mean()

    def solver(velocity: Velocity, x_0: Tensor) -> Tensor:
        times = torch.linspace(0, 1, 101)
        path: Any = odeint(lambda t, x: velocity(x, t.expand(1)), x_0, times, method="euler")
        return path[-1]

    settings = FlowRecipe(clusters=0, coupling="ot", time="uniform", batch=256, lr=1e-3, ema=0.0, steps=100)
    train_on_latents("torchcfm", settings, loss, solver, folder, data, budget)


def train_flow_matching(folder: Path, data: TrainingData, budget: float) -> None:
    """The conditional optimal transport path with independent pairs, and ODESolver's midpoint method with 20 steps."""
    from flow_matching.path import AffineProbPath  # pyright: ignore[reportMissingImports]
    from flow_matching.path.scheduler import CondOTScheduler  # pyright: ignore[reportMissingImports]
    from flow_matching.solver import ODESolver  # pyright: ignore[reportMissingImports]

    path = AffineProbPath(scheduler=CondOTScheduler())

    def loss(velocity: Velocity, x_0: Tensor, x_1: Tensor) -> Tensor:
        sample = path.sample(t=torch.rand(len(x_1)), x_0=x_0, x_1=x_1)
        return (velocity(sample.x_t, sample.t) - sample.dx_t).square().mean()

    def solver(velocity: Velocity, x_0: Tensor) -> Tensor:
        model: Any = ODESolver(velocity_model=lambda x, t: velocity(x, t.expand(1)))
        return model.sample(x_init=x_0, method="midpoint", step_size=0.05)

    settings = FlowRecipe(clusters=0, time="uniform", batch=1024, lr=3e-3, ema=0.0, solver="midpoint", steps=20)
    train_on_latents("flow-matching", settings, loss, solver, folder, data, budget)


def train_on_latents(
    name: str, settings: FlowRecipe, loss: Loss, solver: Solve, folder: Path, data: TrainingData, budget: float
) -> None:
    """Train the velocity by a library's loss, and write the bundle; its log has the autoencoder's stage.

    The autoencoder is not part of the budget. It is not refined: refining steps are ours, as the solver and tuning are.
    """
    parent = autoencoder(folder.with_name("autoencoder"), data)
    recipe = replace(parent.recipe, name=name, about=f"a shipped autoencoder, velocity by {name}", flow=settings)
    model = LatentFlow(recipe)
    fit_weights(model.vae, parent.vae, "the autoencoder")
    digits = o.Digits.on(torch.device("cpu"), data)
    train, validation = o.encode_digits(model.vae, model.velocity, digits, settings.targets)
    log = [line for line in parent.log if line["stage"] == "vae"]

    def loss_at(rows: Tensor, _: float) -> Tensor:
        x_1 = train.mu[rows]
        return loss(model.velocity, torch.randn_like(x_1), x_1)

    optimizer, records, last = Adam(model.velocity.parameters(), lr=settings.lr), 0, None
    for last in fit(optimizer, loss_at, len(train.mu), seconds=budget, batch=settings.batch):
        if last.done * RECORDS["flow"] >= records + 1:
            records = int(last.done * RECORDS["flow"])
            log.append(
                record(last, settings.batch, len(train.mu), o.validate_flow(model.velocity, validation, settings))
            )
            print(f"{name}: {log[-1]}", flush=True)
    assert last
    check_solver(model, solver)
    model.recipe = replace(recipe, flow=replace(settings, images=last.images))
    write_bundle(model, data, folder, log, last.seconds)


def autoencoder(folder: Path, data: TrainingData) -> Bundle:
    """The bundle whose autoencoder both libraries get; trained where it is missing, its own flow as short as can be."""
    recipe = Recipe(name="autoencoder", seed=SEED, vae=VAERecipe(images=640_000), flow=FlowRecipe(images=1024))
    for _ in training.train(recipe, folder, data, device="cpu", resume=True):
        pass
    return read_bundle(folder)


def record(step: Step, batch: int, n: int, validation: dict[str, float]) -> dict:
    """A line of the log; its seconds are processor seconds."""
    return {
        "stage": "flow",
        "step": step.images // batch,
        "images": step.images,
        "epochs": round(step.images / n, 4),
        "seconds": round(step.seconds, 3),
        "loss": float(step.loss),
        "validation": validation,
    }


@torch.no_grad()
def check_solver(model: LatentFlow, solver: Solve) -> None:
    """The library's solver and the bundle's end at the same latents."""
    x_0, flow = torch.randn(64, model.recipe.vae.latent), model.recipe.flow
    ours = solve(at_one_time(model.velocity), x_0, flow.solver, flow.steps)
    torch.testing.assert_close(solver(model.velocity, x_0), ours, atol=1e-3, rtol=1e-3)


def write_bundle(model: LatentFlow, data: TrainingData, folder: Path, log: list, seconds: float) -> None:
    """The five files of a bundle."""
    write_weights(folder / VAE_FILE, model.vae)
    write_weights(folder / FLOW_FILE, model.velocity)
    (folder / "config.json").write_bytes(config_json(model.recipe))
    (folder / "training.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))
    card = make_card(model, cost(model.recipe.vae, model.recipe.flow), data, folder, {"flow": seconds})
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")


def train_quick(folder: Path, data: TrainingData, budget: float) -> None:
    """Our recipe, planned for the budget by this machine's speed in processor seconds instead of those of the wall."""
    recipe = replace(quick(), budget=budget, seed=SEED)
    with patch("flowleague.training.budget.time", SimpleNamespace(perf_counter=time.process_time)):
        reports = training.train(recipe, folder, data, device="cpu")
        stage = ""
        for report in reports:
            if report.stage != stage or report.validation:
                print(f"quick: {report}", flush=True)
            stage = report.stage
