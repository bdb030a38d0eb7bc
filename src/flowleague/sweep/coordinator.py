"""The coordinator: asks Optuna for trials, gives their trainings to an engine, and tells what the cards say.

A trial is as many trainings as there are seeds, each followed by its scoring; the mean over seeds counts. All that is
known lies in the folder: one that is called again takes up trials that were asked for, trainings at their last
checkpoint, and jobs that an engine still runs.
"""

import math
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.study import Study
from optuna.trial import TrialState

from flowleague.engines.job import Ended, Engine, Job
from flowleague.errors import FlowLeagueError, SweepError
from flowleague.sweep.plan import Plan
from flowleague.sweep.runs import MEMORY_GIB, Run, Step
from flowleague.sweep.study import distributions, tell, tell_failed

_ATTEMPTS = 3  # of a job whose process or worker is killed
_HOPELESS = 3  # trials that fail before any succeeds: then all will
_PAUSE = 0.05  # seconds between looks at the jobs


@dataclass(frozen=True)
class Told:
    """A trial that has ended: its number, and the means of the objectives, or why it has none."""

    trial: int
    values: tuple[float, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class _Work:
    """A step of a run that an engine is at."""

    run: Run
    step: Step
    attempt: int
    job: Job


class Coordinator:
    """A sweep at work: an open study, an engine, and how many jobs it runs at a time.

    `data` is the folder of the images, where they are not found by the data set's name.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        study: Study,
        engine: Engine,
        jobs: int | None = None,
        data: Path | None = None,
    ) -> None:
        self._folder, self._plan, self._study, self._engine, self._data = folder, plan, study, engine, data
        self._width = jobs or engine.width(plan.threads, MEMORY_GIB)
        self._waiting: deque[Run] = deque()
        self._running: list[_Work] = []
        self._failed = self._succeeded = 0

    def run(self, trials: int, say: Callable[[Told], None]) -> None:
        """Go on until the sweep has so many trials in all; `say` is called with each one that ends.

        Raises `SweepError` where the first trials all fail, and what an engine raises. Whatever ends it, the same call
        goes on.
        """
        for left in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._waiting += self._runs(left.number, left.params)
            self._tell_if_done(left.number, say)  # all was measured, and not told any more
        try:
            while self._fill(trials):
                time.sleep(_PAUSE)
                for work in list(self._running):
                    if work in self._running and (ended := self._engine.poll(work.job)):
                        self._running.remove(work)
                        self._take(work, ended, say)
        finally:
            for work in self._running:
                self._engine.cancel(work.job)

    def _fill(self, trials: int) -> bool:
        """Begin as much as there is room for; whether anything runs."""
        while len(self._running) < self._width:
            if not self._waiting:
                if len(self._study.get_trials(deepcopy=False)) >= trials:
                    break
                asked = self._study.ask(distributions(self._plan.dials))
                self._waiting += self._runs(asked.number, asked.params)
            run = self._waiting.popleft()
            if step := run.next():
                self._start(run, step, max(run.attempts(step), 1))
        return bool(self._running)

    def _runs(self, trial: int, values: dict) -> list[Run]:
        return [Run(self._folder, trial, seed, values) for seed in self._plan.seeds]

    def _start(self, run: Run, step: Step, attempt: int) -> None:
        job = run.job(self._plan, step, attempt, self._data)
        job.place.parent.mkdir(exist_ok=True)
        self._engine.start(job)
        self._running.append(_Work(run, step, attempt, job))

    def _take(self, work: _Work, ended: Ended, say: Callable[[Told], None]) -> None:
        """What follows from the end of a job: another attempt, the next step, or the end of its trial."""
        run = work.run
        if ended.lost and work.attempt < _ATTEMPTS:
            return self._start(run, work.step, work.attempt + 1)
        if ended.status != 0:
            return self._fail(run, _why(work, ended), say)
        if (step := run.next()) == work.step:
            return self._fail(run, f"{run.folder} holds nothing of it: do the workers see this folder?", say)
        for place in work.job.place.parent.glob(f"{run.name}-{work.step}-*"):
            shutil.rmtree(place, ignore_errors=True)
        if step:
            return self._start(run, step, max(run.attempts(step), 1))
        return self._tell_if_done(run.trial, say)

    def _tell_if_done(self, trial: int, say: Callable[[Told], None]) -> None:
        """Tell the means of a trial whose trainings are all measured."""
        runs = self._runs(trial, {})
        if any(run.next() for run in runs):
            return
        try:
            values = means(runs, self._plan)
        except _UnmeasuredError as error:
            self._fail(runs[0], str(error), say)
            return
        tell(self._study, trial, values)
        self._waiting = deque(run for run in self._waiting if run.trial != trial)
        self._succeeded += 1
        say(Told(trial, values))

    def _fail(self, run: Run, why: str, say: Callable[[Told], None]) -> None:
        """Tell that a trial failed, and leave its other trainings."""
        for work in [work for work in self._running if work.run.trial == run.trial]:
            self._engine.cancel(work.job)
            self._running.remove(work)
        self._waiting = deque(one for one in self._waiting if one.trial != run.trial)
        tell_failed(self._study, run.trial, why)
        self._failed += 1
        say(Told(run.trial, why=why))
        if self._failed == _HOPELESS and not self._succeeded:
            raise SweepError(
                f"The first {_HOPELESS} trials all failed, so the sweep stopped; the last one because: {why}"
            )


class _UnmeasuredError(FlowLeagueError):
    """An objective has no value in a card."""


def means(runs: Sequence[Run], plan: Plan) -> tuple[float, ...]:
    """The means of the objectives over the seeds of a trial; raises a `FlowLeagueError` where one was not measured."""
    cards = [run.card(plan).metrics() for run in runs]
    found = []
    for objective in plan.objectives:
        measured = [card[objective.metric] for card in cards]
        if reason := next((metric.reason for metric in measured if metric.value is None), ""):
            raise _UnmeasuredError(f"{objective.metric} was not measured: {reason}.")
        found.append(math.fsum(metric.value or 0.0 for metric in measured) / len(measured))
    return tuple(found)


def _why(work: _Work, ended: Ended) -> str:
    """Why a job failed: its own last sentence, or how it ended."""
    what = {"train": "Training", "score": "Scoring"}[work.step]
    if ended.late:
        return f"{what} with seed {work.run.seed} took longer than {work.job.seconds:,.0f} seconds."
    if ended.lost:
        return f"{what} with seed {work.run.seed} was killed {_ATTEMPTS} times, most likely for its memory."
    own = [line.removeprefix("flowleague: ") for line in ended.said if line.startswith("flowleague: ")]
    return own[-1] if own else f"{what} stopped with status {ended.status}; its output is in {work.job.place}."
