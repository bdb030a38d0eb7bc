"""What the notebooks draw and look up, so that their cells show the method and not the plumbing."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from flowleague.bundle.files import FLOW_FILE, VAE_FILE
from flowleague.bundle.recipe import Recipe
from flowleague.data import Split, TrainingData
from flowleague.entrant.captured import open_captured
from flowleague.model.latent_flow import LatentFlow, Networks
from flowleague.model.randomness import noise_seed
from flowleague.model.sampler import POINTS

_SHOWN = 200  # ways of samples in one picture


def part_of(digits: TrainingData, n: int) -> TrainingData:
    """The first n training images and a tenth as many for validation: enough for a trial."""
    train, validation = (
        Split(split.images[:k], split.labels[:k]) for split, k in ((digits.train, n), (digits.validation, n // 10))
    )
    return TrainingData(train, validation, digits.sha256)


def curves(run: Path) -> None:
    """The validation metric of each stage of a run against the images seen."""
    log = [json.loads(line) for line in (run / "training.jsonl").read_text().splitlines()]
    stages = list(dict.fromkeys(record["stage"] for record in log))
    _, axes = plt.subplots(1, len(stages), figsize=(12, 2.4), layout="constrained")
    for ax, stage in zip(np.atleast_1d(axes), stages, strict=True):
        records = [record for record in log if record["stage"] == stage]
        figure = "loss" if "loss" in records[-1]["validation"] else next(iter(records[-1]["validation"]))
        ax.plot([r["images"] for r in records], [r["validation"][figure] for r in records], ".-")
        ax.set(title=f"{stage}: {figure}", xlabel="images seen")
    plt.show()


def latents(z: Tensor, labels: NDArray[np.integer]) -> None:
    """Ten latents as grids, where they are some, and all of them (N, D) on their principal plane by class."""
    grid = z.shape[1] == 49
    fig = plt.figure(figsize=(10, 3.4) if grid else (5, 3.4))
    left, right = fig.subfigures(1, 2, squeeze=False)[0] if grid else (None, fig)
    for ax, one in zip(np.ravel(left.subplots(2, 5)), z[:10].reshape(-1, 7, 7), strict=True) if left else ():
        ax.imshow(one.numpy(), cmap="RdBu", vmin=-3, vmax=3)
        ax.axis("off")
    dots = right.subplots().scatter(*_plane(z)(z).T, c=labels, s=2, cmap="tab10")
    right.colorbar(dots, ticks=range(10))
    plt.show()


@torch.no_grad()
def flow(model: LatentFlow, noise: Tensor, images: Tensor, labels: NDArray[np.integer]) -> None:
    """The ways of noise (N, D) to data, over the autoencoder's means of images by class, with the velocity half-way."""
    z, way = model.vae.posterior(images)[0], model.film(noise[:_SHOWN], 2 * POINTS + 1)
    onto = _plane(z)
    lines = np.stack([onto(step) for step in way])
    half = way[POINTS]  # t = 0.5
    slope = model.velocity(model.velocity.normalise(half), torch.full((len(half),), 0.5)) * model.velocity.std
    arrows = onto(half + 0.2 * slope) - onto(half)
    _, ax = plt.subplots(figsize=(7, 5), layout="constrained")
    ax.scatter(*onto(z).T, c=labels, s=3, cmap="tab10", alpha=0.5)
    ax.plot(*lines.transpose(2, 0, 1), color="black", alpha=0.15, linewidth=0.8)
    ax.quiver(*lines[len(way) // 2].T, *arrows.T, angles="xy", scale_units="xy", scale=1, width=0.002)
    ax.scatter(*lines[0].T, s=6, color="white", edgecolor="black", linewidth=0.5, label="noise")
    ax.scatter(*lines[-1].T, s=6, color="black", label="samples")
    ax.legend(loc="upper right")
    plt.show()


def own_model(run: Path, recipe: Recipe, networks: Networks) -> LatentFlow:
    """The model that `train(networks=...)` left in a run's folder."""
    model = LatentFlow(recipe, networks).eval().requires_grad_(False)
    for network, file in ((model.vae, VAE_FILE), (model.velocity, FLOW_FILE)):
        network.load_state_dict(load_file(run / file))
    return model


def drawn(entry: Path, n: int, seed: int = 0) -> NDArray[np.float32]:
    """n samples (n, 1, 28, 28) of a captured entry, as the judge replays it."""
    with open_captured(entry) as model:
        return model.generate(n, seed)


def samples_of(submission: Path, n: int) -> Tensor:
    """n samples (n, 1, 28, 28) of a packed file's own code, from the noise of seed 0."""
    script, home = next(submission.glob("submission_*.py")).resolve(), Path.cwd()
    os.chdir(submission)  # the weights are looked for where it runs
    try:
        packed: dict[str, object] = {"__name__": "submission"}
        exec(compile(script.read_text(), script.name, "exec"), packed)
        entry = packed["SubmissionInterface"]()  # pyright: ignore[reportCallIssue]
    finally:
        os.chdir(home)
    torch.manual_seed(noise_seed(0, 0))
    return entry.generate_samples(n).reshape(-1, 1, 28, 28)


def _plane(z: Tensor) -> Callable[[Tensor], NDArray[np.float32]]:
    """A projection onto the two directions in which latents vary most."""
    centre, axes = z.mean(0), torch.linalg.eigh(z.T.cov()).eigenvectors[:, -2:].flip(1)
    return lambda rows: ((rows - centre) @ axes).detach().numpy()
