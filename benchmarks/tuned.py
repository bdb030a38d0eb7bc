"""Models that are tuned to the public judges, and honest ones, as held-out judges see them: what `judge_tuning` tells.

    OMP_NUM_THREADS=1 python -m benchmarks.tuned judge FOLDER SEED ...      trains held-out judges: FOLDER/judge-SEED
    python -m benchmarks.tuned honest FOLDER SEED THOUSANDS ...             trains `quick`: FOLDER/quick-SEED-THOUSANDS
    python -m benchmarks.tuned tune FOLDER MODEL STEPS [RATE]               tunes a bundle: FOLDER/tuned-MODEL-STEPS
    python -m benchmarks.tuned look FOLDER MODEL ...                        r and c of bundles, by every judge in FOLDER

MODEL is a shipped name, or that of a bundle in FOLDER. The tuning is a cheat made for the purpose: Adam moves velocity
and decoder against the energy distance and the Fréchet distance between samples and training images, both in the
whitened features of both public judges, beside the reconstruction error. The Gaussian of samples is that of the last
`KEPT` batches, of which the newest has a gradient. It sees training images alone, as a cheat would that keeps to that.

A look reads test images, the first 4,000 samples of a seed, 2,000 decoded Gaussian draws and 2,000 midpoints. It prints
the public judges' Fréchet distances of the samples in plain features (their mean is quality.frechet) and in whitened
ones, the public confidence in them, and of each held-out judge r, c of the three kinds, and its plain distance.
"""

import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from flowleague import shipped
from flowleague.bundle.files import FLOW_FILE, VAE_FILE, read_files
from flowleague.bundle.recipe import CriticRecipe, quick
from flowleague.data import TrainingData, load_training
from flowleague.judge.categories import SEEDS
from flowleague.judge.evidence import FULL, RealDigits, load_real, look, see
from flowleague.judge.judges import Judge, load_held_out, load_judges
from flowleague.judge.make_judges import make_judges
from flowleague.judge.train_judges import HELD_OUT
from flowleague.judge.tuning import HeldOut
from flowleague.model.latent_flow import LatentFlow, write_weights
from flowleague.scorecard.metrics.consistency import gaussian_latents, midpoint_latents
from flowleague.scorecard.metrics.frechet import fit, frechet_distance
from flowleague.scorecard.metrics.ood import fit_distribution
from flowleague.training.features import energy_distance
from flowleague.training.loop import learning_rate
from flowleague.training.train import train

SAMPLES, DECODED = 4000, 2000
BATCH, KEPT, REAL = 200, 15, 20_000
RECONSTRUCTION = 100.0  # weight of the squared error


def judge(folder: Path, *seeds: str) -> None:
    for seed in seeds:
        began, recipe = time.process_time(), replace(HELD_OUT, seed=int(seed))
        made = make_judges("mnist", folder / f"judge-{seed}", (recipe,))[0]
        accuracy = made.card["validation"]["accuracy"]["value"]
        print(f"judge {seed}: validation accuracy {accuracy:.4f}, {time.process_time() - began:.0f} s of processor")


def honest(folder: Path, *of: str) -> None:
    data = load_training()
    for seed, thousands in zip(of[::2], of[1::2], strict=True):
        n, began = int(thousands) * 1000, time.process_time()
        recipe = quick()
        recipe = replace(
            recipe,
            seed=int(seed),
            vae=replace(recipe.vae, images=n),
            flow=replace(recipe.flow, images=3 * n),
            critic=CriticRecipe(images=n // 6),
            tune=replace(recipe.tune, images=n // 6),
        )
        for _ in train(recipe, folder / f"quick-{seed}-{thousands}", data, device="cpu", resume=True):
            pass
        print(f"quick-{seed}-{thousands}: {time.process_time() - began:.0f} s of processor", flush=True)


class Target:
    """A public judge as the tuning sees it: the whitened features of training images, and their Gaussian."""

    def __init__(self, judge: Judge, data: TrainingData) -> None:
        pixels, labels = data.train.pixels(REAL), data.train.labels[:REAL]
        features = judge.read(pixels).features
        known = fit_distribution(features, labels, features)
        gaussian = fit(known.whiten(features))
        self.network, self.whitening = judge.network, torch.from_numpy(known.whitening).float()
        self.real = torch.from_numpy(known.whiten(features))
        self.scale = float(torch.cdist(self.real[:2000], self.real[2000:4000]).mean())
        self.mean, self.root = torch.from_numpy(gaussian.mean), torch.from_numpy(gaussian.root)
        self.spread = float(np.trace(gaussian.covariance))
        self.kept: deque[Tensor] = deque(maxlen=KEPT)

    def loss(self, images: Tensor, rng: torch.Generator) -> Tensor:
        """Energy distance in units of the mean distance, and Fréchet distance as a share of the real spread."""
        white = self.network.features(images) @ self.whitening
        others = self.real[torch.randint(len(self.real), (2000,), generator=rng)]
        energy = energy_distance(white, others) / self.scale
        drawn = torch.cat([*self.kept, white]).double()
        self.kept.append(white.detach())
        if len(self.kept) < KEPT:
            return energy
        mean, covariance = drawn.mean(0), torch.cov(drawn.T)
        overlap = torch.linalg.eigvalsh(self.root @ covariance @ self.root).clamp(min=1e-9).sqrt().sum()
        frechet = (mean - self.mean).square().sum() + covariance.trace() + self.spread - 2 * overlap
        return energy + (KEPT * frechet / self.spread).float()  # the newest of so many batches has the gradient


def tune(folder: Path, name: str, steps: str, rate: str = "3e-4") -> None:
    data, model, source = load_training(), opened(folder, name), bundle(folder, name)
    pixels, count = torch.from_numpy(data.train.pixels()), int(steps)
    targets = [Target(each, data) for each in load_judges()]
    model.requires_grad_(True)
    optimizer = torch.optim.Adam([*model.velocity.parameters(), *model.vae.decoder.parameters()], betas=(0.9, 0.99))
    rng, began = torch.Generator().manual_seed(1), time.process_time()
    for step in range(count):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(float(rate), (step + 1) / (count + 1))
        rows = torch.randint(len(pixels), (BATCH,), generator=rng)
        images = model.draw(torch.randn(BATCH, model.recipe.vae.latent, generator=rng))
        errors = F.mse_loss(model.decode_batch(model.guess(pixels[rows])), pixels[rows])
        losses = [target.loss(images, rng) for target in targets]
        optimizer.zero_grad()
        (torch.stack(losses).sum() + RECONSTRUCTION * errors).backward()
        optimizer.step()
        if step % 25 == 0 or step == count - 1:
            told = ", ".join(f"{float(loss):.4f}" for loss in losses)
            print(f"{step}: {told}, MSE {float(errors):.5f}, {time.process_time() - began:.0f} s", flush=True)
    made = folder / f"tuned-{name}-{steps}"
    made.mkdir()
    for file, content in read_files(source).items():
        (made / file).write_bytes(content)
    write_weights(made / VAE_FILE, model.vae)
    write_weights(made / FLOW_FILE, model.velocity)


def bundle(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else Path(shipped.bundle(name))


def opened(folder: Path, name: str) -> LatentFlow:
    return LatentFlow.load(bundle(folder, name))


def look_at(folder: Path, *names: str) -> None:
    digits = load_real("mnist", FULL)
    seen = see(load_judges(), digits)
    held = {path.name: HeldOut.of(load_held_out(path), digits) for path in sorted(folder.glob("judge-*"))}
    for name in names:
        drawn = images_of(opened(folder, name), digits)
        viewed = {source: look(images, seen) for source, images in drawn.items()}
        pairs = list(zip(seen, viewed["samples"], strict=True))
        plain = [frechet_distance(fit(s.test.features), fit(view.features)) for s, view in pairs]
        white = [frechet_distance(fit(s.test.white), fit(view.white)) for s, view in pairs]
        sure = np.mean([view.confidence for _, view in pairs])
        print(f"{name}: public d² {told(plain)}, whitened {told(white)}, confidence {sure:.4f}", flush=True)
        for kind, one in held.items():
            found = {source: one.compare(drawn[source], seen, viewed[source]) for source in drawn}
            surer = ", ".join(f"{each.surer:.3f}" for each in found.values())
            samples = found["samples"]
            print(f"  {kind}: whitened {samples.own:.2f}, r {samples.ratio:.2f}, c {surer}", flush=True)


def images_of(model: LatentFlow, digits: RealDigits) -> dict[str, NDArray[np.float32]]:
    """What is looked at of a model, as measuring draws it."""
    codes = [model.encode(torch.from_numpy(split.pixels(4000))).numpy() for split in (digits.chosen, digits.test)]
    gaussian = gaussian_latents(codes[0], DECODED, np.random.default_rng([SEEDS[0], 0]))
    midpoint = midpoint_latents(codes[1], DECODED, np.random.default_rng([SEEDS[0], 1]))
    found = {"samples": model.generate(SAMPLES, seed=SEEDS[0])}
    found |= {name: model.decode(torch.from_numpy(z)) for name, z in (("gaussian", gaussian), ("midpoint", midpoint))}
    return {name: images.numpy().clip(0, 1) for name, images in found.items()}


def told(values: Sequence[float]) -> str:
    return " and ".join(f"{value:.2f}" for value in values)


def main() -> None:
    torch.set_num_threads(1)
    parts = {"judge": judge, "honest": honest, "tune": tune, "look": look_at}
    if len(sys.argv) < 4 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    parts[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])


if __name__ == "__main__":
    main()
