"""The sentences of a verdict, as the command line and the report print them."""

import math
from collections.abc import Iterator

from flowleague.contest.verdict import Verdict
from flowleague.ranking.explain import quantity
from flowleague.ranking.gains import Gain
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import counted, number, numbers, ordinal, percent

SHORT = {name: name for name in TITLES} | {"training_performance": "training"}  # names of categories


def place_sentence(found: Verdict) -> str:
    """The place, how sure it is, and the sum of ranks beside those of the nearest rivals."""
    sure = found.certainty
    how = "95 % sure" if sure.low == sure.high else f"the noise allows {sure.low} to {sure.high}"
    rivals = [f"{team} {'has ' if not i else ''}{number(score)}" for i, (team, score) in enumerate(found.rivals)]
    beside = f"; {', '.join(rivals)}" if rivals else ""
    return f"{ordinal(found.place)} of {found.of:,}, {how}. Sum of ranks {number(found.score)}{beside}."


def advice_sentences(found: Verdict) -> Iterator[str]:
    """The best and the weakest category, the step that is worth most for its size, the one that gains most, the rival.

    Nothing stands out among categories when there is nobody to compare with.
    """
    if found.of > 1:
        best, weakest = found.strongest, found.weakest
        yield (
            f"Best: {SHORT[best.name]} ({ordinal(best.place)}). "
            f"Weakest: {SHORT[weakest.name]} ({ordinal(weakest.place)} of {found.of:,})."
        )
    if found.steps:
        near, most = found.steps[0], max(found.steps, key=lambda step: step.points)
        yield f"Next: {_step(near)}"
        if most.points > near.points:
            yield f"Most: {_step(most)}"
    elif found.place > 1:
        yield "No single metric, improved alone, would gain a point beyond the noise."
    if found.ahead:
        yield f"{found.ahead[0]} is {_points(found.ahead[1])} ahead."


def _step(step: Gain) -> str:
    label = METRICS[step.metric].label
    category = TITLES[step.metric.split(".")[0]]
    gained = f"gains {_points(step.points)}"
    if step.value is None:
        return f"any {label} ({category}) past {number(step.target)}, which {step.rival} has, {gained}."
    mine, target = (quantity(step.metric, text) for text in numbers(step.value, step.target))
    way = "" if math.isinf(step.relative) else f" {percent(step.relative)} of the way"
    noise = "" if math.isinf(step.noises) else f", {number(step.noises, 2)} times the noise"
    return f"{label} ({category}) from {mine} past {target}, which {step.rival} has, {gained}:{way}{noise}."


def _points(points: float) -> str:
    return counted(points, "point")
