"""The scorecard: one JSON file, its published schema, and strict reading of what strangers send. Without torch.

A value is null exactly when `reason` says why ("not reported", or the finding that kept it from being measured):
nothing is ever skipped. Two runs on one machine write the same bytes but for the `timing` block.

A card that was written before or after a metric was added reads: what it lacks is "not measured by this version", and
what is unknown here is kept and ignored. `flowleague contest rescore` measures a contest's entries again.
"""

import math
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from flowleague.errors import PRINTABLE, FlowLeagueError, printable
from flowleague.scorecard.metrics import METRICS, Direction, MetricKind

_SchemaVersion = Literal[2]  # of the card's structure, which new metrics leave as it is
SCHEMA_VERSION: _SchemaVersion = get_args(_SchemaVersion)[0]
DIGITS = 9  # significant digits of every float in a scorecard
MAX_BYTES = 4_000_000
NOT_MEASURED = "not measured by this version"  # reason of a metric that a card of another version lacks

_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+:@-]*(?![\s\S])", max_length=100)]
Text = Annotated[str, Meta(max_length=2000, pattern=PRINTABLE)]
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]
_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Positive = Annotated[float, Meta(ge=0)]


class ScorecardError(FlowLeagueError):
    """A file is not a scorecard of this version, or contradicts itself."""


class Metric(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number with all that a reader needs to judge it.

    `n` is the number of images behind the value (0: none). `standard_error` is that of the value: sd/√5 of the
    five repeats for what is drawn at random, sd/√n over images for what is not, 0 for counts. `reference` is the
    same figure of real images or the attainable floor. `detail` holds parts of the value, such as each judge's.
    """

    name: _Word
    value: float | None
    standard_error: _Positive | None
    n: _Count
    unit: Text
    direction: Direction
    reference: float | None = None
    repeats: Annotated[tuple[float, ...], Meta(max_length=100)] = ()
    detail: Annotated[dict[_Word, float | None], Meta(max_length=100)] = {}
    reason: Text = ""


class Category(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the six categories and its metrics, in the order in which they are shown."""

    name: _Word
    title: Text
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=100)]


class Finding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something wrong with a model: a stable name, the category it spoils, what happened, and what to do."""

    name: _Word
    category: _Word
    sentence: Text
    hint: Text


class WeightFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A weight file: name, SHA-256, size in bytes, numbers in all of its tensors."""

    name: Text
    sha256: _Hash
    bytes: _Count
    numbers: _Count


class JudgeUsed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A judge that read images: name and SHA-256 of its weights."""

    name: _Word
    sha256: _Hash


class Hardware(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model was measured on."""

    machine: Text
    cores: _Count
    threads: _Count
    python: Text
    torch: Text
    numpy: Text


class Timing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that differs between two runs: the date (UTC), the timed metrics, and the seconds of each category."""

    measured_at: Text = ""
    seconds: Annotated[dict[_Word, _Positive], Meta(max_length=100)] = {}
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=100)] = ()


class Scorecard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything measured about one model."""

    schema_version: _SchemaVersion
    evaluator: _Word
    plan: _Word
    name: Text
    dataset: Text
    data_sha256: Annotated[dict[_Word, _Hash], Meta(max_length=10)]
    latent_size: _Count | None
    seeds: Annotated[tuple[_Count, ...], Meta(max_length=100)]
    judges: Annotated[tuple[JudgeUsed, ...], Meta(max_length=10)]
    weights: Annotated[tuple[WeightFile, ...], Meta(max_length=100)]
    hardware: Hardware
    categories: Annotated[tuple[Category, ...], Meta(max_length=20)]
    findings: Annotated[tuple[Finding, ...], Meta(max_length=200)]
    timing: Timing

    def metrics(self) -> dict[str, Metric]:
        """All metrics by "category.metric", in the order in which they are shown, the timed ones included.

        Those that the card lacks have the reason `NOT_MEASURED`; those that are unknown here are left out.
        """
        found = dict(self._named())
        return {name: found.get(name) or _not_measured(name) for name in METRICS}

    def lacking(self) -> list[str]:
        """The known metrics, as "category.metric", that the card does not hold, as one of an older version may not."""
        held = dict(self._named())
        return [name for name in METRICS if name not in held]

    def _named(self) -> list[tuple[str, Metric]]:
        """Every metric that the card holds, with its full name."""
        held = [(f"{group.name}.{metric.name}", metric) for group in self.categories for metric in group.metrics]
        return held + [(f"efficiency.{metric.name}", metric) for metric in self.timing.metrics]


def _not_measured(name: str) -> Metric:
    kind = METRICS[name]
    return Metric(
        name=kind.name,
        value=None,
        standard_error=None,
        n=0,
        unit=kind.unit,
        direction=kind.direction,
        reason=NOT_MEASURED,
    )


def rounded(value: float) -> float:
    """A float to the scorecard's nine significant digits."""
    return float(f"{value:.{DIGITS}g}")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scorecard (draft 2020-12)."""
    schema = msgspec.json.schema(Scorecard)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "FlowLeague scorecard", **schema}


def to_json(card: Scorecard) -> bytes:
    """The bytes of a scorecard: fixed key order, two spaces of indent, one newline at the end."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


def write_scorecard(card: Scorecard, path: str | Path) -> None:
    """Write a scorecard so that a reader sees the whole of it or nothing."""
    from flowleague.files import write_atomically

    write_atomically(Path(path), to_json(card))


def read_scorecard(path: str | Path) -> Scorecard:
    """Read and check a scorecard file; raises `ScorecardError` in one sentence for anything else."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScorecardError(f"The scorecard {path} cannot be read ({error.strerror}).") from error
    return parse_scorecard(raw, str(path))


def parse_scorecard(raw: bytes, where: str = "The scorecard") -> Scorecard:
    """Check the bytes of a scorecard: structure, each metric once, null only with a reason; `ScorecardError` if not."""
    if len(raw) > MAX_BYTES:
        raise ScorecardError(f"{where} is larger than {MAX_BYTES:,} bytes; a scorecard has about 40,000.")
    try:
        card = msgspec.json.decode(raw, type=Scorecard)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ScorecardError(
            f"{where} is not a scorecard of version {SCHEMA_VERSION}: {printable(error)}; "
            "write it with `flowleague score`."
        ) from error
    problem = contradiction(card)
    if problem:
        raise ScorecardError(f"{where} contradicts itself: {problem}; write it with `flowleague score`.")
    return card


def contradiction(card: Scorecard) -> str:
    """What is wrong with a scorecard that has the right types; empty when nothing is."""
    named = card._named()
    for name, times in Counter(name for name, _ in named).items():
        if times > 1:
            return f"metric {name} is given twice"
    for name, metric in named:
        kind = METRICS.get(name)
        if kind and (metric.unit, metric.direction) != (kind.unit, kind.direction):
            return f"metric {name} has another unit or direction than {kind.unit}, {kind.direction}"
        if (metric.value is None) != bool(metric.reason):
            return f"metric {name} must have a value, or a reason for having none"
        numbers = (metric.value, metric.standard_error, metric.reference, *metric.repeats, *metric.detail.values())
        if not all(number is None or math.isfinite(number) for number in numbers):
            return f"metric {name} is not finite"
        if kind and (problem := _impossible(metric, kind)):
            return f"metric {name} {problem}"
    return _other_sizes(card, dict(named))


def _other_sizes(card: Scorecard, metrics: dict[str, Metric]) -> str:
    """Where a size does not agree with the weight files: other bytes, or fewer numbers; empty if it does."""
    stored = {"bytes": sum(file.bytes for file in card.weights), "numbers": sum(file.numbers for file in card.weights)}
    for name, what in (("efficiency.weight_bytes", "bytes"), ("efficiency.tensors_total", "numbers")):
        value, held = metrics[name].value if name in metrics else None, stored[what]
        if not card.weights or value is None:
            continue
        agree = math.isclose(value, held, rel_tol=1e-6, abs_tol=1)
        if not agree and (what == "bytes" or value < held):
            return f"metric {name} is {value:g}, and its weight files hold {held:,} {what}"
    return ""


def _impossible(metric: Metric, kind: MetricKind) -> str:
    """Why a value cannot have been measured: beyond its domain, or not the mean of its repeats; empty if it can."""
    low, high = kind.domain
    for value in (metric.value, *metric.repeats):
        if value is not None and not low <= value <= high:
            possible = f"{round(low)} or more" if math.isinf(high) else f"{round(low)} to {round(high)}"
            return f"is {value:g}, where {possible} is possible"
    if metric.value is None or not metric.repeats or kind.timed:
        return ""
    mean = math.fsum(metric.repeats) / len(metric.repeats)
    agree = math.isclose(metric.value, mean, rel_tol=1e-6, abs_tol=1e-9)
    return "" if agree else f"is {metric.value:g}, and the mean of its repeats {mean:g}"
