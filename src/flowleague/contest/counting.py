"""What of a measurement counts in a contest: from a submission and its score to the entry that is ranked."""

from collections.abc import Iterable
from dataclasses import replace

from flowleague.contest.copies import copies
from flowleague.contest.evaluator import Evaluator
from flowleague.contest.events import Clear, Found, Measurement, Score
from flowleague.contest.folder import Contest
from flowleague.contest.state import Submission
from flowleague.contest.teams import name_key
from flowleague.ranking.counted import counted
from flowleague.ranking.field import Entry
from flowleague.ranking.findings import Flag

_SELF_REPORTED = Flag("self_reported", "Its figures come from elsewhere; they count once it is measured here.")


class Counting:
    """The entries of one round of a contest, as they count.

    References of real images are those that were measured here, since a card from elsewhere may say anything.
    """

    def __init__(self, contest: Contest, round_: int):
        self.rules, self.cleared = contest.rules, contest.state.cleared
        measured = contest.state.measured[round_ - 1]
        scores = [score for score in measured.values() if isinstance(score, Score)]
        ours = [score.references for score in scores if score.source != "elsewhere" and score.references]
        self.references = ours[0] if ours else {}
        self.strict = self.rules.fairness.findings == "count"
        self.copies = copies(contest.state.undisputed(), measured) if self.strict else {}
        self.baselines = {name_key(name) for name in self.rules.entries.baselines}

    def entry(self, submission: Submission, measurement: Measurement, mark: float | None = None) -> Entry:
        """An entry as it counts; `mark` is for the analysis."""
        flags = self.flags(submission, measurement)
        entry = Entry(
            submission.id,
            submission.team,
            measurement.measured,
            name_key(submission.team) in self.baselines,
            mark,
            submission.compute,
            aside="its code was run" if self._only_shown(measurement) else "",
            flags=flags,
        )
        return self.as_counted(entry)

    def as_counted(self, entry: Entry) -> Entry:
        """An entry with the figures that count by the rules."""
        rules = self.rules
        return counted(entry, self.references, rules.fairness, rules.categories, rules.ranking.scheme)

    def flags(self, submission: Submission, measurement: Measurement | None) -> tuple[Flag, ...]:
        """The findings that stand beside an entry, those that were cleared marked so."""
        if not isinstance(measurement, Score):
            return ()
        found = flags_of(measurement.found)
        if self.strict:
            found += [_SELF_REPORTED] if measurement.source == "elsewhere" else []
            found += self.copies.get(submission.id, [])
        clears = self.cleared.get(submission.id, [])
        return tuple(_cleared(flag, clears, measurement.by) for flag in found)

    def _only_shown(self, measurement: Measurement) -> bool:
        """Whether code was run to measure an entry, and the rules do not rank that."""
        return measurement.was_run and self.rules.entries.code != "ranked"


def flags_of(found: Iterable[Found]) -> list[Flag]:
    """Findings as they stand beside an entry: each once, with all categories that it spoils."""
    by_sentence: dict[tuple[str, str], list[str]] = {}
    for finding in found:
        by_sentence.setdefault((finding.name, finding.sentence), []).append(finding.category)
    return [Flag(name, sentence, tuple(categories)) for (name, sentence), categories in by_sentence.items()]


def _cleared(flag: Flag, clears: Iterable[Clear], by: Evaluator) -> Flag:
    """The flag, with who cleared it: for these numbers and this evaluator only."""
    for clear in clears:
        if (clear.finding, clear.sentence, clear.evaluator) == (flag.name, flag.sentence, by.evaluator):
            return replace(flag, cleared=f"{clear.by}: {clear.reason}")
    return flag
