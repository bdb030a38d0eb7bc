"""What the ranking is told: which metrics rank, how ranks are summed, and what breaks ties."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Direction = Literal["lower", "higher"]  # which is better
Scheme = Literal["categories", "columns"]  # sum of the ranks in categories; mean of the ranks in metrics
Ties = Literal["analysis", "share"]  # equal scores: ordered by the marks for analysis, or sharing a place

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]


class RuleFault(ValueError):  # noqa: N818 - the reader of the rules makes an error of it, with the line
    """A rule that cannot be used: the keys that lead to it from the table that was read, and one sentence."""

    def __init__(self, path: tuple[str | int, ...], sentence: str):
        super().__init__(sentence)
        self.path, self.sentence = path, sentence


class MetricRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric that ranks: its name inside the category, and which direction is better."""

    name: str
    direction: Direction


class CategoryRule(Struct, frozen=True, forbid_unknown_fields=True):
    """A category in which every entry gets a rank, and the metrics that are combined into it."""

    name: str
    metrics: tuple[MetricRule, ...]
