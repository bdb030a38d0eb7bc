"""What the attempts to measure a model gave: figures, findings and seconds; and the scorecard of all of them."""

import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from flowleague.build import evaluator
from flowleague.entrant.model import Facts
from flowleague.errors import printable
from flowleague.hardware import this_machine
from flowleague.judge.evidence import Judge, RealDigits
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
from flowleague.scorecard.metrics import CATEGORIES, METRICS, MetricKind
from flowleague.scorecard.metrics._base import Figure, Unmeasurable, missing


class Attempts:
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


def assemble(
    attempts: Attempts,
    facts: Facts,
    digits: RealDigits,
    judges: Sequence[Judge],
    dataset: str,
    seeds: tuple[int, ...],
    latent_size: int | None,
) -> Scorecard:
    """The scorecard of a finished measurement."""
    return Scorecard(
        schema_version=SCHEMA_VERSION,
        evaluator=evaluator(),
        plan=digits.plan.name,
        name=facts.name,
        dataset=Path(dataset).name,  # of a folder its name alone: where it lies is the organiser's affair
        data_sha256=digits.sha256,
        latent_size=latent_size,
        seeds=seeds,
        judges=tuple(JudgeUsed(name=judge.name, sha256=judge.sha256) for judge in judges),
        weights=tuple(
            WeightFile(name=file.name, sha256=file.sha256, bytes=file.bytes, numbers=file.numbers)
            for file in facts.weights
        ),
        hardware=hardware(),
        categories=tuple(
            Category(name=kind.name, title=kind.title, metrics=attempts.metrics(kind.name, timed=False))
            for kind in CATEGORIES
        ),
        findings=tuple(finding for findings in attempts.findings.values() for finding in findings),
        timing=Timing(
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds={name: round(value, 3) for name, value in attempts.seconds.items()},
            metrics=attempts.metrics("efficiency", timed=True),
        ),
    )


def hardware() -> Hardware:
    """What this measurement runs on, as the scorecard holds it."""
    machine = this_machine()
    return Hardware(
        machine=f"{machine.system}, {machine.processor}",  # another kind may round last digits otherwise
        cores=machine.cores,
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        numpy=np.__version__,
    )
