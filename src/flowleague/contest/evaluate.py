"""Measuring what has not been measured: one `flowleague score` process for each entry, several at a time.

An entry that fails is recorded with its message, and the others go on. A claim on an entry is a locked file, and
the lock dies with its process. Two evaluators share the work; what a killed one had begun is started again, or taken up
where an engine can. An entry whose process or worker was killed is tried again; measured more than once, it is recorded
once.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from flowleague.build import evaluator
from flowleague.contest.amending import note_rules
from flowleague.contest.chain import file_sha256
from flowleague.contest.events import Failure, Measurement, Score, evaluator_of, view
from flowleague.contest.folder import Contest, ContestError, open_contest
from flowleague.contest.following import replaces
from flowleague.contest.held_out import check_same, held_out, note_held_out
from flowleague.contest.records import writing
from flowleague.contest.scorer import OWN_FAULT, SCORER, command, problem, without_paths
from flowleague.contest.scores import ForeignCardError, check_comparable, check_fit, record_score
from flowleague.contest.seeds import seeds_of
from flowleague.contest.state import State, Submission
from flowleague.contest.watching import Present
from flowleague.engines.job import Ended, Engine, Job
from flowleague.engines.local import Local
from flowleague.scorecard.card import ScorecardError, read_scorecard
from flowleague.scorecard.pictures import PictureError, read_pictures
from flowleague.text import listed

_MEASURING = ".measuring"
_ATTEMPTS = 3  # to measure an entry whose process or worker is killed
# Reasons that tell of a limit, here and inside the sandbox, which a busy machine reaches too
_LIMITS = r"took longer than|held more than [\d,]+ MiB|most likely for its memory|s of processor time"
Retry = Literal["", "chance", "all"]
_PAUSE = 0.05  # seconds between looks at the running processes
_Tell = Callable[[str, Measurement], None]
_Watch = Callable[[Sequence[Present]], None]


@dataclass
class _Running:
    """A measurement: entry, round, the engine's job, which attempt, since when, its locked claim, who is held out."""

    entry: Submission
    round: int
    job: Job
    attempt: int
    began: float
    claim: FileLock
    held_out: str

    @property
    def present(self) -> Present:
        """What is to be seen of it."""
        return Present(self.entry.team, self.entry.id, time.monotonic() - self.began, self.job.place)


def evaluate(
    folder: Path,
    *,
    jobs: int | None = None,
    retry: Retry = "",
    scorer: Sequence[str] = SCORER,
    engine: Engine | None = None,
    tell: _Tell | None = None,
    watch: _Watch = lambda _: None,
    keep: Path | None = None,
) -> list[Measurement]:
    """Measure every entry that this round has not measured; returns the measurements that this call recorded.

    `jobs` at a time, by default as many as the `engine` runs: this machine's processes, as memory and cores allow, or
    a cluster. With `retry` "chance" entries are tried again whose failure another try may change (see `may_change`),
    with "all" every one that failed. `tell` is called with the team and the measurement of every entry done, `watch`
    many times a second with what is under way. With `keep`, what a scorer wrote is kept in that folder, by the entry's
    id. Raises `ContestError` when the installed evaluator is not the one that measured the others, when the secret of
    the seeds is not here, and when the engine refuses jobs.
    """
    contest = open_contest(folder)
    with writing(folder) as writer:
        note_rules(writer, datetime.now(UTC))
        note_held_out(writer)
    _check_installed(contest.state, scorer)
    _check_unchanged(contest)
    seeds_of(contest)  # what is wrong with them is no entry's fault
    engine = engine or Local()
    count = jobs or engine.width(contest.rules.evaluation.threads, contest.rules.evaluation.memory_gib)
    written: list[Measurement] = []
    retried: set[str] = set()
    running: list[_Running] = []
    waits = _unmeasured(contest.state, retry, retried)
    _tidy(contest.folder / _MEASURING, {entry.id for entry in waits})
    try:
        while True:
            busy = {one.entry.id for one in running}
            free = (entry for entry in waits if entry.id not in busy)
            for one in _claimed(contest, free, count - len(running), retry, retried, scorer):
                running.append(one)
                engine.start(one.job)
            if not running and not waits:
                return written
            watch([one.present for one in running])
            time.sleep(_PAUSE if running else 10 * _PAUSE)  # another evaluator has the rest: wait for it, or inherit it
            ended = [(one, end) for one in running if (end := engine.poll(one.job))]
            for one, end in ended:
                running.remove(one)
                if end.lost and one.attempt < _ATTEMPTS:
                    running.append(_again(contest, one, scorer))
                    engine.start(running[-1].job)
                    continue
                measured = _finish(contest, one, end, keep)
                if measured is not None:
                    written.append(measured)
                    retried.add(one.entry.id)
                    if tell:
                        tell(one.entry.team, measured)
            if ended or not running:
                contest = open_contest(folder)
                waits = _unmeasured(contest.state, retry, retried)
    finally:
        for one in running:
            _give_up(engine, one)


def waiting(state: State, retry: Retry = "") -> list[Submission]:
    """The entries that `evaluate` would measure now, in its order."""
    return _unmeasured(state, retry, set())


def is_own_fault(failure: Failure) -> bool:
    """Whether an entry could not be measured because of the evaluator or its machine, and not because of itself."""
    return failure.reason.startswith(OWN_FAULT)


def may_change(failure: Failure) -> bool:
    """Whether another try may go otherwise: the evaluator failed, or a limit of time or memory was reached."""
    return is_own_fault(failure) or re.search(_LIMITS, failure.reason) is not None


def _unmeasured(state: State, retry: Retry, retried: set[str]) -> list[Submission]:
    """The entries to measure in this round, those that count first."""
    waits = [entry for entry in state.submissions.values() if _is_open(state, entry, retry, retried)]
    counting = {entry.id for entry in state.counting().values()} if waits else set()
    return sorted(waits, key=lambda entry: (entry.id not in counting, entry.number))


def _is_open(state: State, entry: Submission, retry: Retry, retried: set[str]) -> bool:
    """Whether an entry is to be measured in this round."""
    found = state.measured[-1].get(entry.id)
    if state.is_out(entry.id):
        return False
    if isinstance(found, Score) and found.source == "elsewhere":
        return True  # a card that was handed in does not replace measuring
    if isinstance(found, Failure) and retry and entry.id not in retried:
        return retry == "all" or may_change(found)
    return found is None


def _check_installed(state: State, scorer: Sequence[str]) -> None:
    """Raises `ContestError` when this round was begun by another version than the one installed."""
    reference = evaluator_of(state.measured[-1])
    if reference and tuple(scorer) == SCORER and reference.evaluator != evaluator():
        raise ContestError(
            f"This contest is being measured by {reference.evaluator}, and {evaluator()} is installed; install that "
            "version, or measure everything again with `flowleague contest rescore`."
        )


def _check_unchanged(contest: Contest) -> None:
    """Raises `ContestError` when plan or judges are not those by which this round was begun."""
    check_same(contest)
    reference = evaluator_of(contest.state.measured[-1])
    if reference is None:
        return
    plan, own = contest.rules.evaluation.plan, sorted((contest.folder / "judges").glob("*.safetensors"))
    was = reference.judges
    others = [path.stem for path in own if path.stem in was and file_sha256(path) != was[path.stem]]
    changed = [f"the plan is {plan} and was {reference.plan}"] if plan != reference.plan else []
    changed += [f"the weights of the judge {name} are others" for name in others]
    if changed:
        raise ContestError(
            f"This round cannot go on: {listed(changed)}. Undo that, or measure everything again with "
            "`flowleague contest rescore`."
        )


def _claimed(
    contest: Contest, entries: Iterable[Submission], free: int, retry: Retry, retried: set[str], scorer: Sequence[str]
) -> Iterator[_Running]:
    """Claim entries that nobody else measures, at most `free` of them, and say how each is to be measured."""
    for entry in entries:
        if free <= 0:
            return
        work = contest.folder / _MEASURING / entry.id
        work.parent.mkdir(exist_ok=True)
        claim = FileLock(work.with_suffix(".lock"))
        try:
            claim.acquire(timeout=0)
        except Timeout:
            continue  # another evaluator is at it
        with writing(contest.folder) as writer:  # once we hold the lock, its files are in their places
            state = writer.state
        # Another evaluator may have done it in the meantime
        if state.submissions.get(entry.id) != entry or not _is_open(state, entry, retry, retried):
            claim.release()
            continue
        free -= 1
        begun = [int(place.name.partition("-")[2]) for place in work.glob(f"{state.round}-?")]  # by one that was killed
        attempt = max(begun, default=1)
        job = _job(contest, entry, work.absolute() / f"{state.round}-{attempt}", scorer)
        began, aside = time.monotonic(), held_out(contest.folder)
        yield _Running(entry, state.round, job, attempt, began, claim, aside)


def _again(contest: Contest, one: _Running, scorer: Sequence[str]) -> _Running:
    """The next attempt, in a folder of its own: what the last one started may not have ended."""
    attempt = one.attempt + 1
    place = one.job.place.with_name(f"{one.round}-{attempt}")
    return replace(one, job=_job(contest, one.entry, place, scorer), attempt=attempt)


def _job(contest: Contest, entry: Submission, place: Path, scorer: Sequence[str]) -> Job:
    place.parent.mkdir(exist_ok=True)
    asked = contest.rules.evaluation
    words = (*scorer, *command(contest, entry, place))
    return Job(words, place, asked.threads, asked.wall_seconds, asked.memory_gib)


def _finish(contest: Contest, one: _Running, ended: Ended, keep: Path | None) -> Measurement | None:
    """Record the outcome of a measurement that has ended; None when it no longer matters."""
    try:
        with writing(contest.folder) as writer:
            state = writer.state
            if state.round != one.round or state.is_out(one.entry.id):
                return None
            if not replaces(state.measured[-1].get(one.entry.id), "here"):
                return None  # recorded in the meantime
            reason = problem(contest, one.entry, one.job, ended)
            if not reason:
                try:
                    card = read_scorecard(one.job.place / "scorecard.json")
                    check_fit(card, contest.rules)
                    pictures = read_pictures(one.job.place)
                except (ScorecardError, ForeignCardError, PictureError) as error:
                    reason = without_paths(str(error), contest.folder, one.entry, one.job)
                else:
                    check_comparable(card, evaluator_of(state.measured[-1]))  # not the entry's fault: stops here
                    return record_score(writer, one.entry, card, one.round, "here", pictures, one.held_out)
            body = {"id": one.entry.id, "round": one.round, "reason": reason}
            return view(writer.append("failure", body), Failure)
    finally:
        try:
            if keep is not None:
                shutil.copytree(one.job.place, keep / one.entry.id, symlinks=True, dirs_exist_ok=True)
        finally:
            _clear(one)
            one.claim.release()


def _give_up(engine: Engine, one: _Running) -> None:
    """End a measurement whose result is not wanted any more, so that another evaluator can take it up."""
    engine.cancel(one.job)
    _clear(one)
    one.claim.release()


def _tidy(folder: Path, wanted: set[str]) -> None:
    """Remove what evaluators left that were killed when an entry was recorded and its folder was not yet removed."""
    for work in folder.glob("*/"):
        if work.name not in wanted:
            with suppress(Timeout), FileLock(work.with_suffix(".lock")).acquire(timeout=0):  # else another is at it
                shutil.rmtree(work, ignore_errors=True)


def _clear(one: _Running) -> None:
    """Remove what was written to measure an entry."""
    shutil.rmtree(one.job.place.parent, ignore_errors=True)
