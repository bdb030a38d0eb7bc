"""Training as a generator of progress reports: the caller draws, prints, or stops.

    for report in train(recipe, folder, data):
        print(report)

    vae     the VAE, on images
    flow    the velocity network, on the latents of the whole training split, encoded once by the finished VAE
    critic  where the recipe tunes: a classifier, which is not part of the bundle
    tune    velocity and decoder together, for the steps that the sampler takes

The folder holds the run at every moment: config.json, the log, a checkpoint while training, and in the end a bundle.
Only the train and validation splits are ever seen here.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.numpy import load_file

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData
from flowleague.files import write_atomically
from flowleague.model.autoencoder import VAE
from flowleague.model.latent_flow import LatentFlow, fit_weights, write_weights
from flowleague.training import objectives as o
from flowleague.training.card import make_card
from flowleague.training.checkpoint import CHECKPOINT, CRITIC_FILE
from flowleague.training.device import choose_device, compile_where_it_helps
from flowleague.training.features import Critic
from flowleague.training.finetune import Views, tune_objective, validate_tuning
from flowleague.training.mirror import Mirror
from flowleague.training.run import Report, Run, run_stage
from flowleague.training.stage import new_stage
from flowleague.training.start import is_finished, open_run


def train(
    recipe: Recipe,
    folder: str | Path,
    data: TrainingData,
    *,
    device: str | None = None,
    resume: bool = False,
    checkpoint_every: float = 10.0,
    mirror: Mirror | None = None,
) -> Iterator[Report]:
    """Train all stages into `folder`; a generator that works while it is iterated.

    With `resume` a run that was cut off goes on, and ends in the same weights, bit for bit on the same machine, as
    if it had not been; a finished one yields nothing. Without it the folder must be new or empty. A zip of the
    bundle is written beside the folder. With a `mirror` checkpoints and the bundle are copied there too, and `resume`
    goes on from whichever of both is further. Raises `TrainingError` and `OutputError`; the last checkpoint stays.
    """
    run = open_run(recipe, Path(folder), data, choose_device(device), resume, checkpoint_every, mirror)
    if is_finished(run.folder):
        if mirror:  # it may not have taken the bundle the last time
            run.keep_bundle()
        return
    torch.manual_seed(run.recipe.seed)
    model = LatentFlow(run.recipe).to(run.digits.device)
    average = LatentFlow(run.recipe).to(run.digits.device)
    if run.checkpoint.stage == "vae":
        yield from train_vae(run)
    if run.checkpoint.stage == "flow":
        yield from train_flow(run, model, average)
    if run.checkpoint.stage == "critic":
        yield from train_critic(run)
    if run.checkpoint.stage == "tune":
        yield from tune(run, model, average)
    finish(run, average)


def train_vae(run: Run) -> Iterator[Report]:
    """Leaves vae.safetensors in the folder."""
    vae, average = (VAE(run.recipe.vae, normed=True).to(run.digits.device) for _ in range(2))
    compile_where_it_helps(vae.encoder, vae.decoder)
    yield from run_stage(
        run,
        "vae",
        new_stage(vae, average),
        run.recipe.vae,
        o.vae_objective(vae, run.digits, run.recipe),
        lambda: o.validate_vae(average, run.digits, run.recipe),
    )
    write_weights(run.folder / VAE_FILE, average.fold())
    begin(run, "flow")


def begin(run: Run, stage: str) -> None:
    """Note in the checkpoint that a stage begins: what the ones before it left in the folder is whole."""
    run.checkpoint.stage, run.checkpoint.state = stage, None
    run.keep()


def train_flow(run: Run, model: LatentFlow, average: LatentFlow) -> Iterator[Report]:
    """Trains on the latents of the VAE that was left; leaves flow.safetensors in the folder."""
    fit_weights(average.vae, load_file(run.folder / VAE_FILE), VAE_FILE)
    train, validation = o.encode_digits(average.vae, model.velocity, run.digits, run.recipe)
    compile_where_it_helps(model.velocity)
    yield from run_stage(
        run,
        "flow",
        new_stage(model.velocity, average.velocity),
        run.recipe.flow,
        o.flow_objective(model.velocity, train, run.recipe),
        lambda: o.validate_flow(average.velocity, validation, run.recipe),
    )
    write_weights(run.folder / FLOW_FILE, average.velocity)
    begin(run, "critic" if run.recipe.tune.images else "end")


def train_critic(run: Run) -> Iterator[Report]:
    """Leaves critic.safetensors in the folder."""
    torch.manual_seed(run.recipe.seed)
    critic = Critic(run.digits.classes).to(run.digits.device)
    yield from run_stage(
        run,
        "critic",
        new_stage(critic, copy.deepcopy(critic)),
        run.recipe.critic,
        o.critic_objective(critic, run.digits, run.recipe),
        lambda: o.validate_critic(critic, run.digits),
    )
    write_weights(run.folder / CRITIC_FILE, critic)
    begin(run, "tune")


def tune(run: Run, model: LatentFlow, average: LatentFlow) -> Iterator[Report]:
    """Tunes what the other stages left, and replaces their files."""
    critic = Critic(run.digits.classes)
    for network, name in ((model.vae, VAE_FILE), (model.velocity, FLOW_FILE), (critic, CRITIC_FILE)):
        fit_weights(network, load_file(run.folder / name), name)
    (model.vae.encoder if run.recipe.tune.decoder else model.vae).requires_grad_(False)
    views = Views.of(critic.to(run.digits.device), run.digits)
    stage = new_stage(model, average)
    yield from run_stage(
        run,
        "tune",
        stage,
        run.recipe.tune,
        tune_objective(model, views, run.digits, run.recipe),
        lambda: validate_tuning(average, views, run.digits),
    )
    run.checkpoint.state = stage.state()  # before the files it began with are replaced
    run.keep()
    write_weights(run.folder / VAE_FILE, average.vae)
    write_weights(run.folder / FLOW_FILE, average.velocity)


def finish(run: Run, model: LatentFlow) -> None:
    """Write the card, which makes the folder a bundle, and its zip, here and in the mirror; checkpoints have served."""
    card = make_card(model, run.data, run.folder, run.checkpoint.seconds)
    write_atomically(run.folder / "card.json", (json.dumps(card, indent=2) + "\n").encode())
    run.keep_bundle()
    for served in (CHECKPOINT, CRITIC_FILE):
        (run.folder / served).unlink(missing_ok=True)
