"""What is being measured now, and about how long the rest takes."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowleague.contest.chain import file_sha256
from flowleague.contest.events import Score
from flowleague.contest.folder import Contest
from flowleague.scorecard.card import ScorecardError, read_scorecard

STAGE = "stage.txt"  # in the place of a job: what `flowleague score --progress-to` says
_MOST_CARDS = 20  # that tell how long an entry takes
_OPENED = "being opened"  # built, and captured if it is code; measuring begins after it


@dataclass(frozen=True)
class Present:
    """An entry that is being measured: for how long, and the place of its job."""

    team: str
    id: str
    seconds: float
    place: Path

    def stage(self) -> tuple[str, float]:
        """What is being done with it, and the share of all that is done; a cluster may not tell before the end."""
        try:
            share, _, stage = (self.place / STAGE).read_text(encoding="utf-8").strip().partition(" ")
            return stage or _OPENED, min(max(float(share), 0.0), 1.0)
        except (OSError, ValueError):  # not there yet, or half written
            return _OPENED, 0.0


def seconds_each(contest: Contest) -> float | None:
    """How long an entry took of late with this plan, by the scorecards; None where none was measured here.

    The median of the newest cards. What they do not tell is how long the entry's opening took.
    """
    plan, found = contest.rules.evaluation.plan, []
    scores = (each for round_ in reversed(contest.state.measured) for each in reversed(round_.values()))
    for score in scores:
        if isinstance(score, Score) and score.source == "here" and score.by.plan == plan:
            found += _seconds(contest.folder, score)
        if len(found) >= _MOST_CARDS:
            break
    return statistics.median(found) if found else None


def _seconds(folder: Path, score: Score) -> Iterable[float]:
    for path in score.files:
        if path.endswith(".json") and (folder / path).is_file() and file_sha256(folder / path) == score.files[path]:
            try:
                yield sum(read_scorecard(folder / path).timing.seconds.values())
            except ScorecardError:
                return


def seconds_left(each: float, wait: int, present: Sequence[Present], at_a_time: int) -> float:
    """About how long the rest takes: entries that wait, and what is missing of those under way.

    >>> seconds_left(60, 3, [Present("a", "1", 30, Path())], 2)
    105.0
    """
    begun = sum(max(each - one.seconds, 0) for one in present)
    return (each * wait + begun) / max(at_a_time, 1)
