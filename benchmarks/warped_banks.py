"""What a bank of stored images gains that a generator deals out warped: figures of samples beside the generator's own.

    python -m benchmarks.warped_banks [--full]
    python -m benchmarks.warped_banks --near      lookalikes among 10,000 and among all training images: shipped
                                                  models, and banks of training images, warped clearly and more

The banks hold samples of `base`, or training images; each sample is one of them, turned, shifted, scaled and sheared at
random. All else is `base`'s, so quality and diversity alone differ. `--full` measures by the full plan, 90 s each.
"""

import sys
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from flowleague import shipped
from flowleague.data import load_training
from flowleague.entrant.model import Array
from flowleague.judge.evidence import FULL, QUICK, load_real, see
from flowleague.judge.judges import load_judges
from flowleague.judge.kernels import bank, nearest
from flowleague.judge.measure import measure
from flowleague.model.latent_flow import LatentFlow

SLIGHT, CLEAR = (3.0, 0.3, 0.03), (8.0, 1.0, 0.08)  # degrees, pixels, and share of the size, at most
SHOWN = (
    "quality.confidence_gap", "quality.frechet", "quality.precision", "diversity.recall", "diversity.coverage",
    "diversity.class_spread_gap", "diversity.near_duplicates", "diversity.training_copies",
    "diversity.training_lookalikes",
)  # fmt: skip


def warped(images: Tensor, generator: torch.Generator, degrees: float, pixels: float, share: float) -> Tensor:
    """Images (N, 1, 28, 28), each turned, shifted, scaled and sheared by uniform amounts up to those given."""

    def amount(most: float) -> Tensor:
        return (2 * torch.rand(len(images), generator=generator) - 1) * most

    angle, size, shear = amount(np.pi * degrees / 180), 1 + amount(share), amount(share)
    c, s = torch.cos(angle) / size, torch.sin(angle) / size
    rows = [torch.stack([c, shear - s, amount(pixels / 14)], 1), torch.stack([s, c, amount(pixels / 14)], 1)]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False).clamp(0, 1)


def dealt(images: Tensor, warp: tuple[float, float, float]) -> Callable[[int, int], Array]:
    """A generator that deals out a bank's images (N, 1, 28, 28), warped."""

    def generate(n: int, seed: int) -> Array:
        generator = torch.Generator().manual_seed(seed)
        return warped(images[torch.randint(0, len(images), (n,), generator=generator)], generator, *warp).numpy()

    return generate


def lookalikes() -> None:
    """Print the share of 2,000 samples that are less than half as far from training as from 10,000 test images."""
    digits, training = load_real("mnist", FULL), torch.from_numpy(load_training().train.pixels())
    seen = see(load_judges("mnist"), digits)
    whole = [bank(s.known.whiten(s.judge.read(digits.train.pixels()).features)) for s in seen]

    def show(name: str, images: Array) -> None:
        shares = []
        for s, everything in zip(seen, whole, strict=True):
            points = s.known.whiten(s.judge.read(images).features)
            test = nearest(points, s.near.test)[0]
            shares.append([(nearest(points, b)[0] < 0.5 * test).mean() for b in (s.near.training, everything)])
        few, all_of_them = np.mean(shares, axis=0)
        print(f"{name}: {few:.2%} of 10,000, {all_of_them:.2%} of all", flush=True)

    for name in shipped.names():
        show(name, LatentFlow.load(shipped.bundle(name)).generate(2000, seed=5).numpy())
    shuffled = training[torch.randperm(len(training), generator=torch.Generator().manual_seed(0))]
    for size in (500, 5000, len(training)):
        for factor in (1.0, 1.5, 2.0):
            warp = (factor * CLEAR[0], factor * CLEAR[1], factor * CLEAR[2])
            show(f"{size} training images, warped {factor:g} times", dealt(shuffled[:size], warp)(2000, 6))


def main() -> None:
    """Measure `base`, its samples warped, and the banks, and print a line about each."""
    flow, judges = LatentFlow.load(shipped.bundle("base")), load_judges("mnist")
    plan = FULL if "--full" in sys.argv else QUICK

    def show(name: str, generate: Callable[[int, int], Array]) -> None:
        card = measure(
            lambda x: flow.encode(torch.from_numpy(x)).numpy(), lambda z: flow.decode(torch.from_numpy(z)).numpy(),
            generate, plan=plan, judges=judges,
        )  # fmt: skip
        values = " ".join(f"{key.partition('.')[2]} {card.metrics()[key].value:.4g}" for key in SHOWN)
        print(f"{name}: {values} {sorted({found.name for found in card.findings})}", flush=True)

    def fresh(n: int, seed: int) -> Array:
        return warped(flow.generate(n, seed=seed), torch.Generator().manual_seed(seed), *SLIGHT).numpy()

    show("base", lambda n, seed: flow.generate(n, seed=seed).numpy())
    show("base, warped slightly", fresh)
    training = torch.from_numpy(load_training().train.pixels(10_000))
    for kind, images in (("samples", flow.generate(10_000, seed=123_456)), ("training images", training)):
        for size in (500, 2000, 10_000):
            for how, warp in (("slightly", SLIGHT), ("clearly", CLEAR)):
                show(f"{size} {kind}, warped {how}", dealt(images[:size], warp))


if __name__ == "__main__":
    lookalikes() if "--near" in sys.argv else main()
