"""From a contest's folder to what is ranked, one entry a team with its metrics, marks and compute, and to the board."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flowleague.contest.counting import Counting
from flowleague.contest.events import Score
from flowleague.contest.folder import Contest, read_marks
from flowleague.contest.state import Submission
from flowleague.ranking.awards import Award, give_awards
from flowleague.ranking.field import Entry
from flowleague.ranking.intervals import Certainty, certainties
from flowleague.ranking.rank import Standings, rank


@dataclass(frozen=True)
class _Waiting:
    """A team without a place, and why: nothing that counts, or not measured yet."""

    team: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """What is ranked of a contest in one round, and who is not; `problems` say, by id, what was wrong with entries."""

    round: int
    entries: tuple[Entry, ...]
    waiting: tuple[_Waiting, ...]
    problems: dict[str, str]


def standing_of(contest: Contest, round_: int | None = None) -> Standing:
    """The counting entries of all teams, as measured in a round: by default the last one that is finished.

    An entry that could not be measured is ranked, with every metric missing; one that could not be captured is set
    aside unless the rules rank it, and so is one with a serious finding. Raises `RulesError` when the marks cannot be
    read.
    """
    state, marks = contest.state, read_marks(contest.folder)
    round_ = round_ or state.settled()
    measured = state.measured[round_ - 1]
    counting, count = state.counting(), Counting(contest, round_)
    entries, waiting, problems = [], [], {}
    for key, team in state.teams.items():
        submission = counting.get(key)
        if submission is None:
            waiting.append(_Waiting(team.name, _why_nothing_counts(contest, team.name)))
            continue
        measurement = measured.get(submission.id)
        if measurement is None:
            waiting.append(_Waiting(team.name, "not measured yet"))
            continue
        if measurement.problem:
            problems[submission.id] = measurement.problem
        entries.append(count.entry(submission, measurement, marks.get(key)))
    return Standing(round_, tuple(entries), tuple(waiting), problems)


def lacking_metrics(contest: Contest, standing: Standing) -> dict[str, list[str]]:
    """By entry's id, the ranked metrics that its scorecard does not hold, as one of an older version may not.

    There the entry ranks last until everything is measured again.
    """
    ranked = [f"{category.name}.{metric.name}" for category in contest.rules.categories for metric in category.metrics]
    measured = contest.state.measured[standing.round - 1]
    scores = {id_: score for id_, score in measured.items() if isinstance(score, Score)}
    missing = {e.id: [n for n in ranked if n not in scores[e.id].metrics] for e in standing.entries if e.id in scores}
    return {id_: names for id_, names in missing.items() if names}


@dataclass(frozen=True)
class Board:
    """All that is shown of a contest: who is ranked, how surely, the awards, and who waits."""

    contest: Contest
    standing: Standing
    standings: Standings
    certainties: dict[str, Certainty]
    awards: Sequence[Award]


def board_of(contest: Contest) -> Board:
    """Rank a contest; raises what `standing_of` raises."""
    rules, standing = contest.rules, standing_of(contest)
    standings = rank(standing.entries, rules.categories, rules.ranking.scheme, rules.ranking.ties)
    return Board(contest, standing, standings, certainties(standings), give_awards(standings, rules.awards))


def panel_of(contest: Contest) -> list[Entry]:
    """The reference entries of a board that stays open, as measured in the last finished round."""
    return _as_measured(contest, [contest.state.entry(id_) for id_ in contest.rules.ranking.panel])


def open_entries(contest: Contest) -> list[Entry]:
    """Every entry that a board that stays open ranks, late ones and a team's older ones included, but for its panel.

    Entries that are set aside are not among them; a baseline is.
    """
    panel = {contest.state.entry(id_).id for id_ in contest.rules.ranking.panel}
    entries = _as_measured(contest, [entry for entry in contest.state.live() if entry.id not in panel])
    return [entry for entry in entries if entry.ranks]


def _as_measured(contest: Contest, submissions: Iterable[Submission]) -> list[Entry]:
    round_ = contest.state.settled()
    measured, count = contest.state.measured[round_ - 1], Counting(contest, round_)
    scored = [(entry, measured[entry.id]) for entry in submissions if entry.id in measured]
    return [replace(count.entry(entry, score), baseline=False) for entry, score in scored if isinstance(score, Score)]


def _why_nothing_counts(contest: Contest, team: str) -> str:
    mine = contest.state.of_team(team)
    if any(not contest.state.is_out(s.id) for s in mine):
        return "late: sent in after the closing"
    reasons = [contest.state.disqualified[s.id] for s in mine if s.id in contest.state.disqualified]
    return f"disqualified: {reasons[-1]}" if reasons else "withdrawn" if mine else "no entry"
