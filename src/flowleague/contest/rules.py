"""The rules of a contest: what contest.toml says, checked. `flowleague.contest.reading` reads them.

The ranking needs `categories`, `scheme`, `ties`, `panel` and `awards`; the rest is for those who take entries in and
measure them, and has the assignment's values as defaults.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

Direction = Literal["lower", "higher"]
Scheme = Literal["categories", "columns"]
Ties = Literal["analysis", "share"]

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=1, le=10**9)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class MetricRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric that ranks: its name inside the category, and which direction is better."""

    name: str
    direction: Direction


class CategoryRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A category in which every entry gets a rank, and the metrics that are combined into it."""

    name: str
    metrics: tuple[MetricRule, ...]


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """A quality that an award asks for: "category.metric" at most (lower) or at least (higher) the limit."""

    metric: str
    limit: float
    direction: Direction


class OpenInnovation(Struct, frozen=True, forbid_unknown_fields=True):
    """Best place over all: anything goes."""


class SustainableAI(Struct, frozen=True, forbid_unknown_fields=True):
    """Best among those trained on the contest's data only, from scratch, within what a free notebook offers.

    `gpus` are the classes allowed, as parts of a GPU's name ("T4" stands for "Tesla T4"); no GPU is always allowed.
    `datasets` are the data allowed; the contest's own where contest.toml names none.
    """

    hours: Positive = 12.0
    gpus: tuple[Text, ...] = ("T4",)
    memory_gib: Positive = 15.0
    datasets: tuple[Text, ...] = ("mnist",)


class EfficientArchitecture(Struct, frozen=True, forbid_unknown_fields=True):
    """Lowest count among those over every quality threshold; `count` is the "category.metric" that is counted."""

    thresholds: tuple[Threshold, ...]
    count: str = "efficiency.tensors_total"


class Awards(Struct, frozen=True, forbid_unknown_fields=True):
    """The awards of a contest; None is one that is not given."""

    open_innovation: OpenInnovation | None = None
    sustainable_ai: SustainableAI | None = None
    efficient_architecture: EfficientArchitecture | None = None


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    """When entries count: from `opens` on, up to and including `closes`; days are those of `zone`."""

    opens: datetime = datetime(1, 1, 1, tzinfo=UTC)
    closes: datetime = datetime(9999, 12, 31, tzinfo=UTC)
    zone: Text = "UTC"

    def local(self, moment: datetime) -> datetime:
        """A moment on the clock of the contest."""
        return moment.astimezone(ZoneInfo(self.zone))


class EntryRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be entered, how often, and by whom; a baseline is a team that is shown and not ranked."""

    team_size: tuple[Count, Count] = (1, 3)
    per_day: Count = 10
    latent_size: tuple[Count, Count] = (3, 49)
    largest_file_mib: Count = 256
    baselines: tuple[Text, ...] = ()


class Evaluation(Struct, frozen=True, forbid_unknown_fields=True):
    """How one entry is measured: the plan of `flowleague score`, and the time and memory set aside for it in all."""

    plan: Literal["full", "quick"] = "full"
    wall_seconds: Count = 3600
    memory_gib: Positive = 8.0
    threads: Count = 1


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of one contest.

    scheme  "categories": the sum of the ranks in the categories; "columns": the mean of the ranks in all metrics
    ties    "analysis": equal scores are ordered by the marks for analysis; "share": they share a place
    panel   ids of the reference entries against which an open-ended board ranks
    limits  what a stranger's file may use while it is measured; `flowleague score --limits` reads them
    """

    categories: tuple[CategoryRule, ...]
    scheme: Scheme = "categories"
    ties: Ties = "analysis"
    panel: tuple[Text, ...] = ()
    awards: Awards = Awards()
    name: Text = "Contest"
    dataset: Text = "mnist"
    time: Times = Times()
    entries: EntryRules = EntryRules()
    evaluation: Evaluation = Evaluation()
    limits: dict[str, float] = {}
