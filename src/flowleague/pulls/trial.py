"""Measuring the entry of a pull request as the contest measures: in a contest of its own, with the same rules.

The trial is a folder with the contest's rules and judges and this one entry, so limits, sandbox, times and messages are
those of `flowleague contest evaluate`; owner and deadline are checked elsewhere.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flowleague.contest.evaluate import SCORER, evaluate
from flowleague.contest.events import Failure
from flowleague.contest.rules import RULES_FILE, read_rules
from flowleague.contest.submit import submit
from flowleague.errors import FlowLeagueError
from flowleague.files import read_regular, temporary_folder, write_atomically
from flowleague.pulls.artifact import CARD, LIMITS, PICTURES, SAID, write_outcome
from flowleague.pulls.entry import parcel_in
from flowleague.pulls.event import Pull


def measure(contest: Path, pull: Pull, place: Path, out: Path, scorer: Sequence[str] = SCORER) -> str:
    """Measure the entry in a folder and write the result into `out`; returns why it failed, empty when it did not."""
    out.mkdir(parents=True, exist_ok=True)
    with temporary_folder() as name:
        trial, kept = name / "contest", name / "kept"
        kept.mkdir()
        try:
            id_ = _send_in(contest, pull, place, trial)
            (measured,) = evaluate(trial, jobs=1, scorer=scorer, keep=kept)
            problem = measured.reason if isinstance(measured, Failure) else ""
        except FlowLeagueError as error:
            id_, problem = "", str(error).replace(str(name), "")
        for file in (SAID,) if problem else (CARD, SAID, *PICTURES):
            source = kept / id_ / file
            if id_ and source.is_file() and not source.is_symlink():
                write_atomically(out / file, read_regular(source, LIMITS[file])[: LIMITS[file]])
    write_outcome(out, pull, "failed" if problem else "measured", problem)
    return problem


def _send_in(contest: Path, pull: Pull, place: Path, trial: Path) -> str:
    """Make the trial, with the entry in it; returns the entry's id."""
    trial.mkdir()
    shutil.copyfile(contest / RULES_FILE, trial / RULES_FILE)
    if (contest / "judges").is_dir():
        shutil.copytree(contest / "judges", trial / "judges")
    statement, parcel = parcel_in(place, pull)
    opens = read_rules(trial).time.opens
    return submit(trial, replace(parcel, team=statement.team, submitted=opens, late=False)).id
