"""Measuring what has not been measured: one `flowleague score` process for each entry, several at a time.

An entry that fails is recorded with its message, and the others go on. A claim on an entry is a locked file, and
the lock dies with its process. Two evaluators share the work; what a killed one had begun is started again.
"""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flowleague.build import evaluator
from flowleague.capacity import free_memory_gib, usable_cores
from flowleague.contest.amending import note_rules
from flowleague.contest.chain import file_sha256
from flowleague.contest.engines import local
from flowleague.contest.events import Evaluator, Failure, Measurement, Score, view
from flowleague.contest.folder import Contest, ContestError, open_contest
from flowleague.contest.records import writing
from flowleague.contest.rules import RULES_FILE, Rules
from flowleague.contest.scores import ForeignCardError, check_comparable, check_fit, record_score
from flowleague.contest.seeds import seeds_of
from flowleague.contest.state import State, Submission, state_of
from flowleague.files import write_atomically
from flowleague.scorecard.card import ScorecardError, read_scorecard
from flowleague.scorecard.pictures import PictureError, read_pictures
from flowleague.text import listed

SCORER = (sys.executable, "-m", "flowleague", "score")
_MEASURING = ".measuring"
_OWN_FAULT = "The evaluator "  # begins a reason that is not the entry's
_PAUSE = 0.05  # seconds between looks at the running processes
_Tell = Callable[[str, Measurement], None]


@dataclass
class _Job:
    """A running measurement: its entry and round, the engine's run of it, and its locked claim."""

    entry: Submission
    round: int
    run: local.Run
    claim: FileLock


def evaluate(
    folder: Path,
    *,
    jobs: int | None = None,
    retry: bool = False,
    scorer: Sequence[str] = SCORER,
    tell: _Tell | None = None,
    keep: Path | None = None,
) -> list[Measurement]:
    """Measure every entry that this round has not measured; returns the measurements that this call recorded.

    `jobs` processes at a time, by default as many as memory and cores allow. With `retry`, entries that failed are
    tried again. `tell` is called with the team and the measurement of every entry done. With `keep`, what a scorer
    wrote is kept in that folder, by the entry's id. Raises `ContestError` when the installed evaluator is not the one
    that measured the others, and when the secret of the seeds is not here.
    """
    contest = open_contest(folder)
    with writing(folder) as writer:
        note_rules(writer, datetime.now(UTC))
    _check_installed(contest.state, scorer)
    _check_unchanged(contest)
    seeds_of(contest)  # what is wrong with them is no entry's fault
    count = jobs or capacity(contest.rules)
    written: list[Measurement] = []
    retried: set[str] = set()
    running: list[_Job] = []
    try:
        while True:
            busy = {job.entry.id for job in running}
            free = [entry for entry in _unmeasured(contest.state, retry, retried) if entry.id not in busy]
            running += _start(contest, free, count - len(running), retry, retried, scorer)
            if not running and not free:
                return written
            time.sleep(_PAUSE if running else 10 * _PAUSE)  # another evaluator has the rest: wait for it, or inherit it
            done = [job for job in running if local.poll(job.run)]
            for job in done:
                running.remove(job)
                measured = _finish(contest, job, keep)
                if measured is not None:
                    written.append(measured)
                    retried.add(job.entry.id)
                    if tell:
                        tell(job.entry.team, measured)
            if done or not running:
                contest = open_contest(folder)
    finally:
        for job in running:
            _give_up(job)


def waiting(state: State, retry: bool = False) -> list[Submission]:
    """The entries that `evaluate` would measure now, in its order."""
    return _unmeasured(state, retry, set())


def is_own_fault(failure: Failure) -> bool:
    """Whether an entry could not be measured because of the evaluator or its machine, and not because of itself."""
    return failure.reason.startswith(_OWN_FAULT)


def _unmeasured(state: State, retry: bool, retried: set[str]) -> list[Submission]:
    """The entries to measure in this round, those that count first."""
    measured = state.measured[-1]

    def is_open(entry: Submission) -> bool:
        found = measured.get(entry.id)
        if isinstance(found, Score) and found.source == "elsewhere":
            return True  # a card that was handed in does not replace measuring
        return found is None or (retry and isinstance(found, Failure) and entry.id not in retried)

    counting = {entry.id for entry in state.counting().values()}
    return sorted(filter(is_open, state.live()), key=lambda entry: (entry.id not in counting, entry.number))


def _check_installed(state: State, scorer: Sequence[str]) -> None:
    """Raises `ContestError` when this round was begun by another version than the one installed."""
    reference = Evaluator.of_round(state.measured[-1])
    if reference and tuple(scorer) == SCORER and reference.evaluator != evaluator():
        raise ContestError(
            f"This contest is being measured by {reference.evaluator}, and {evaluator()} is installed; install that "
            "version, or measure everything again with `flowleague contest rescore`."
        )


def _check_unchanged(contest: Contest) -> None:
    """Raises `ContestError` when plan or judges are not those by which this round was begun."""
    reference = Evaluator.of_round(contest.state.measured[-1])
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


def capacity(rules: Rules) -> int:
    """How many entries can be measured at a time with the processors and free memory of this process; at least one."""
    by_memory = int(free_memory_gib() // rules.evaluation.memory_gib)
    return max(1, min(usable_cores() // rules.evaluation.threads, by_memory))


def _start(
    contest: Contest, entries: Sequence[Submission], free: int, retry: bool, retried: set[str], scorer: Sequence[str]
) -> Iterator[_Job]:
    """Claim entries and start measuring them, at most `free` of them."""
    for entry in entries:
        if free <= 0:
            return
        place = contest.folder / _MEASURING
        place.mkdir(exist_ok=True)
        claim = FileLock(place / f"{entry.id}.lock")
        try:
            claim.acquire(timeout=0)
        except Timeout:
            continue  # another evaluator is at it
        with writing(contest.folder) as writer:  # once we hold the lock, its files are in their places
            state = state_of(writer.records)
        if entry not in _unmeasured(state, retry, retried):  # another evaluator did it in the meantime
            claim.release()
            continue
        free -= 1
        yield _launch(contest, entry, state.round, claim, scorer)


def _launch(contest: Contest, entry: Submission, round_: int, claim: FileLock, scorer: Sequence[str]) -> _Job:
    place, evaluation = contest.folder / _MEASURING / entry.id, contest.rules.evaluation
    shutil.rmtree(place, ignore_errors=True)  # what a killed evaluator left
    place.mkdir()
    command = [*scorer, *_options(contest, entry, place)]
    run = local.start(command, place, evaluation.threads, evaluation.wall_seconds)
    return _Job(entry, round_, run, claim)


def _options(contest: Contest, entry: Submission, place: Path) -> list[str]:
    """The options of `flowleague score`."""
    folder = contest.folder / entry.folder
    options = [str(folder / entry.file), "--out", str(place / "scorecard.json"), f"--name={entry.team}"]
    options += ["--dataset", contest.rules.dataset, "--pictures", str(place)]
    options += ["--latent-size", *map(str, contest.rules.entries.latent_size)]
    if contest.rules.evaluation.plan == "quick":
        options.append("--dry-run")
    if (contest.folder / "judges").is_dir():
        options += ["--judges", str(contest.folder / "judges")]
    if seeds := seeds_of(contest):  # in a file: other users of the machine may read a command line
        file = place.with_suffix(".seeds")  # not in its place, of which everything may be kept
        write_atomically(file, "\n".join(map(str, seeds)).encode(), private=True)
        options += ["--seeds", str(file)]
    options += ["--limits", str(contest.folder / RULES_FILE)] if contest.rules.limits else []
    if not entry.file.endswith(".zip"):
        options += ["--weights", str(folder / "weights")] if entry.weights else []
        options += ["--captured-only"] if contest.rules.entries.code == "refused" else []
    return options


def _finish(contest: Contest, job: _Job, keep: Path | None) -> Measurement | None:
    """Record the outcome of a measurement that has ended; None when it no longer matters."""
    try:
        ended = local.result(job.run)
        with writing(contest.folder) as writer:
            state = state_of(writer.records)
            if state.round != job.round or state.is_out(job.entry.id):
                return None
            found = state.measured[-1].get(job.entry.id)
            if isinstance(found, Score) and found.source != "elsewhere":
                return None  # recorded in the meantime
            problem = _problem(contest, job, ended)
            if not problem:
                try:
                    card = read_scorecard(job.run.place / "scorecard.json")
                    check_fit(card, contest.rules)
                    pictures = read_pictures(job.run.place)
                except (ScorecardError, ForeignCardError, PictureError) as error:
                    problem = _without_paths(str(error), contest.folder, job)
                else:
                    check_comparable(card, Evaluator.of_round(state.measured[-1]))  # not the entry's fault: stops here
                    return record_score(writer, job.entry, card, job.round, "here", pictures)
            body = {"id": job.entry.id, "round": job.round, "reason": problem}
            return view(writer.append("failure", body), Failure)
    finally:
        job.claim.release()
        if keep is not None:
            shutil.copytree(job.run.place, keep / job.entry.id, symlinks=True, dirs_exist_ok=True)
        _clear(job)


def _problem(contest: Contest, job: _Job, ended: local.Result) -> str:
    """Why a measurement failed: its own last message, or how its process ended; empty when it succeeded."""
    if ended.status is None:
        return f"It took longer than {contest.rules.evaluation.wall_seconds} seconds."
    if ended.status == 0:
        return ""
    own = [line.removeprefix("flowleague: ") for line in ended.said if line.startswith("flowleague: ")]
    if own:
        return _without_paths(own[-1], contest.folder, job)
    if ended.status in (-9, 137):  # SIGKILL, as the system says it and as a shell does
        return f"{_OWN_FAULT}was killed, most likely for its memory; measure fewer entries at a time (--jobs 1)."
    how = f"was killed by signal {-ended.status}" if ended.status < 0 else f"stopped with status {ended.status}"
    last = next((line for line in reversed(ended.said) if line.strip()), "nothing")
    return f"{_OWN_FAULT}{how}; its last line was: {_without_paths(last, contest.folder, job)}"


def _without_paths(text: str, folder: Path, job: _Job) -> str:
    """A message for the public records: no paths of this machine, no control characters, not too long."""
    for place in (job.run.place, folder / job.entry.folder, folder):
        text = text.replace(f"{place.absolute()}/", "").replace(f"{place}/", "")
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:500]


def _give_up(job: _Job) -> None:
    """End a measurement whose result is not wanted any more, so that another evaluator can take it up."""
    local.stop(job.run)
    _clear(job)
    job.claim.release()


def _clear(job: _Job) -> None:
    """Remove what was written to measure an entry."""
    shutil.rmtree(job.run.place, ignore_errors=True)
    job.run.place.with_suffix(".seeds").unlink(missing_ok=True)
