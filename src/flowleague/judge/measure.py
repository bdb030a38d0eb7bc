"""The measurement of one model: what is asked of it, in five repeats, and the scorecard of the answers.

    from flowleague.judge.measure import measure
    card = measure(encode, decode, generate)

Seeds are published here and the same for every entry, so that chance is common to all and cancels in comparisons.
Whatever goes wrong with the model becomes a finding in the category that met it; the others are still measured.
"""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from flowleague.data import Split
from flowleague.entrant.model import Array, Facts, Model
from flowleague.errors import printable
from flowleague.judge.checked import LATENT_LIMITS, CheckedModel
from flowleague.judge.evidence import FULL, Judge, Plan, RealDigits, Seen, flat, load_real, look, see
from flowleague.judge.integrity import Repeats, depends_on_batch, hidden_bits, parameters_disagree, to_8_bits
from flowleague.judge.kernels import nearest, squared_error, ssim
from flowleague.judge.timing import take_turns
from flowleague.scorecard.card import (
    SCHEMA_VERSION,
    Category,
    Finding,
    Hardware,
    JudgeUsed,
    Metric,
    Scorecard,
    Timing,
    WeightFile,
    rounded,
)
from flowleague.scorecard.metrics import CATEGORIES, METRICS, MetricKind, evaluate
from flowleague.scorecard.metrics._base import (
    Figure,
    Given,
    Pixels,
    Reconstructions,
    Unmeasurable,
    missing,
    over_repeats,
)
from flowleague.scorecard.metrics.consistency import gaussian_latents, midpoint_latents, standard_normal_latents
from flowleague.scorecard.metrics.training import read_log
from flowleague.scorecard.pictures import PAIRS, Specimens

SEEDS = (20251003, 20251008, 20251012, 20251017, 20251231)  # one per repeat: the dates of the first contest
SOURCES: tuple[Given, ...] = ("gaussian", "midpoint", "standard_normal")
PIXELS = "pixels"  # stands where a judge's name stands, for metrics that no judge reads
_Repeat = dict[str, dict[str, float]]  # numbers of one repeat, by judge and "category.metric"
Progress = Callable[[str, float], None]


def measure(
    encode: Callable[[Array], Array],
    decode: Callable[[Array], Array],
    generate: Callable[[int, int], Array],
    *,
    facts: Facts | None = None,
    dataset: str = "mnist",
    data: str | Path | None = None,
    judges: Sequence[Judge] | None = None,
    plan: Plan = FULL,
    latent_limits: tuple[int, int] = LATENT_LIMITS,
    progress: Progress | None = None,
    specimens: Specimens | None = None,
) -> Scorecard:
    """Measure a model given as three functions on numpy float32 arrays, and return its scorecard.

    encode    images (B, 1, 28, 28) in [0, 1] -> latents (B, D)
    decode    latents (B, D) -> images (B, 1, 28, 28) in [0, 1]
    generate  n, seed -> images (n, 1, 28, 28) in [0, 1]
    facts     what images do not show: weights, evaluations, operations, training log; without it "not reported"
    data      folder of the four IDX files; by default they are found as `flowleague.data` finds them
    judges    by default the two shipped with the package
    latent_limits  fewest and most numbers that a latent may have; with others, what needs latents is not measured
    specimens  gathers pictures of some of the images that are measured
    progress  called with what is being measured and the share done, 0 to 1

    Nothing that the functions return or raise stops the measurement: see `findings` of the scorecard. Raises
    `JudgeError` when a judge fails its proof and `DataError` when the digits cannot be had.
    """
    from flowleague.judge.judges import load_judges

    judges = judges or load_judges(dataset)
    model = Model(encode, decode, generate, facts or Facts())
    return measure_model(model, load_real(dataset, plan, data), judges, dataset, progress, latent_limits, specimens)


def measure_model(
    model: Model,
    digits: RealDigits,
    judges: Sequence[Judge],
    dataset: str,
    progress: Progress | None = None,
    latent_limits: tuple[int, int] = LATENT_LIMITS,
    specimens: Specimens | None = None,
) -> Scorecard:
    """`measure`, for digits and judges that are loaded: what an organiser of many entries calls."""
    tell = progress or (lambda *_: None)
    tell("reading real digits", 0.0)
    checked, seen, attempt = CheckedModel(model, latent_limits), see(judges, digits), _Attempts()
    repeats = Repeats()

    def reconstruction() -> dict[str, Figure]:
        figures, found = measure_reconstruction(checked, digits, seen, specimens)
        attempt.note("reconstruction", *found)
        return figures

    def samples() -> dict[str, Figure]:
        return measure_samples(
            checked, digits, seen, lambda share: tell("samples", 0.35 + 0.55 * share), repeats, specimens
        )

    tell("reconstruction", 0.10)
    attempt(reconstruction, "reconstruction")
    for number, source in enumerate(SOURCES):
        tell("consistency", 0.18 + 0.06 * number)
        attempt(lambda source=source: _measure_latents(source, checked, digits, seen), "consistency")
    attempt(samples, "quality", "diversity")
    attempt(lambda: check_seeds(checked), "diversity")
    attempt.note("diversity", repeats.finding())
    tell("efficiency", 0.95)
    for finding in model.facts.findings:
        attempt.note(finding.category, Unmeasurable(finding.name, finding.sentence, finding.hint))
    attempt.note("efficiency", parameters_disagree(model.facts))
    attempt(lambda: evaluate(model.facts, "facts"), "efficiency")
    plan = digits.plan
    attempt(lambda: evaluate(take_turns(checked, plan.timed, plan.turns, SEEDS[0]), "turns"), "efficiency")
    attempt(lambda: evaluate(read_log(model.facts.log), "log"), "training_performance")
    tell("done", 1.0)
    return _assemble(attempt, model.facts, digits, judges, dataset, checked.latent_size)


def measure_reconstruction(
    model: CheckedModel, digits: RealDigits, seen: Sequence[Seen], specimens: Specimens | None = None
) -> tuple[dict[str, Figure], list[Unmeasurable]]:
    """Category 1, and what is wrong with how the model comes by it.

    The test images are decoded from their latents twice: from these as they are, and rounded to 8 bits. The rounded
    figures are shown; where they are clearly worse, they count. Those that count are drawn among the `specimens`.
    """
    x, labels = digits.test.pixels(), digits.test.labels
    latents = model.encode(x)
    exact, rough = model.decode(latents), model.decode(to_8_bits(latents))
    exact_error, rough_error, rough_similarity = squared_error(x, exact), squared_error(x, rough), ssim(x, rough)
    found = [hidden_bits(exact_error, rough_error), depends_on_batch(model, x, latents, exact)]
    counted, error = (rough, rough_error) if found[0] else (exact, exact_error)
    if specimens:
        specimens.draw_reconstructions(x, counted)
    evidence = Reconstructions(
        error,
        rough_similarity if found[0] else ssim(x, exact),
        rough_error,
        rough_similarity,
        {s.judge.name: view.classes == labels for s, view in zip(seen, look(counted, seen), strict=True)},
        {s.judge.name: s.accuracy for s in seen},
        digits.first_256,
    )
    return evaluate(evidence, "reconstructions"), [finding for finding in found if finding]


def _measure_latents(source: Given, model: CheckedModel, digits: RealDigits, seen: Sequence[Seen]) -> dict[str, Figure]:
    """The metrics of latents of one source, decoded and read by every judge in five repeats."""
    draw, repeats = _latents_of(source, model, digits), []
    for seed in SEEDS:
        images = model.decode(draw(digits.plan.decoded, np.random.default_rng([seed, SOURCES.index(source)])))
        repeats.append(_read(images, seen, source))
    return _merge(repeats, digits, seen)


def _latents_of(
    source: Given, model: CheckedModel, digits: RealDigits
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


def measure_samples(
    model: CheckedModel,
    digits: RealDigits,
    seen: Sequence[Seen],
    progress: Callable[[float], None] = lambda _: None,
    close: Repeats | None = None,
    specimens: Specimens | None = None,
) -> dict[str, Figure]:
    """The metrics of generated images, read by every judge and compared pixel by pixel in five repeats.

    All of them are shown to `close`, which counts pairs of different seeds that repeat each other; the first are drawn
    among the `specimens`.
    """
    repeats = []
    for number, seed in enumerate(SEEDS):
        progress(number / len(SEEDS))
        images = model.generate(digits.plan.samples, seed)
        if close:
            close.add(flat(images))
        if specimens and number == 0:
            specimens.draw_samples(images, _nearest_training(images[:PAIRS], digits))
        pixels = evaluate(digits.pixels_of(images), PIXELS)
        repeats.append({PIXELS: pixels} | _read(images, seen, "samples", "manifold"))
    return _merge(repeats, digits, seen)


def _read(images: Array, seen: Sequence[Seen], *given: Given) -> _Repeat:
    """What every judge reads in images, by judge and metric."""
    pairs = zip(seen, look(images, seen), strict=True)
    return {s.judge.name: evaluate(s.evidence(view), *given) for s, view in pairs}


def _nearest_training(images: Array, digits: RealDigits) -> Array:
    """The training image nearest to each image."""
    _, numbers = nearest(flat(images), digits.bank)
    return Split(digits.train.images[numbers], digits.train.labels[numbers]).pixels()


def _merge(repeats: Sequence[_Repeat], digits: RealDigits, seen: Sequence[Seen]) -> dict[str, Figure]:
    """Figures by "category.metric", over repeats and over the judges that read each, beside their references."""
    plan, real = digits.plan, Pixels(digits.neighbours, digits.neighbours, digits.classes)
    sizes = {"samples": plan.samples, "manifold": len(seen[0].manifold.points), PIXELS: plan.neighbours}
    references: Mapping[str, Mapping[str, float]] = {s.judge.name: s.references for s in seen}
    references = {**references, PIXELS: evaluate(real, PIXELS)}
    figures = {}
    for name in dict.fromkeys(name for read in repeats[0].values() for name in read):
        judges = [judge for judge, read in repeats[0].items() if name in read]
        figures[name] = over_repeats(
            [{judge: repeat[judge][name] for judge in judges} for repeat in repeats],
            sizes.get(METRICS[name].given, plan.decoded) * len(repeats),
            {judge: references[judge][name] for judge in judges if name in references[judge]},
        )
    return figures


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


class _Attempts:
    """Figures by "category.metric", findings and seconds of each category, gathered one attempt after another."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self.findings: dict[str, list[Finding]] = {category.name: [] for category in CATEGORIES}
        self.seconds: dict[str, float] = {}

    def __call__(self, measure: Callable[[], dict[str, Figure]], *categories: str) -> None:
        """Add what `measure` returns, or the finding that it raises to all categories; its time to the first."""
        start = time.perf_counter()
        try:
            self.figures |= measure()
        except Unmeasurable as failure:
            for category in categories:
                self.note(category, failure)
        self.seconds[categories[0]] = self.seconds.get(categories[0], 0.0) + time.perf_counter() - start

    def note(self, category: str, *found: Unmeasurable | None) -> None:
        """Add findings to a category, each once; those for a category that does not exist go to efficiency."""
        category = category if category in self.findings else "efficiency"
        for failure in filter(None, found):
            sentence, hint = (printable(text, 1000) for text in (failure.sentence, failure.hint))
            finding = Finding(name=failure.name, category=category, sentence=sentence, hint=hint)
            if finding not in self.findings[category]:
                self.findings[category].append(finding)

    def metrics(self, category: str, timed: bool) -> tuple[Metric, ...]:
        """The timed, or other, metrics of a category; a missing one has the findings' names as its reason."""
        names = ", ".join(finding.name for finding in self.findings[category])
        lost = missing(f"not measured: {names}" if names else "not reported")
        rows = {name: kind for name, kind in METRICS.items() if name.startswith(f"{category}.")}
        return tuple(_metric(kind, self.figures.get(name, lost)) for name, kind in rows.items() if kind.timed == timed)


def _metric(kind: MetricKind, figure: Figure) -> Metric:
    """A figure with its name, unit and direction, its floats rounded; what is not finite becomes missing."""
    if figure.value is not None and not np.isfinite(figure.value):
        figure = missing("not measured: not finite")
    return Metric(
        name=kind.name,
        value=_rounded(figure.value),
        standard_error=_rounded(figure.standard_error),
        n=figure.n,
        unit=kind.unit,
        direction=kind.direction,
        reference=_rounded(figure.reference),
        repeats=tuple(rounded(value) for value in figure.repeats),
        detail={name: _rounded(value) for name, value in figure.detail.items()},
        reason=figure.reason,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value)


def _assemble(
    attempt: _Attempts,
    facts: Facts,
    digits: RealDigits,
    judges: Sequence[Judge],
    dataset: str,
    latent_size: int | None,
) -> Scorecard:
    """The scorecard of a finished measurement."""
    return Scorecard(
        schema_version=SCHEMA_VERSION,
        evaluator=f"flowleague-{importlib.metadata.version('flowleague')}",
        plan=digits.plan.name,
        name=facts.name,
        dataset=Path(dataset).name,  # of a folder its name alone: where it lies is the organiser's affair
        data_sha256=digits.sha256,
        latent_size=latent_size,
        seeds=SEEDS,
        judges=tuple(JudgeUsed(name=judge.name, sha256=judge.sha256) for judge in judges),
        weights=tuple(
            WeightFile(name=file.name, sha256=file.sha256, bytes=file.bytes, numbers=file.numbers)
            for file in facts.weights
        ),
        hardware=_hardware(),
        categories=tuple(
            Category(name=kind.name, title=kind.title, metrics=attempt.metrics(kind.name, timed=False))
            for kind in CATEGORIES
        ),
        findings=tuple(finding for findings in attempt.findings.values() for finding in findings),
        timing=Timing(
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds={name: round(value, 3) for name, value in attempt.seconds.items()},
            metrics=attempt.metrics("efficiency", timed=True),
        ),
    )


def _hardware() -> Hardware:
    """What this runs on."""
    return Hardware(
        machine=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 0,
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        numpy=np.__version__,
    )
