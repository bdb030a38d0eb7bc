"""What is asked of a model for reconstruction, consistency, quality and diversity, in five repeats.

Seeds are the same for every entry, so that chance is common to all and cancels in comparisons: those published here,
or in a contest its own.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from flowleague.data import Split
from flowleague.entrant.model import Array
from flowleague.judge.checked import CheckedModel
from flowleague.judge.evidence import RealDigits, Seen, flat, look
from flowleague.judge.integrity import Repeats, depends_on_batch, hidden_bits, to_8_bits
from flowleague.judge.kernels import nearest, squared_error, ssim
from flowleague.judge.noise import NOISE, lost_in_noise, with_noise
from flowleague.judge.tuning import NOBODY, HeldOut
from flowleague.scorecard.metrics import METRICS, evaluate
from flowleague.scorecard.metrics._base import Figure, Given, Pixels, Reconstructions, Unmeasurable, View, over_repeats
from flowleague.scorecard.metrics.consistency import gaussian_latents, midpoint_latents, standard_normal_latents
from flowleague.scorecard.pictures import PAIRS, Specimens

SEEDS = (20251003, 20251008, 20251012, 20251017, 20251231)  # one per repeat: the dates of the first contest
SOURCES: tuple[Given, ...] = ("gaussian", "midpoint", "standard_normal")  # of latents
_VALIDATED = 2000  # validation images: their error differs by 1 to 2 % from that of all 5,000
_PIXELS = "pixels"  # stands where a judge's name stands, for metrics that no judge reads
_Repeat = dict[str, dict[str, float]]  # values of one repeat, by judge and "category.metric"


def measure_reconstruction(
    model: CheckedModel,
    digits: RealDigits,
    seen: Sequence[Seen],
    specimens: Specimens | None = None,
    seeds: Sequence[int] = SEEDS,
) -> tuple[dict[str, Figure], Array, list[Unmeasurable]]:
    """Category 1, the latents (N, D) of the test images, and what is wrong with how the model comes by it.

    The test images are decoded from their latents three times: from these as they are, rounded to 8 bits, and with
    noise. The errors of the others are shown; where they are clearly worse, the worst figures count. Those that count
    are drawn among the `specimens`.
    """
    x, labels = digits.test.pixels(), digits.test.labels
    latents = model.encode(x)
    noisy = with_noise(latents, NOISE, np.random.default_rng([seeds[0], len(SOURCES)]))
    decoded = [model.decode(z) for z in (latents, to_8_bits(latents), noisy)]
    errors, rough_similarity = [squared_error(x, images) for images in decoded], ssim(x, decoded[1])
    hidden = [None, hidden_bits(errors[0], errors[1]), lost_in_noise(errors[0], errors[2])]
    counts = max((n for n in range(3) if n == 0 or hidden[n]), key=lambda n: errors[n].mean())
    found, counted = [hidden[counts], depends_on_batch(model, x, latents, decoded[0])], decoded[counts]
    if specimens:
        specimens.draw_reconstructions(x, counted)
    evidence = Reconstructions(
        errors[counts],
        rough_similarity if counts == 1 else ssim(x, counted),
        errors[1],
        rough_similarity,
        errors[2],
        {s.judge.name: view.classes == labels for s, view in zip(seen, look(counted, seen), strict=True)},
        {s.judge.name: s.accuracy for s in seen},
        digits.first_256,
    )
    return evaluate(evidence, "reconstructions"), latents, [finding for finding in found if finding]


def validation_error(model: CheckedModel, digits: RealDigits) -> float | None:
    """The mean squared error (intensity²) on validation images, as a training log reports it; None where it fails."""
    x = digits.validation.pixels(min(digits.plan.samples, _VALIDATED))
    try:
        return float(squared_error(x, model.decode(model.encode(x))).mean())
    except Unmeasurable:  # reconstruction says so
        return None


def measure_latents(
    source: Given,
    model: CheckedModel,
    digits: RealDigits,
    seen: Sequence[Seen],
    seeds: Sequence[int] = SEEDS,
    held_out: HeldOut = NOBODY,
    of_tests: Array | None = None,
) -> dict[str, Figure]:
    """The metrics of latents of one source, decoded and read by every judge in a repeat for each seed.

    The images of the first are shown to the judge that is held out. `of_tests` are the latents (N, D) of the test
    images where they are known, since to encode them may take a third of the time of a measurement.
    """
    draw, repeats = _latents_of(source, model, digits, of_tests), []
    for seed in seeds:
        images = model.decode(draw(digits.plan.decoded, np.random.default_rng([seed, SOURCES.index(source)])))
        viewed = look(images, seen)
        if not repeats and source != "standard_normal":  # which no metric ranks by default
            held_out.look(source, images, seen, viewed)
        repeats.append(_read(viewed, seen, source))
    return _merge(repeats, digits, seen)


def _latents_of(
    source: Given, model: CheckedModel, digits: RealDigits, of_tests: Array | None
) -> Callable[[int, np.random.Generator], NDArray[np.float32]]:
    """A function that draws n latents of one source from a generator."""
    if source == "gaussian":
        encoded = model.encode(digits.chosen.pixels())
        return lambda n, rng: gaussian_latents(encoded, n, rng)
    if source == "midpoint":
        tests = model.encode(digits.test.pixels()) if of_tests is None else of_tests
        return lambda n, rng: midpoint_latents(tests, n, rng)
    size = model.encode(digits.test.pixels(2)).shape[1]
    return lambda n, rng: standard_normal_latents(size, n, rng)


def measure_samples(
    model: CheckedModel,
    digits: RealDigits,
    seen: Sequence[Seen],
    progress: Callable[[float], None] = lambda _: None,
    close: Repeats | None = None,
    specimens: Specimens | None = None,
    seeds: Sequence[int] = SEEDS,
    held_out: HeldOut = NOBODY,
) -> dict[str, Figure]:
    """The metrics of generated images, read by every judge and compared pixel by pixel in a repeat for each seed.

    All of them are shown to `close`, which counts pairs of different seeds that repeat each other; the first are drawn
    among the `specimens`, and shown to the judge that is held out.
    """
    repeats = []
    for number, seed in enumerate(seeds):
        progress(number / len(seeds))
        images = model.generate(digits.plan.samples, seed)
        if close:
            close.add(flat(images))
        if specimens and number == 0:
            specimens.draw_samples(images, _nearest_training(images[:PAIRS], digits))
        pixels, viewed = evaluate(digits.pixels_of(images), _PIXELS), look(images, seen)
        if number == 0:
            held_out.look("samples", images, seen, viewed)
        repeats.append({_PIXELS: pixels} | _read(viewed, seen, "samples", "manifold", "nearness"))
    return _merge(repeats, digits, seen)


def _read(viewed: Sequence[View], seen: Sequence[Seen], *given: Given) -> _Repeat:
    """What every judge reads in images that all have viewed, by judge and metric."""
    return {s.judge.name: evaluate(s.evidence(view), *given) for s, view in zip(seen, viewed, strict=True)}


def _nearest_training(images: Array, digits: RealDigits) -> Array:
    """The training image nearest to each image."""
    _, numbers = nearest(flat(images), digits.bank)
    return Split(digits.train.images[numbers], digits.train.labels[numbers]).pixels()


def _merge(repeats: Sequence[_Repeat], digits: RealDigits, seen: Sequence[Seen]) -> dict[str, Figure]:
    """Figures by "category.metric", over repeats and over the judges that read each, beside their references."""
    plan, real = digits.plan, Pixels(digits.neighbours, digits.neighbours, digits.classes)
    sizes = {"samples": plan.samples, "manifold": len(seen[0].manifold.points), _PIXELS: plan.neighbours}
    sizes["nearness"] = plan.neighbours
    references: Mapping[str, Mapping[str, float]] = {s.judge.name: s.references for s in seen}
    references = {**references, _PIXELS: evaluate(real, _PIXELS)}
    figures = {}
    for name in dict.fromkeys(name for read in repeats[0].values() for name in read):
        judges = [judge for judge, read in repeats[0].items() if name in read]
        figures[name] = over_repeats(
            [{judge: repeat[judge][name] for judge in judges} for repeat in repeats],
            sizes.get(METRICS[name].given, plan.decoded) * len(repeats),
            {judge: references[judge][name] for judge in judges if name in references[judge]},
        )
    return figures


def check_seeds(model: CheckedModel, n: int = 100, seeds: Sequence[int] = SEEDS) -> dict[str, Figure]:
    """Raises `Unmeasurable` when samples do not depend on the seed, or on something else than the seed."""
    first, again, other = (model.generate(n, seed) for seed in (seeds[0], seeds[0], seeds[1]))
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
