"""Training as a generator of progress reports: the caller plots, prints, or stops.

    for report in train(recipe, folder, data):
        print(report)

    vae     the VAE, on images
    flow    the velocity network, on the latents of the training split, encoded once by the finished VAE
    critic  if the recipe fine-tunes: the feature network, which is not part of the bundle; on a CPU with two threads or
            more it is trained beside the stages before it, see `flowleague.training.beside`
    tune    velocity and decoder together, for the steps that the sampler takes

The folder holds the run at every moment: config.json, the log, a checkpoint while training, and in the end a bundle.
Training reads the train and validation splits, and nothing else.

The networks are the recipe's, or a contestant's own. Then the entry is a captured one, a zip beside the folder: three
programs, with log and card.
"""

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import cast

import torch
from safetensors.numpy import load

from flowleague.bundle.files import CARD_FILE, FLOW_FILE, LOG_FILE, VAE_FILE
from flowleague.bundle.read import config_json, read_config
from flowleague.bundle.recipe import Recipe
from flowleague.data import TrainingData
from flowleague.errors import FlowLeagueError, OutputError, TrainingError
from flowleague.files import write_atomically
from flowleague.model.autoencoder import VAE
from flowleague.model.cost import check_cost
from flowleague.model.latent_flow import LatentFlow, Networks, fit_weights, shipped_networks, write_weights
from flowleague.program.container import write as write_entry
from flowleague.training import objectives as o
from flowleague.training.beside import features_stage
from flowleague.training.budget import fit_budget, with_images
from flowleague.training.card import make_card
from flowleague.training.checkpoint import (
    CHECKPOINT,
    FEATURES_FILE,
    FINISHED,
    Checkpoint,
    Progress,
    cut_log,
    progress_of,
    read_checkpoint,
)
from flowleague.training.device import choose_device, compile_where_it_helps
from flowleague.training.features import FeatureNetwork, Views
from flowleague.training.finetune import tune_objective, validate_tuning
from flowleague.training.loop import new_stage
from flowleague.training.mirror import Mirror
from flowleague.training.networks import captured, check_networks, cost_of, kept_form, trained_form
from flowleague.training.run import Report, Run, alone_in, run_stage

_CAPTURED_ON = 2000  # training images


def train(
    recipe: Recipe,
    folder: str | Path,
    data: TrainingData,
    *,
    device: str | None = None,
    resume: bool = False,
    checkpoint_every: float = 10.0,
    mirror: Mirror | None = None,
    networks: Networks = shipped_networks,
) -> Iterator[Report]:
    """Train all stages into `folder`; a generator that works while it is iterated.

    With `resume` a run that was cut off goes on, and ends in the same weights, bit for bit on the same machine, as
    if it had not been; a finished one yields nothing. Without it the folder must be new or empty. A zip of the
    bundle is written beside the folder. With a `mirror` checkpoints and the bundle are copied there too, and `resume`
    goes on from whichever of both is further. Raises `TrainingError` and `OutputError`; the last checkpoint stays.

    `networks` makes own networks for a recipe, with fresh weights, under the recipe's seed: two modules, of which
    `flowleague.model.latent_flow.LatentFlow` says what they must offer. They are tried before anything is trained.
    The entry is then the captured zip beside the folder, with log and card; `flowleague.LatentFlow(recipe, networks)`
    takes the weights of the folder's two safetensors files.

        def networks(recipe):
            return MyAutoencoder(recipe.vae.latent), MyVelocity(recipe.vae.latent)

        for report in train(recipe, "runs/mine", load_training(), networks=networks): ...
    """
    with alone_in(Path(folder)):
        run = _open_run(recipe, Path(folder), data, choose_device(device), resume, checkpoint_every, mirror, networks)
        if not is_finished(run.folder):
            yield from _train(run, networks)
        elif mirror:  # it may not have taken the bundle the last time
            run.keep_entry()


def _train(run: Run, networks: Networks) -> Iterator[Report]:
    """What is left to train of a run."""
    torch.manual_seed(run.recipe.seed)
    model = LatentFlow(run.recipe, networks).to(run.digits.device)
    average = LatentFlow(run.recipe, networks).to(run.digits.device).eval()
    with features_stage(run) as features:
        if run.checkpoint.stage == "vae":
            yield from features.along(_train_vae(run))
        if run.checkpoint.stage == "flow":
            yield from features.along(_train_flow(run, model, average))
        if run.checkpoint.stage == "critic":
            yield from features.rest()
            _begin(run, "tune")
    if run.checkpoint.stage == "tune":
        yield from _tune(run, model, average)
    _finish(run, average)


def _train_vae(run: Run) -> Generator[Report, None, None]:
    """Leaves vae.safetensors in the folder."""
    vae, average = (cast(VAE, trained_form(run.recipe, run.networks).to(run.digits.device)) for _ in range(2))
    compile_where_it_helps(*vae.children())
    yield from run_stage(
        run,
        "vae",
        new_stage(vae, average),
        run.recipe.vae,
        o.vae_objective(vae, run.digits, run.recipe.vae, run.recipe.seed),
        lambda: o.validate_vae(average, run.digits, run.recipe.vae),
    )
    write_weights(run.folder / VAE_FILE, kept_form(average, run.networks))
    _begin(run, "flow")


def _begin(run: Run, stage: str) -> None:
    """Note in the checkpoint that a stage begins: what the ones before it left in the folder is whole."""
    run.checkpoint.stage, run.checkpoint.state = stage, None
    run.keep()


def _train_flow(run: Run, model: LatentFlow, average: LatentFlow) -> Generator[Report, None, None]:
    """Trains on the latents of the VAE that was left; leaves flow.safetensors in the folder."""
    fit_weights(average.vae, load((run.folder / VAE_FILE).read_bytes()), VAE_FILE)
    train, validation = o.encode_digits(average.vae, model.velocity, run.digits, run.recipe.flow.targets)
    compile_where_it_helps(model.velocity)
    yield from run_stage(
        run,
        "flow",
        new_stage(model.velocity, average.velocity),
        run.recipe.flow,
        o.flow_objective(model.velocity, train, run.recipe.flow, run.recipe.seed),
        lambda: o.validate_flow(average.velocity, validation, run.recipe.flow),
    )
    write_weights(run.folder / FLOW_FILE, average.velocity)
    _begin(run, "critic" if run.recipe.tune.images else "end")


def _tune(run: Run, model: LatentFlow, average: LatentFlow) -> Iterator[Report]:
    """Tunes what the other stages left, and replaces their files."""
    network = FeatureNetwork(run.digits.classes)
    for part, name in ((model.vae, VAE_FILE), (model.velocity, FLOW_FILE), (network, FEATURES_FILE)):
        fit_weights(part, load((run.folder / name).read_bytes()), name)
    model.eval()  # statistics of batches stay as they are
    if not run.recipe.tune.decoder:
        model.vae.requires_grad_(False)
    views = Views.of(network.to(run.digits.device), run.digits, by_class=run.recipe.flow.clusters > 0)
    stage = new_stage(model, average)
    yield from run_stage(
        run,
        "tune",
        stage,
        run.recipe.tune,
        tune_objective(model, views, run.digits, run.recipe.tune, run.recipe.seed),
        lambda: validate_tuning(average, views, run.digits),
    )
    run.checkpoint.state = stage.state()  # before the files it began with are replaced
    run.keep()
    write_weights(run.folder / VAE_FILE, average.vae)
    write_weights(run.folder / FLOW_FILE, average.velocity)


def _finish(run: Run, model: LatentFlow) -> None:
    """Write the entry, here and in the mirror, and the card, which ends the run; checkpoints have served.

    With the card the folder is a bundle, of which the zip is made; of own networks the zip holds programs.
    """
    for part, name in ((model.vae, VAE_FILE), (model.velocity, FLOW_FILE)):
        fit_weights(part, load((run.folder / name).read_bytes()), name)
    spent, overlap = run.checkpoint.seconds, run.checkpoint.overlap
    card = make_card(model, cost_of(model, run.networks), run.data, run.folder, spent, overlap)
    own = run.networks is not shipped_networks
    content = (json.dumps(card | ({"networks": "own"} if own else {}), indent=2) + "\n").encode()
    if own:
        entry = captured(model.cpu(), run.digits.pixels(slice(_CAPTURED_ON)).cpu())
        write_entry(entry, run.zipped, {LOG_FILE: (run.folder / LOG_FILE).read_bytes(), CARD_FILE: content})
    write_atomically(run.folder / CARD_FILE, content)
    run.keep_entry()
    for name in (CHECKPOINT, FEATURES_FILE):
        (run.folder / name).unlink(missing_ok=True)


def is_finished(folder: Path) -> bool:
    """Whether a run in this folder has ended: its card is the last thing written."""
    return (folder / "card.json").exists()


def _open_run(
    recipe: Recipe,
    folder: Path,
    data: TrainingData,
    device: torch.device,
    resume: bool,
    checkpoint_every: float,
    mirror: Mirror | None = None,
    networks: Networks = shipped_networks,
) -> Run:
    """Start a run in a new folder, or take up the one that is there or in the mirror."""
    if mirror and resume:
        _fetch_further(mirror, folder, recipe, device)
    elif mirror:
        mirror.check_new()
    digits = o.Digits.on(device, data)
    config = folder / "config.json"
    if resume and config.exists():
        started = read_config(config.read_bytes(), str(config))
        _check_same_recipe(recipe, started, folder)
        checkpoint = read_checkpoint(folder, device)
        if device.type == "cpu":
            torch.set_num_threads(checkpoint.threads)
        if not is_finished(folder):
            cut_log(folder, checkpoint.log_bytes)
        return Run(folder, started, data, digits, checkpoint, checkpoint_every, mirror, networks)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; choose a folder for the run.")
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} already holds something; choose another folder, or go on with --resume.")
    if networks is shipped_networks:
        check_recipe(recipe, digits.classes)
    else:
        _check_clusters(recipe.flow.clusters, classes=digits.classes, latent=recipe.vae.latent)
        check_networks(recipe, networks, digits.pixels(slice(_CAPTURED_ON)))
    if recipe.budget is not None:
        recipe = fit_budget(recipe, digits, networks)
    write_atomically(config, config_json(recipe))
    cut_log(folder, 0)
    return Run(folder, recipe, data, digits, Checkpoint(device=device.type), checkpoint_every, mirror, networks)


def check_recipe(recipe: Recipe, classes: int) -> None:
    """Raise a `FlowLeagueError` when a recipe cannot be trained on so many classes, or its model not be measured."""
    _check_clusters(recipe.flow.clusters, classes=classes, latent=recipe.vae.latent)
    check_cost(recipe.vae, recipe.flow)


def _check_clusters(clusters: int, *, classes: int, latent: int) -> None:
    """Raise `TrainingError` when the noise has clusters, and not one per class of the data.

    With fewer, a class would have none; with more, samples would come from clusters that no class has trained.
    """
    if clusters not in (0, classes):
        raise TrainingError(
            f"The data have {classes} classes and the noise {clusters} clusters; "
            f"train with --set flow.clusters={classes if classes <= latent else 0}."
        )


def _fetch_further(mirror: Mirror, folder: Path, recipe: Recipe, device: torch.device) -> None:
    """Put into the run's folder what the mirror holds, if that is whole and further than what is there."""
    here = _local_progress(folder, device)
    if here < FINISHED and mirror.holds_captured():
        raise TrainingError(f"{mirror.entry} is the finished entry of this run; score it, or train into another --out.")
    for found in mirror.found():
        if found.progress <= here:
            return
        _check_same_recipe(recipe, read_config(found.files["config.json"], str(found.path)), mirror.folder)
        for name, content in found.files.items():
            write_atomically(folder / name, content)
        return


def _local_progress(folder: Path, device: torch.device) -> Progress:
    """How far the run in a folder is; a torn checkpoint, or none, is behind all others."""
    if is_finished(folder) or (folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").exists()):
        return FINISHED  # finished, or not ours to write into
    try:
        return progress_of(read_checkpoint(folder, device)) if (folder / CHECKPOINT).exists() else (0, 0)
    except FlowLeagueError:
        return (0, 0)


def _check_same_recipe(wanted: Recipe, started: Recipe, folder: Path) -> None:
    """Raise `TrainingError` unless a resumed run has the recipe it was started with (a budget has set its images)."""
    if wanted.budget is not None:
        wanted = with_images(wanted, started)
    if wanted != started:
        raise TrainingError(
            f"{folder} holds a run of another recipe ('{started.name}', or other values); "
            "resume it with the words it was started with, or choose another folder."
        )
