"""Everything a report shows, computed: each part as data, or `Missing` with the reason."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.data import Split
from flowleague.judge.evidence import RealDigits, Seen, Verdict, judge_images
from flowleague.judge.measure import Progress
from flowleague.model.randomness import noise
from flowleague.report import latents, walks
from flowleague.report.losses import NAMES, Losses, losses
from flowleague.report.missing import Missing, finite
from flowleague.report.neighbours import Neighbours, find_neighbours
from flowleague.report.subject import Subject
from flowleague.report.sweep import Sweep, sweep
from flowleague.scorecard.card import Scorecard

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """How many images are looked at.

    encoded  test digits that are encoded and drawn on the plane of principal components
    samples  samples for the sweep and the verdicts beside it
    mapped   test digits and samples on the t-SNE map
    shrunk   test digits that are decoded with fewer components
    copies   samples whose nearest training digit is looked for
    """

    encoded: int = 5000
    samples: int = 2000
    mapped: tuple[int, int] = (1200, 300)
    shrunk: int = 1000
    copies: int = 1000


FULL, QUICK = Sizes(), Sizes(encoded=500, samples=300, mapped=(200, 60), shrunk=100, copies=100)


@dataclass(frozen=True)
class Reconstructions:
    """Test digits, what the VAE makes of them, both (N, 1, 28, 28), and the MSE of each (N,)."""

    originals: NDArray[np.float32]
    decoded: NDArray[np.float32]
    errors: NDArray[np.float64]


@dataclass(frozen=True)
class Ceiling:
    """What the judges read in as many real training images, and in their reconstructions: no flow can do better."""

    real: Verdict
    reconstructed: Verdict
    n: int


@dataclass(frozen=True)
class Analysis:
    """All parts; `Missing` stands where one could not be made."""

    card: Scorecard | Missing
    losses: dict[str, Losses | Missing]
    samples: NDArray[np.float32] | Missing
    reconstructions: Reconstructions | Missing
    neighbours: Neighbours | Missing
    encoded: latents.Encoded | Missing
    components: latents.Components | Missing
    planes: dict[str, latents.Plane | Missing]
    shrunk: list[latents.Shrunk] | Missing
    axes: latents.Axes | Missing
    interpolations: walks.Walks | Missing
    paths: walks.Paths | Missing
    ceiling: Ceiling | Missing
    sweep: Sweep | Missing
    straightness: float | Missing
    frequencies: NDArray[np.float64]


def attempt(function: Callable[[], T]) -> T | Missing:
    """What a function returns, or the `Missing` that it raises."""
    try:
        return function()
    except Missing as reason:
        return reason


def given(part: T | Missing) -> T:
    """A part that others are made from; raises it when it is missing."""
    if isinstance(part, Missing):
        raise Missing(*part.args)
    return part


def analyse(
    subject: Subject, digits: RealDigits, seen: Sequence[Seen], card: Scorecard | Missing, sizes: Sizes, tell: Progress
) -> Analysis:
    """Compute all parts of a report. `seen` is empty when there are no judges for the digits."""
    flow, log, stages = subject.flow, subject.bundle.log, list(subject.bundle.recipe.stages())
    tell("latent space", 0.0)
    encoded = attempt(lambda: encode(subject, digits.test, sizes))
    found = from_outside(flow, encoded, log, stages, digits, seen, card, sizes, tell, Missing())
    tell("walks", 0.35)
    interpolations = attempt(lambda: walks.interpolations(flow))
    paths = attempt(lambda: walks.paths(flow, 36, 400))
    straight = attempt(lambda: float(finite(flow.straightness(500, steps=20).numpy(), "the flow's paths").mean()))
    ceiling = attempt(lambda: _measure_ceiling(subject, digits, seen, sizes))
    floor = ceiling.real.frechet if isinstance(ceiling, Ceiling) else None
    tell("solvers", 0.45)
    swept = attempt(partial(sweep, flow, sizes.samples, seen, floor, lambda share: tell("solvers", 0.45 + 0.5 * share)))
    return replace(
        found, interpolations=interpolations, paths=paths, ceiling=ceiling, sweep=swept, straightness=straight
    )


def from_outside(
    flow: latents.Coder,
    encoded: latents.Encoded | Missing,
    log: Sequence[Mapping[str, Any]],
    stages: Collection[str],
    digits: RealDigits,
    seen: Sequence[Seen],
    card: Scorecard | Missing,
    sizes: Sizes,
    tell: Progress,
    lacking: Missing,
) -> Analysis:
    """The parts that three functions and a log show; `lacking` stands for those that need a recipe and its networks."""
    components = attempt(lambda: latents.components(given(encoded).test))
    some = Split(digits.test.images[: sizes.shrunk], digits.test.labels[: sizes.shrunk])
    planes = {
        "pca": attempt(lambda: latents.pca_plane(given(encoded), given(components))),
        "tsne": attempt(lambda: latents.tsne_plane(given(encoded), *sizes.mapped)),
    }
    shrunk = attempt(lambda: latents.shrunk(flow, given(encoded), some, given(components)))
    axes = attempt(lambda: latents.axes(flow, given(encoded).test))
    tell("samples", 0.25)
    samples = attempt(lambda: finite(flow.generate(sizes.copies).numpy(), "samples"))
    tell("nearest neighbours", 0.3)
    return Analysis(
        card=card,
        losses={stage: attempt(partial(losses, log, stage)) for stage in stages if stage in NAMES},
        samples=samples,
        reconstructions=attempt(lambda: reconstruct(flow, digits.test)),
        neighbours=attempt(lambda: find_neighbours(given(samples), digits)),
        encoded=encoded,
        components=components,
        planes=planes,
        shrunk=shrunk,
        axes=axes,
        interpolations=lacking,
        paths=lacking,
        ceiling=lacking,
        sweep=lacking,
        straightness=lacking,
        frequencies=seen[0].frequencies if seen else digits.frequencies,
    )


def encode(subject: Subject, test: Split, sizes: Sizes) -> latents.Encoded:
    """Latents of test digits, and the flow's samples by the recipe's solver."""
    images = torch.from_numpy(test.pixels(sizes.encoded))
    z = finite(subject.flow.encode(images).numpy(), "the latents of test digits")
    *_, samples = subject.flow.paths(noise(0, 0, sizes.mapped[1], z.shape[1]))
    return latents.Encoded(z, test.labels[: sizes.encoded], samples.numpy())


def reconstruct(flow: latents.Coder, test: Split, n: int = 1000) -> Reconstructions:
    """The first n test digits and what the VAE makes of them."""
    x = test.pixels(n)
    decoded = finite(flow.decode(flow.encode(torch.from_numpy(x))).numpy(), "reconstructions")
    return Reconstructions(x, decoded, ((decoded - x) ** 2).mean((1, 2, 3), dtype=np.float64))


def _measure_ceiling(subject: Subject, digits: RealDigits, seen: Sequence[Seen], sizes: Sizes) -> Ceiling:
    """What the judges read in training images and in their reconstructions; `Missing` without judges."""
    if not seen:
        raise Missing("There are no judges for these digits, so the images are not judged.")
    x = digits.chosen.pixels(sizes.samples)
    decoded = finite(subject.flow.decode(subject.flow.encode(torch.from_numpy(x))).numpy(), "reconstructions")
    return Ceiling(judge_images(x, seen), judge_images(decoded, seen), len(x))
