"""The measurement of one model: five repeats, six categories, one scorecard.

    from flowleague.judge.measure import measure
    card = measure(encode, decode, generate)

Whatever goes wrong with the model becomes a finding in the category that met it; the others are still measured.
"""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from flowleague.entrant.model import Array, Facts, Model
from flowleague.judge import measurements as measured
from flowleague.judge.checked import LATENT_LIMITS, CheckedModel, Unmeasurable
from flowleague.judge.integrity import Repeats, parameters_disagree
from flowleague.judge.readings import Judge
from flowleague.judge.reference import FULL, Plan, RealDigits, load_real, see
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
from flowleague.scorecard.catalogue import CATALOGUE, CategoryKind, MetricKind
from flowleague.scorecard.metrics.efficiency import measure_sizes, measure_time
from flowleague.scorecard.metrics.training_performance import measure_training
from flowleague.scorecard.pictures import Specimens
from flowleague.scorecard.statistics import Figure, missing

TIMED = ("time_ratio", "time_per_image")  # metrics that live in the timing block
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
    checked, seen, attempt = CheckedModel(model, latent_limits), see(judges, digits), Attempts()
    repeats = Repeats()

    def reconstruction() -> dict[str, Figure]:
        figures, found = measured.measure_reconstruction(checked, digits, seen, specimens)
        attempt.note("reconstruction", *found)
        return figures

    def samples() -> dict[str, Figure]:
        return measured.sample_figures(
            checked, digits, seen, lambda share: tell("samples", 0.35 + 0.55 * share), repeats, specimens
        )

    tell("reconstruction", 0.10)
    attempt("reconstruction", reconstruction)
    for number, source in enumerate(measured.SOURCES):
        tell("consistency", 0.18 + 0.06 * number)
        attempt("consistency", lambda source=source: measured.consistency_figures(source, checked, digits, seen))
    attempt("quality", samples)
    attempt.share("quality", "diversity")
    attempt("diversity", lambda: measured.check_seeds(checked))
    attempt.note("diversity", repeats.finding())
    tell("efficiency", 0.95)
    for finding in model.facts.findings:
        attempt.note(finding.category, Unmeasurable(finding.name, finding.sentence, finding.hint))
    attempt.note("efficiency", parameters_disagree(model.facts))
    attempt("efficiency", lambda: measure_sizes(model.facts))
    attempt("efficiency", lambda: measure_time(checked, digits.plan.timed, digits.plan.turns, measured.SEEDS[0]))
    attempt("training_performance", lambda: measure_training(model.facts.log))
    tell("done", 1.0)
    return assemble(attempt, model.facts, digits, judges, dataset, checked.latent_size)


class Attempts:
    """Figures, findings and seconds of each category, gathered one attempt after another."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, Figure]] = {kind.name: {} for kind in CATALOGUE}
        self.findings: dict[str, list[Finding]] = {kind.name: [] for kind in CATALOGUE}
        self.seconds: dict[str, float] = {}

    def __call__(self, category: str, measure: Callable[[], dict[str, Figure]]) -> None:
        """Add what `measure` returns to a category, or the finding that it raises."""
        start = time.perf_counter()
        try:
            self.figures[category] |= measure()
        except Unmeasurable as failure:
            self.note(category, failure)
        self.seconds[category] = self.seconds.get(category, 0.0) + time.perf_counter() - start

    def note(self, category: str, *found: Unmeasurable | None) -> None:
        """Add findings to a category, each once; those for a category that does not exist go to efficiency."""
        category = category if category in self.findings else "efficiency"
        for finding in (each.finding(category) for each in found if each):
            if finding not in self.findings[category]:
                self.findings[category].append(finding)

    def share(self, one: str, other: str) -> None:
        """Give a second category what was measured and found for both in one go."""
        self.figures[other] |= self.figures[one]
        self.findings[other] += [
            Finding(name=f.name, category=other, sentence=f.sentence, hint=f.hint) for f in self.findings[one]
        ]

    def metric(self, category: str, kind: MetricKind) -> Metric:
        """The metric of a figure; one that is missing carries the findings' names as its reason."""
        names = ", ".join(finding.name for finding in self.findings[category])
        figure = self.figures[category].get(kind.name)
        return to_metric(kind, figure or missing(f"not measured: {names}" if names else "not reported"))


def to_metric(kind: MetricKind, figure: Figure) -> Metric:
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


def assemble(
    attempt: Attempts,
    facts: Facts,
    digits: RealDigits,
    judges: Sequence[Judge],
    dataset: str,
    latent_size: int | None,
) -> Scorecard:
    """The scorecard of a finished measurement."""

    def category(kind: CategoryKind) -> Category:
        plain = [metric for metric in kind.metrics if metric.name not in TIMED]
        return Category(
            name=kind.name, title=kind.title, metrics=tuple(attempt.metric(kind.name, metric) for metric in plain)
        )

    timed = [metric for kind in CATALOGUE for metric in kind.metrics if metric.name in TIMED]
    return Scorecard(
        schema_version=SCHEMA_VERSION,
        evaluator=f"flowleague-{importlib.metadata.version('flowleague')}",
        plan=digits.plan.name,
        name=facts.name,
        dataset=Path(dataset).name,  # of a folder its name alone: where it lies is the organiser's affair
        data_sha256=digits.sha256,
        latent_size=latent_size,
        seeds=measured.SEEDS,
        judges=tuple(JudgeUsed(name=judge.name, sha256=judge.sha256) for judge in judges),
        weights=tuple(
            WeightFile(name=file.name, sha256=file.sha256, bytes=file.bytes, numbers=file.numbers)
            for file in facts.weights
        ),
        hardware=hardware(),
        categories=tuple(category(kind) for kind in CATALOGUE),
        findings=tuple(finding for findings in attempt.findings.values() for finding in findings),
        timing=Timing(
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds={name: round(value, 3) for name, value in attempt.seconds.items()},
            metrics=tuple(attempt.metric("efficiency", kind) for kind in timed),
        ),
    )


def hardware() -> Hardware:
    """What this runs on."""
    return Hardware(
        machine=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 0,
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        numpy=np.__version__,
    )
