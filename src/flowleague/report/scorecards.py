"""The scorecard of a report: one that was written before, when it is this bundle's, or one measured now."""

from collections.abc import Sequence
from pathlib import Path

from flowleague.build import evaluator
from flowleague.entrant.model import Facts
from flowleague.judge.evidence import Judge, RealDigits
from flowleague.judge.measure import Progress, measure_model
from flowleague.report.captured import Captured
from flowleague.report.subject import Subject
from flowleague.scorecard.card import Scorecard, ScorecardError, read_scorecard, rounded, write_scorecard
from flowleague.scorecard.metrics import evaluate
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.scorecard.metrics.training import read_log

FILE = "scorecard.json"


def scorecard_of(
    subject: Subject | Captured,
    digits: RealDigits,
    judges: Sequence[Judge],
    given: Path | None,
    places: Sequence[Path],
    progress: Progress,
) -> Scorecard:
    """The card in the file that was given; else the first that fits in `places`; else measured, and left in the last.

    Raises `ScorecardError` when the file that was given is not this bundle's.
    """
    if given:
        card = read_scorecard(given)
        reason = misfit(card, subject, digits, judges)
        if reason:
            raise ScorecardError(f"{given} is not the scorecard of this entry: {reason}; leave --scorecard out.")
        return card
    for place in places:
        try:
            card = read_scorecard(place)
        except ScorecardError:
            continue  # absent, or of another version
        if not misfit(card, subject, digits, judges):
            return card
    with subject.measured() as model:
        card = measure_model(model, digits, judges, model.dataset, progress)
    write_scorecard(card, places[-1])
    return card


def misfit(card: Scorecard, subject: Subject | Captured, digits: RealDigits, judges: Sequence[Judge]) -> str:
    """What shows that a card was not measured from this bundle, these digits and judges; empty when nothing does.

    The weights' hashes leave the recipe's solver open, and the log: those show in what the card says of them. Two
    solvers of the same cost, such as midpoint and Heun, cannot be told apart.
    """
    facts = subject.facts
    if {file.name: file.sha256 for file in card.weights} != {file.name: file.sha256 for file in facts.weights}:
        return "its weights have other hashes"
    if card.data_sha256 != digits.sha256 or card.plan != digits.plan.name:
        return f"it was measured on other digits, or with another plan ({card.plan})"
    if [judge.sha256 for judge in card.judges] != [judge.sha256 for judge in judges]:
        return "other judges measured it"
    if card.evaluator != evaluator():
        return f"{card.evaluator} measured it"
    if lacking := card.lacking():
        return f"it lacks {', '.join(lacking)}"
    values = {name: metric.value for name, metric in card.metrics().items()}
    due = {"efficiency.nfe": facts.nfe, "efficiency.flops": facts.flops} | _of_training(facts)
    odd = [name for name, value in due.items() if values[name] != value]
    return f"{odd[0]} is another" if odd else ""


def _of_training(facts: Facts) -> dict[str, float | None]:
    """What a card says of the training log, by metric; all of it is missing when the log is nonsense."""
    try:
        figures = evaluate(read_log(facts.log), "log")
    except Unmeasurable:
        return {}
    return {name: None if figure.value is None else rounded(figure.value) for name, figure in figures.items()}
