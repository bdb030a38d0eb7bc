"""What is asked of a model in each category: images and seeds go in, figures come out.

Seeds are published here and the same for every entry, so that chance is common to all and cancels in comparisons.
Each function returns figures by metric name, and raises `Unmeasurable` when the model fails it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flowleague.data import Split
from flowleague.entrant.model import Array
from flowleague.judge.checked import CheckedModel, Unmeasurable
from flowleague.judge.integrity import Repeats, depends_on_batch, hidden_bits, to_8_bits
from flowleague.judge.manifold import nearest
from flowleague.judge.reference import RealDigits, Seen, flat, look
from flowleague.scorecard.metrics.consistency import (
    gaussian_latents,
    measure_consistency,
    midpoint_latents,
    standard_normal_latents,
)
from flowleague.scorecard.metrics.diversity import Neighbours, measure_classes, measure_neighbours, neighbours
from flowleague.scorecard.metrics.quality import measure_quality
from flowleague.scorecard.metrics.reconstruction import squared_error, ssim
from flowleague.scorecard.pictures import PAIRS, Specimens
from flowleague.scorecard.statistics import Figure, over_images, over_repeats

SEEDS = (20251003, 20251008, 20251012, 20251017, 20251231)  # one per repeat: the dates of the first contest
SOURCES = ("gaussian", "midpoint", "standard_normal")
PIXELS = "pixels"  # stands where a judge's name stands, for figures that no judge reads
Repeat = dict[str, dict[str, float]]  # figures of one repeat, by judge and metric


def measure_reconstruction(
    model: CheckedModel, digits: RealDigits, seen: Sequence[Seen], specimens: Specimens | None = None
) -> tuple[dict[str, Figure], list[Unmeasurable]]:
    """Category 1, and what is wrong with how the model comes by it.

    The test images are decoded from their latents twice: from these as they are, and rounded to 8 bits. The rounded
    figures are shown; where they are clearly worse, they count. Those that count are drawn among the `specimens`.
    """
    x = digits.test.pixels()
    latents = model.encode(x)
    exact, rounded = model.decode(latents), model.decode(to_8_bits(latents))
    error, similarity = squared_error(x, rounded), ssim(x, rounded)
    found = [hidden_bits(squared_error(x, exact), error), depends_on_batch(model, x, latents, exact)]
    counted = rounded if found[0] else exact
    if specimens:
        specimens.draw_reconstructions(x, counted)
    figures = reconstruction_figures(counted, digits, seen)
    figures |= {"mse_8_bit": over_images(error, 0.0), "ssim_8_bit": over_images(similarity, 1.0)}
    return figures, [finding for finding in found if finding]


def reconstruction_figures(reconstructions: Array, digits: RealDigits, seen: Sequence[Seen]) -> dict[str, Figure]:
    """Category 1 for the reconstructions (N, 1, 28, 28) of the test images."""
    x, labels = digits.test.pixels(), digits.test.labels
    views = zip(seen, look(reconstructions, seen), strict=True)
    read = {s.judge.name: view.classes == labels for s, view in views}
    kept = np.mean(list(read.values()), axis=0)
    real = float(np.mean([s.accuracy for s in seen]))
    error, similarity = squared_error(x, reconstructions), ssim(x, reconstructions)
    whole = digits.first_256.sum() == 256
    first = {"first_256": digits.first_256} if whole else {}  # the contest's own figure, beside that of all images
    return {
        "mse": over_images(error, 0.0, {name: float(error[some].mean()) for name, some in first.items()}),
        "ssim": over_images(similarity, 1.0, {name: float(similarity[some].mean()) for name, some in first.items()}),
        "digit_kept": over_images(kept, real, {name: float(right.mean()) for name, right in read.items()}),
    }


def consistency_figures(
    source: str, model: CheckedModel, digits: RealDigits, seen: Sequence[Seen]
) -> dict[str, Figure]:
    """Category 2 for latents of one source: five repeats, decoded and read by every judge."""
    draw, n = latents_of(source, model, digits), digits.plan.decoded
    repeats: list[Repeat] = []
    for seed in SEEDS:
        images = model.decode(draw(n, np.random.default_rng([seed, SOURCES.index(source)])))
        views = zip(seen, look(images, seen), strict=True)
        repeats.append({s.judge.name: measure_consistency(source, view, s.real.statistics) for s, view in views})
    floors = {s.judge.name: {f"{source}_{name}": value for name, value in s.floor.items()} for s in seen}
    return merge(repeats, floors, lambda _: n)


def latents_of(
    source: str, model: CheckedModel, digits: RealDigits
) -> Callable[[int, np.random.Generator], NDArray[np.float32]]:
    """A function that draws n latents of one source from a generator."""
    if source == "gaussian":
        encoded = model.encode(digits.chosen.pixels())
        return lambda n, rng: gaussian_latents(encoded, n, rng)
    if source == "midpoint":
        encoded = model.encode(digits.test.pixels())
        return lambda n, rng: midpoint_latents(encoded, n, rng)
    size = model.encode(digits.test.pixels()[:2]).shape[1]
    return lambda n, rng: standard_normal_latents(size, n, rng)


def sample_figures(
    model: CheckedModel,
    digits: RealDigits,
    seen: Sequence[Seen],
    progress: Callable[[float], None],
    close: Repeats | None = None,
    specimens: Specimens | None = None,
) -> dict[str, Figure]:
    """Categories 3 and 4: five repeats of generated images, read by every judge and compared pixel by pixel.

    All of them are shown to `close`, which counts pairs of different seeds that repeat each other; the first are drawn
    among the `specimens`.
    """
    plan, repeats = digits.plan, []
    for number, seed in enumerate(SEEDS):
        progress(number / len(SEEDS))
        images = model.generate(plan.samples, seed)
        if close:
            close.add(flat(images))
        if specimens and number == 0:
            specimens.draw_samples(images, _nearest_training(images[:PAIRS], digits))
        repeat: Repeat = {PIXELS: measure_neighbours(_neighbours(images, digits), digits.tails)}
        for s, view in zip(seen, look(images, seen), strict=True):
            figures = measure_classes(view.features, view.classes, s.spread, digits.frequencies)
            repeat[s.judge.name] = measure_quality(view, s.real) | figures
        repeats.append(repeat)
    floors = {s.judge.name: s.floor for s in seen} | {PIXELS: measure_neighbours(digits.neighbours, digits.tails)}
    points = len(seen[0].real.manifold.points)
    sizes = dict.fromkeys(("precision", "recall", "density", "coverage"), points)
    sizes |= dict.fromkeys(floors[PIXELS], plan.neighbours)
    return merge(repeats, floors, lambda name: sizes.get(name, plan.samples))


def _neighbours(images: Array, digits: RealDigits) -> Neighbours:
    return neighbours(digits.plan.neighbours, flat(images), digits.bank, digits.train.labels)


def _nearest_training(images: Array, digits: RealDigits) -> Array:
    """The training image nearest to each image."""
    _, numbers = nearest(flat(images), digits.bank)
    return Split(digits.train.images[numbers], digits.train.labels[numbers]).pixels()


def merge(repeats: Sequence[Repeat], floors: Repeat, n: Callable[[str], int]) -> dict[str, Figure]:
    """Figures over repeats and over the judges that have them; `n` gives the images of one repeat by metric."""
    holders = {name: [judge for judge in repeats[0] if name in repeats[0][judge]] for name in _names(repeats[0])}
    return {
        name: over_repeats(
            [{judge: repeat[judge][name] for judge in judges} for repeat in repeats],
            n(name) * len(repeats),
            {judge: floors[judge][name] for judge in judges if name in floors[judge]},
        )
        for name, judges in holders.items()
    }


def _names(repeat: Repeat) -> list[str]:
    return list({name: None for figures in repeat.values() for name in figures})


def check_seeds(model: CheckedModel, n: int = 100) -> dict[str, Figure]:
    """Raises `Unmeasurable` when samples do not depend on the seed, or on something else than the seed."""
    first, again, other = (model.generate(n, seed) for seed in (SEEDS[0], SEEDS[0], SEEDS[1]))
    if np.array_equal(first, other):
        raise Unmeasurable(
            "ignores_seed",
            "generate returned the same images for different seeds.",
            "Draw the noise from a generator with the given seed.",
        )
    if not np.allclose(first, again, atol=1e-4):
        raise Unmeasurable(
            "not_reproducible",
            "generate returned different images for the same seed.",
            "Take all randomness from the given seed, so that the same model always gets the same score.",
        )
    return {}
