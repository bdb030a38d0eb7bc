"""Rules of a ranking: which metrics rank, how ranks are summed, and what breaks ties."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Direction = Literal["lower", "higher"]  # which is better
Scheme = Literal["ranks", "mean ranks", "columns"]  # see `flowleague.ranking.schemes`
Ties = Literal["analysis", "share"]  # order equal scores by the marks for analysis, or share the place

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class RuleFault(ValueError):  # noqa: N818 - the reader of the rules makes it an error with the line
    """An invalid rule: the path of keys to it in its table, and one sentence."""

    def __init__(self, path: tuple[str | int, ...], sentence: str):
        super().__init__(sentence)
        self.path, self.sentence = path, sentence


class Fairness(Struct, frozen=True, forbid_unknown_fields=True):
    """[fairness]: what counts of what was measured, see `flowleague.ranking.counted`. Without the table, everything.

    `real_margin` is in standard errors of what real images give; `findings` "count" with their consequences, or are
    "shown" and cost nothing.
    """

    real_margin: Annotated[float, Meta(ge=0, le=100)] | None = None
    least_digit_kept: Annotated[float, Meta(ge=0, le=1)] = 0.0
    least_recall: Annotated[float, Meta(ge=0, le=1)] = 0.0
    findings: Literal["count", "shown"] = "shown"


class MetricRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric that ranks: its name within the category, and which direction is better."""

    name: str
    direction: Direction


class CategoryRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A category, and the metrics whose ranks are averaged in it."""

    name: str
    metrics: tuple[MetricRule, ...]
