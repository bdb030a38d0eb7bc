"""The process that measures an entry: `flowleague score`, with what it is told, and what its end says."""

import re
import sys
from pathlib import Path

from flowleague.contest.folder import Contest
from flowleague.contest.held_out import held_out, judge_folder
from flowleague.contest.rules import RULES_FILE
from flowleague.contest.seeds import seeds_of
from flowleague.contest.state import Submission
from flowleague.contest.watching import STAGE
from flowleague.engines.job import Ended, Job
from flowleague.errors import legible
from flowleague.files import write_atomically

SCORER = (sys.executable, "-m", "flowleague", "score")
OWN_FAULT = "The evaluator "  # begins a reason that is not the entry's


def command(contest: Contest, entry: Submission, place: Path) -> list[str | Path]:
    """The options of `flowleague score` for an entry, which writes into a place."""
    folder = contest.folder.absolute()
    sent = folder / entry.folder
    words: list[str | Path] = [sent / entry.file, "--out", place / "scorecard.json", f"--name={entry.team}"]
    words += ["--dataset", contest.rules.dataset, "--pictures", place, "--progress-to", place / STAGE]
    words += ["--latent-size", *map(str, contest.rules.entries.latent_size)]
    if contest.rules.evaluation.plan == "quick":
        words.append("--dry-run")
    if (folder / "judges").is_dir():
        words += ["--judges", folder / "judges"]
    if held_out(folder):
        words += ["--held-out", judge_folder(folder)]
    if seeds := seeds_of(contest):  # in a file: other users of the machine may read a command line
        file = place.parent / "seeds"  # not in its place, of which everything may be kept
        write_atomically(file, "\n".join(map(str, seeds)).encode(), private=True)
        words += ["--seeds", file]
    words += ["--limits", folder / RULES_FILE] if contest.rules.limits else []
    if not entry.file.endswith(".zip"):
        words += ["--weights", sent / "weights"] if entry.weights else []
        words += ["--captured-only"] if contest.rules.entries.code == "refused" else []
    return words


def problem(contest: Contest, entry: Submission, job: Job, ended: Ended) -> str:
    """Why a measurement failed: its own last message, or how its process ended; empty when it succeeded."""
    if ended.late:
        return f"It took longer than {contest.rules.evaluation.wall_seconds} seconds."
    if ended.status == 0:
        return ""
    own = [line.removeprefix("flowleague: ") for line in ended.said if line.startswith("flowleague: ")]
    if own:
        return without_paths(own[-1], contest.folder, entry, job)
    if ended.status is None:
        return f"{OWN_FAULT}lost the machine that measured it, each time that it was tried."
    if ended.lost:
        return f"{OWN_FAULT}was killed, most likely for its memory; measure fewer entries at a time (--jobs 1)."
    how = f"was killed by signal {-ended.status}" if ended.status < 0 else f"stopped with status {ended.status}"
    last = next((line for line in reversed(ended.said) if line.strip()), "nothing")
    return f"{OWN_FAULT}{how}; its last line was: {without_paths(last, contest.folder, entry, job)}"


def without_paths(text: str, folder: Path, entry: Submission, job: Job) -> str:
    """A message for the public records: no paths of this machine, no control characters, not too long."""
    for place in (job.place, folder / entry.folder, folder):
        text = text.replace(f"{place.absolute()}/", "").replace(f"{place}/", "")
    return legible(re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)).strip()[:500]
