"""Weak honest models and degenerate ones against the floors of the rules (`least_digit_kept`, `least_recall`).

    OMP_NUM_THREADS=1 python -m benchmarks.weak [NAME ...]

The two figures that have floors, of models that nobody would be proud of and that nobody may call a cheat, and of
stored digits that rules must not reward: 2,000 test images reconstructed, and recall of 5,000 samples among 5,000 test
images as in the full plan, once. Everything honest is trained here within seconds, on training images alone.

PCA k x m        k principal components, m Gaussians on them
VAE ...          recipes with small budgets; "washed out": a hundred times the weight of the KL; "no flow": almost none
MLP ...          an autoencoder of one hidden layer, and one Gaussian fitted to its latents
m digits         the training images nearest to the means of m clusters; a sample is one of them, turned and moved a
                 little, so that no two are alike: not honest
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from flowleague.bundle.read import read_bundle
from flowleague.bundle.recipe import FlowRecipe, Recipe, VAERecipe
from flowleague.data import TrainingData, load_training
from flowleague.entrant.model import Facts, Model
from flowleague.judge.evidence import FULL, load_real, look, see
from flowleague.judge.judges import load_judges
from flowleague.model.latent_flow import LatentFlow
from flowleague.shipped import FOLDER
from flowleague.training.train import train

RECONSTRUCTED = 2000
SMALL = Recipe(
    name="weak",
    vae=VAERecipe(channels=8, encoder_blocks=1, decoder_blocks=1, images=60_000),
    flow=FlowRecipe(width=64, blocks=1, batch=512, images=200_000),
)


def main() -> None:
    torch.set_num_threads(1)
    digits, data = load_real("mnist", FULL), load_training()
    seen, test = see(load_judges("mnist"), digits), digits.test
    for name in sys.argv[1:] or MODELS:
        began = time.process_time()
        model = MODELS[name](data)
        trained = time.process_time() - began
        images, labels = test.pixels(RECONSTRUCTED), test.labels[:RECONSTRUCTED]
        kept = np.mean([(view.classes == labels).mean() for view in look(model.decode(model.encode(images)), seen)])
        views = look(model.generate(FULL.manifold, 1), seen)
        recall = np.mean([s.evidence(view).shares["recall"] for s, view in zip(seen, views, strict=True)])
        print(f"{name:20} {trained:3.0f} s  digit kept {kept:.3f}, recall {recall:.3f}", flush=True)


def recipe(vae: VAERecipe = SMALL.vae, flow: FlowRecipe = SMALL.flow) -> Callable[[TrainingData], Model]:
    """A recipe's model, trained."""

    def make(data: TrainingData) -> Model:
        with tempfile.TemporaryDirectory() as name:
            for _ in train(replace(SMALL, vae=vae, flow=flow), Path(name) / "run", data, device="cpu"):
                pass
            return opened(LatentFlow.load(Path(name) / "run"))

    return make


def opened(flow: LatentFlow) -> Model:
    """The functions of networks."""
    calls = flow.functions()

    def generate(n: int, seed: int) -> NDArray:
        torch.manual_seed(seed)
        return calls["generate"](n).numpy()

    def encode(x: NDArray) -> NDArray:
        return calls["encode"](torch.from_numpy(x)).numpy()

    return Model(encode, lambda z: calls["decode"](torch.from_numpy(z)).numpy(), generate, Facts())


def components(size: int, kinds: int) -> Callable[[TrainingData], Model]:
    """Principal components; groups of images are the classes, and within each slices of the first latent."""

    def make(data: TrainingData) -> Model:
        images = data.train.pixels().reshape(-1, 784)
        mean = images.mean(0)
        axes = np.linalg.eigh(np.cov((images - mean).T))[1][:, ::-1][:, :size].astype(np.float32)
        latents = (images - mean) @ axes
        order = np.lexsort((latents[:, 0], data.train.labels if kinds > 1 else np.zeros(len(images))))
        return drawn(
            lambda x: (x.reshape(len(x), -1) - mean) @ axes,
            lambda z: np.clip(mean + z @ axes.T, 0, 1),
            [latents[part] for part in np.array_split(order, kinds)],
        )

    return make


def perceptron(latent: int, hidden: int, images: int) -> Callable[[TrainingData], Model]:
    """An autoencoder of one hidden layer on each side, and one Gaussian on its latents."""

    def make(data: TrainingData) -> Model:
        encoder, decoder, latents, _ = fit_perceptron(latent, hidden, images, data)

        @torch.no_grad()
        def run(network: nn.Module, x: NDArray) -> NDArray:
            return network(torch.from_numpy(x).flatten(1)).numpy()

        return drawn(lambda x: run(encoder, x), lambda z: run(decoder, z), [latents.numpy()])

    return make


def fit_perceptron(
    latent: int, hidden: int, images: int, data: TrainingData, seed: int = 1
) -> tuple[nn.Sequential, nn.Sequential, Tensor, list[dict[str, Any]]]:
    """Encoder and decoder, by Adam; the latents of the training images, and the lines of a training log."""
    torch.manual_seed(seed)
    pixels, held = (torch.from_numpy(split.pixels()).flatten(1) for split in (data.train, data.validation))
    encoder = nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, latent))
    decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid())
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    steps, began, log = images // 128, time.perf_counter(), []
    for step in range(1, steps + 1):
        x = pixels[torch.randint(len(pixels), (128,))]
        optimizer.zero_grad()
        F.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()
        if step % (steps // 5) == 0:
            with torch.no_grad():
                mse = float(F.mse_loss(decoder(encoder(held)), held))
            line = {"stage": "vae", "step": step, "images": 128 * step, "epochs": 128 * step / len(pixels)}
            log.append(line | {"seconds": time.perf_counter() - began, "validation": {"mse": mse, "loss": mse}})
    with torch.no_grad():
        return encoder, decoder, encoder(pixels), log


def drawn(encode: Callable[[NDArray], NDArray], decode: Callable[[NDArray], NDArray], groups: list[NDArray]) -> Model:
    """A model whose samples are decoded draws of one Gaussian for each group of latents."""
    latent = groups[0].shape[1]
    fitted = [(z.mean(0), np.linalg.cholesky(np.cov(z.T) + 1e-6 * np.eye(latent))) for z in groups]

    def images(z: NDArray) -> NDArray:
        return decode(z).astype(np.float32).reshape(-1, 1, 28, 28)

    def generate(n: int, seed: int) -> NDArray:
        rng = np.random.default_rng(seed)
        chosen, noise = rng.integers(len(fitted), size=n), rng.standard_normal((n, latent))
        z = np.stack([fitted[k][0] + fitted[k][1] @ e for k, e in zip(chosen, noise, strict=True)])
        return images(z.astype(np.float32))

    return Model(lambda x: encode(x).astype(np.float32), images, generate, Facts())


def bank_of(count: int, data: TrainingData) -> NDArray[np.float32]:
    """The training images (count, 784) nearest to the means of as many clusters."""
    from sklearn.cluster import KMeans  # pyright: ignore[reportMissingImports]

    pixels = data.train.pixels().reshape(-1, 784)
    means = KMeans(count, n_init="auto", random_state=0).fit(pixels[:10_000]).cluster_centers_
    return pixels[((means**2).sum(1)[:, None] - 2 * means @ pixels.T + (pixels**2).sum(1)).argmin(1)]


def stored(count: int) -> Callable[[TrainingData], Model]:
    """Stored digits: the latent says which, the samples are warps of them."""

    def make(data: TrainingData) -> Model:
        bank = bank_of(count, data)

        def encode(x: NDArray) -> NDArray:
            distances = (bank**2).sum(1) - 2 * x.reshape(len(x), -1) @ bank.T
            return np.repeat(distances.argmin(1)[:, None], 3, 1).astype(np.float32)

        def decode(z: NDArray) -> NDArray:
            chosen = np.clip(np.rint(z[:, 0]), 0, count - 1).astype(int)
            return bank[chosen].reshape(-1, 1, 28, 28)

        def generate(n: int, seed: int) -> NDArray:
            rng = torch.Generator().manual_seed(seed)
            x = torch.from_numpy(bank)[torch.randint(count, (n,), generator=rng)].view(-1, 1, 28, 28)
            warp = torch.eye(2, 3) + torch.randn(n, 2, 3, generator=rng) * torch.tensor([0.1, 0.1, 0.05])
            return F.grid_sample(x, F.affine_grid(warp, [n, 1, 28, 28], False), align_corners=False).numpy()

        return Model(encode, decode, generate, Facts())

    return make


V, W = SMALL.vae, SMALL.flow
MODELS = {
    "shipped tiny": lambda _: opened(LatentFlow.from_bundle(read_bundle(FOLDER / "tiny.zip"), "tiny")),
    "PCA 3 x 10": components(3, 10),
    "PCA 8 x 10": components(8, 10),
    "PCA 16 x 1": components(16, 1),
    "PCA 16 x 100": components(16, 100),
    "PCA 49 x 1": components(49, 1),
    "PCA 49 x 100": components(49, 100),
    "VAE 3": recipe(replace(V, latent=3, grid=False), replace(W, clusters=0)),
    "VAE 3, longer": recipe(replace(V, latent=3, grid=False, images=300_000), replace(W, clusters=0, images=600_000)),
    "VAE 8": recipe(replace(V, latent=8, grid=False), replace(W, clusters=0)),
    "VAE 49": recipe(),
    "VAE 49, washed out": recipe(replace(V, kl_weight=4e-3)),
    "VAE 49, no flow": recipe(flow=replace(W, images=5_000)),
    "MLP 3": perceptron(3, 64, 200_000),
    "MLP 8": perceptron(8, 64, 200_000),
    "MLP 16": perceptron(16, 128, 400_000),
    "1 digit": stored(1),
    "10 digits": stored(10),
    "30 digits": stored(30),
    "100 digits": stored(100),
    "300 digits": stored(300),
}

if __name__ == "__main__":
    main()
