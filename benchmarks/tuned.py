"""Models that are tuned to the public judges, and honest ones, as held-out judges see them: what `judge_tuning` tells.

    OMP_NUM_THREADS=1 python -m benchmarks.tuned judge FOLDER SEED ...      trains held-out judges: FOLDER/judge-SEED
    python -m benchmarks.tuned honest FOLDER KIND SEED THOUSANDS ...        trains: FOLDER/KIND-SEED-THOUSANDS
    python -m benchmarks.tuned tune FOLDER MODEL STEPS [RATE [JUDGE]]       tunes a bundle: FOLDER/tuned-MODEL-STEPS
    python -m benchmarks.tuned look FOLDER MODEL ...                        r and c of bundles, by every judge in FOLDER

MODEL is a shipped name, or that of a bundle in FOLDER; a look also takes those of benchmarks.weak. The tuning is a
cheat made for the purpose: velocity and decoder by energy distance and reconstruction error, as recipes are fine-tuned,
but in the features of both public judges, or of one JUDGE, plain and whitened, in place of a feature network of its
own. It sees training images alone, as a cheat would that keeps to that.

A look reads test images, the first 4,000 samples of a seed, 2,000 decoded Gaussian draws and 2,000 midpoints. It prints
the public judges' Fréchet distances of the samples in plain features (their mean is quality.frechet) and in whitened
ones, the public confidence in them, and of each held-out judge e, r, c of the three kinds, and the finding.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from benchmarks.weak import MODELS
from numpy.typing import NDArray
from torch import Tensor

from flowleague import shipped
from flowleague.bundle.files import FLOW_FILE, VAE_FILE, read_files
from flowleague.bundle.recipe import CriticRecipe, quick, tiny, with_values
from flowleague.data import load_training
from flowleague.entrant.model import Facts, Model
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
from flowleague.training.loop import new_stage, train_steps
from flowleague.training.train import train

SAMPLES, DECODED = 4000, 2000
BATCH, REAL, COMPARED, EMA = 256, 8000, 4096, 0.95
RECONSTRUCTION = 20.0  # weight of the squared error
PROBED = 1000  # samples by which the tuning is followed


def judge(folder: Path, *seeds: str) -> None:
    for seed in seeds:
        began, recipe = time.process_time(), replace(HELD_OUT, seed=int(seed))
        made = make_judges("mnist", folder / f"judge-{seed}", (recipe,))[0]
        accuracy = made.card["validation"]["accuracy"]["value"]
        print(f"judge {seed}: validation accuracy {accuracy:.4f}, {time.process_time() - began:.0f} s of processor")


KINDS = {  # of honest models: the recipe, and what is changed in it
    "quick": quick,
    "tiny": tiny,
    "whole": lambda: with_values(quick(), {"flow.targets": "mean", "flow.steps": 2, "flow.cut": 1.0}),
    "vector": lambda: with_values(quick(), {"vae.grid": False, "vae.latent": 16}),
    "untuned": lambda: with_values(quick(), {"tune.images": 0, "flow.steps": 6}),
}


def honest(folder: Path, kind: str, *of: str) -> None:
    data = load_training()
    for seed, thousands in zip(of[::2], of[1::2], strict=True):
        n, began, recipe = int(thousands) * 1000, time.process_time(), KINDS[kind]()
        recipe = replace(
            recipe,
            seed=int(seed),
            vae=replace(recipe.vae, images=n),
            flow=replace(recipe.flow, images=3 * n),
            critic=CriticRecipe(images=n // 6),
            tune=replace(recipe.tune, images=n // 6 if recipe.tune.images else 0),
        )
        name = f"{kind}-{seed}-{thousands}"
        for _ in train(recipe, folder / name, data, device="cpu", resume=True):
            pass
        print(f"{name}: {time.process_time() - began:.0f} s of processor", flush=True)


class JudgeViews:
    """Images by the features of public judges, plain and whitened, and how far they are from training images there."""

    def __init__(self, judges: Sequence[Judge], pixels: Tensor, labels: NDArray) -> None:
        self.networks = [judge.network for judge in judges]
        features = [judge.read(pixels).features for judge in judges]
        known = [fit_distribution(each, labels, each).whitening for each in features]
        self.whitenings = [torch.from_numpy(each).float() for each in known]
        plain = [torch.from_numpy(each) for each in features]
        self.real = [*plain, *(f @ w for f, w in zip(plain, self.whitenings, strict=True))]
        self.scales = [float(torch.cdist(view[:1000], view[1000:2000]).mean()) for view in self.real]

    def views(self, images: Tensor) -> list[Tensor]:
        """Features (n, F) of every judge, and the same whitened."""
        plain = [network.features(images) for network in self.networks]
        return [*plain, *(f @ w for f, w in zip(plain, self.whitenings, strict=True))]

    def distance(self, drawn: Tensor, others: Tensor) -> Tensor:
        """Energy distance of images (n, 1, 28, 28) to those real ones, the sum over the views, a scalar."""
        pairs = zip(self.views(drawn), self.real, self.scales, strict=True)
        return torch.stack([energy_distance(a, b[others]) / scale for a, b, scale in pairs]).sum()


def tune(folder: Path, name: str, steps: str, rate: str = "2e-3", to: str = "") -> None:
    data, model, average = load_training(), opened(folder, name), opened(folder, name)
    pixels = torch.from_numpy(data.train.pixels(REAL))
    judges = [each for each in load_judges() if to in (each.name, "")]
    views, rng = JudgeViews(judges, pixels, data.train.labels[:REAL]), torch.Generator().manual_seed(1)
    noise = torch.randn(PROBED, model.recipe.vae.latent, generator=torch.Generator().manual_seed(0))

    def loss_at(_: int) -> Tensor:
        z, rows = torch.randn(BATCH, noise.shape[1], generator=rng), torch.randint(REAL, (BATCH,), generator=rng)
        errors = F.mse_loss(model.decode_batch(model.guess(pixels[rows])), pixels[rows])
        return views.distance(model.draw(z), torch.randint(REAL, (COMPARED,), generator=rng)) + RECONSTRUCTION * errors

    stage, began = new_stage(model.requires_grad_(True), average), time.process_time()
    for loss in train_steps(stage, loss_at, steps=int(steps), lr=float(rate), ema=EMA):
        if stage.step == 1 or stage.step % 20 == 0:
            with torch.no_grad():
                drawn = torch.cat([average.draw(part) for part in noise.split(500)])
                now = float(views.distance(drawn, torch.arange(COMPARED)))
            spent = time.process_time() - began
            print(f"{stage.step}: loss {float(loss):.4f}, averaged weights {now:.5f}, {spent:.0f} s", flush=True)
    made = folder / f"tuned-{name}-{steps}{to and '-'}{to}"
    made.mkdir()
    files = read_files(bundle(folder, name))
    card = json.loads(files["card.json"])
    card["sha256"] = {
        VAE_FILE: write_weights(made / VAE_FILE, average.vae),
        FLOW_FILE: write_weights(made / FLOW_FILE, average.velocity),
    }
    for file in ("config.json", "training.jsonl"):
        (made / file).write_bytes(files[file])
    (made / "card.json").write_text(json.dumps(card))


def bundle(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else Path(shipped.bundle(name))


def opened(folder: Path, name: str) -> LatentFlow:
    return LatentFlow.load(bundle(folder, name))


def functions(folder: Path, name: str) -> Model:
    """The functions of a bundle, or of a weak model, which is trained here."""
    if name in MODELS:
        return MODELS[name](load_training())
    flow = opened(folder, name)
    return Model(
        lambda x: flow.encode(torch.from_numpy(x)).numpy(),
        lambda z: flow.decode(torch.from_numpy(z)).numpy(),
        lambda n, seed: flow.generate(n, seed=seed).numpy(),
        Facts(),
    )


def look_at(folder: Path, *names: str) -> None:
    digits = load_real("mnist", FULL)
    seen = see(load_judges(), digits)
    held = {path.name: HeldOut.of(load_held_out(path), digits) for path in sorted(folder.glob("judge-*"))}
    for name in names:
        drawn = images_of(functions(folder, name), digits)
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
            distances = f"e {samples.own:.2f}, public {samples.public:.2f}, r {samples.ratio:.2f}"
            print(f"  {kind}: {distances}, c {surer} {samples.finding}", flush=True)


def images_of(model: Model, digits: RealDigits) -> dict[str, NDArray[np.float32]]:
    """What is looked at of a model, as measuring draws it."""
    codes = [model.encode(split.pixels(4000)) for split in (digits.chosen, digits.test)]
    gaussian = gaussian_latents(codes[0], DECODED, np.random.default_rng([SEEDS[0], 0]))
    midpoint = midpoint_latents(codes[1], DECODED, np.random.default_rng([SEEDS[0], 1]))
    found = {"samples": model.generate(SAMPLES, SEEDS[0])}
    found |= {"gaussian": model.decode(gaussian), "midpoint": model.decode(midpoint)}
    return {name: images.astype(np.float32).clip(0, 1) for name, images in found.items()}


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
