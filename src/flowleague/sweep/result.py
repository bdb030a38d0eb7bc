"""What a sweep found, from journal and cards: trials, the Pareto front, what each dial does, which one to train.

    front        trials that no other beats in one objective without losing in another (`Study.best_trials`)
    importance   the share of an objective's variance that a dial explains: fANOVA (Hutter, Hoos & Leyton-Brown 2014), a
                 random forest over the trials; a hint below some thirty of them
    rank sum     of a trial among all: each category of a contest gives a rank, and the lowest sum wins
    ranks        what a dial buys: the mean rank sum of the trials at one end of it, minus that at the other

Sampling prefers what did well, so a dial's two ends differ in the other dials too: its ranks are no experiment's.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from flowleague.ranking.counted import counted
from flowleague.ranking.field import Entry, Measured
from flowleague.ranking.rank import rank
from flowleague.ranking.rules import CategoryRule, Fairness, Scheme
from flowleague.scorecard.card import Metric
from flowleague.sweep.plan import Plan
from flowleague.sweep.runs import Run
from flowleague.sweep.space import Dial, Value, as_set
from flowleague.sweep.study import why_failed
from flowleague.text import number

RANKS = "rank sum"  # beside the objectives, what a dial may be important for
_Card = Mapping[str, Metric]  # the metrics of one
_FEWEST = 4  # trials from which on dials can be compared


@dataclass(frozen=True)
class Rules:
    """The rules by which trials are ranked among each other: a contest's."""

    categories: Sequence[CategoryRule]
    scheme: Scheme
    fairness: Fairness


@dataclass(frozen=True)
class Trial:
    """A trial that was measured.

    `figures` are the objectives: the mean over seeds, and its standard error, which of a single seed is the card's.
    `score` is its rank sum among all trials, by which its `place` is.
    """

    number: int
    values: Mapping[str, Value]
    figures: tuple[Measured, ...]
    score: float
    place: int
    on_front: bool


@dataclass(frozen=True)
class Bought:
    """What a dial buys: moved from `worse` to `better`, so many ranks, with a standard error (None: too few trials)."""

    key: str
    worse: str
    better: str
    ranks: float
    error: float | None


@dataclass(frozen=True)
class Result:
    """What a sweep found.

    `importance` by objective or `RANKS`, then by dial; empty with too few trials. `failed`: why, by number. `chosen` is
    the trial of the front with the lowest rank sum.
    """

    plan: Plan
    trials: tuple[Trial, ...]
    failed: Mapping[int, str]
    importance: Mapping[str, Mapping[str, float]]
    bought: tuple[Bought, ...]

    @property
    def front(self) -> tuple[Trial, ...]:
        """The trials on the front, by the first objective, the best first."""
        sign = -1 if self.plan.objectives[0].goal == "maximise" else 1
        front = (trial for trial in self.trials if trial.on_front)
        return tuple(sorted(front, key=lambda trial: (sign * (trial.figures[0].value or 0.0), trial.number)))

    @property
    def chosen(self) -> Trial | None:
        """The trial to train in full; None where none was measured."""
        return min(self.front, key=lambda trial: (trial.place, trial.number), default=None)


def result(folder: Path, plan: Plan, study: Study, rules: Rules) -> Result:
    """What a sweep has found so far; raises a `FlowLeagueError` for cards that cannot be read."""
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not done:
        return Result(plan, (), why_failed(study), {}, ())
    cards = {
        trial.number: [Run(folder, trial.number, s, {}).card(plan).metrics() for s in plan.seeds] for trial in done
    }
    entries = [_entry(trial, cards[trial.number], rules) for trial in done]
    rows = {row.entry.id: row for row in rank(entries, rules.categories, rules.scheme, "share").rows}
    best = {trial.number for trial in study.best_trials}
    trials = tuple(
        Trial(
            trial.number,
            trial.params,
            tuple(_over_seeds(cards[trial.number], objective.metric) for objective in plan.objectives),
            rows[str(trial.number)].score,
            rows[str(trial.number)].place,
            trial.number in best,
        )
        for trial in done
    )
    scores = {trial.number: trial.score for trial in trials}
    bought = [_bought(dial, trials) for dial in plan.dials] if len(trials) >= _FEWEST else []
    found = tuple(sorted(filter(None, bought), key=lambda one: -one.ranks))
    return Result(plan, trials, why_failed(study), _importance(study, plan, scores), found)


def _entry(trial: FrozenTrial, cards: Sequence[_Card], rules: Rules) -> Entry:
    """A trial as an entry of a contest, with the figures that count."""
    real = {name: metric.reference for name, metric in cards[0].items() if metric.reference is not None}
    entry = Entry(str(trial.number), str(trial.number), {name: _over_seeds(cards, name) for name in cards[0]})
    return counted(entry, real, rules.fairness, rules.categories, rules.scheme)


def _over_seeds(cards: Sequence[_Card], name: str) -> Measured:
    """A metric's mean over seeds and its standard error; without a value where a card has none."""
    metrics = [card[name] for card in cards]
    values = [metric.value for metric in metrics if metric.value is not None]
    if len(values) < len(metrics):
        return Measured(None)
    if len(values) == 1:
        return Measured(values[0], metrics[0].standard_error or 0.0)
    return Measured(fmean(values), stdev(values) / math.sqrt(len(values)))


def _importance(study: Study, plan: Plan, scores: Mapping[int, float]) -> dict[str, dict[str, float]]:
    """The importance of every dial for every objective and for the rank sum; nothing where trials are too few."""

    def of(target: Callable[[FrozenTrial], float]) -> dict[str, float]:
        if len(scores) < _FEWEST or len({target(trial) for trial in study.trials if trial.number in scores}) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trees on few trials
            return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), target=target)

    targets: dict[str, Callable[[FrozenTrial], float]] = {
        objective.metric: lambda trial, i=i: trial.values[i] for i, objective in enumerate(plan.objectives)
    }
    targets[RANKS] = lambda trial: scores[trial.number]
    return {name: found for name, target in targets.items() if (found := of(target))}


def _bought(dial: Dial, trials: Sequence[Trial]) -> Bought | None:
    """The ranks between the halves of a dial's values that were tried, or between its worst choice and its best."""
    if dial.choices:
        groups = {as_set(value): _scores(trials, dial.key, lambda v, value=value: v == value) for value in dial.choices}
    else:
        middle = median(float(trial.values[dial.key]) for trial in trials)
        groups = {
            f"below {number(middle, 3)}": _scores(trials, dial.key, lambda v: float(v) < middle),
            f"{number(middle, 3)} or more": _scores(trials, dial.key, lambda v: float(v) >= middle),
        }
    groups = {name: scores for name, scores in groups.items() if scores}
    if len(groups) < 2:
        return None
    worse, better = (pick(groups, key=lambda name: fmean(groups[name])) for pick in (max, min))
    ends = groups[worse], groups[better]
    error = math.sqrt(sum(stdev(one) ** 2 / len(one) for one in ends)) if min(map(len, ends)) > 1 else None
    return Bought(dial.key, worse, better, fmean(ends[0]) - fmean(ends[1]), error)


def _scores(trials: Sequence[Trial], key: str, holds: Callable[[Any], bool]) -> list[float]:
    return [trial.score for trial in trials if holds(trial.values[key])]


def for_programs(found: Result, folder: Path) -> dict[str, Any]:
    """What a sweep found, as JSON can hold it."""

    def shown(trial: Trial) -> dict[str, Any]:
        figures = zip(found.plan.objectives, trial.figures, strict=True)
        return {
            "trial": trial.number,
            "values": dict(trial.values),
            "objectives": {one.metric: {"mean": m.value, "standard_error": m.error} for one, m in figures},
            "rank_sum": trial.score,
            "place": trial.place,
            "on_front": trial.on_front,
        }

    return {
        "folder": str(folder),
        "recipe": found.plan.recipe,
        "seeds": list(found.plan.seeds),
        "trials": [shown(trial) for trial in found.trials],
        "failed": {str(number): why for number, why in found.failed.items()},
        "front": [trial.number for trial in found.front],
        "chosen": found.chosen.number if found.chosen else None,
        "importance": {name: dict(dials) for name, dials in found.importance.items()},
        "bought": [vars(one) for one in found.bought],
    }
