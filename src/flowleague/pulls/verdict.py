"""The privileged job: a pull request and the result of its evaluation, judged by what cannot be forged.

    GitHub's event        which run, of which commit, when
    GitHub's API          which open pull request has that commit as its head, and whose account opened it
    git's objects         what it changes, and the entry's bytes
    the contest           rules, names, and by what the others were measured

The artifact is compared with these and provides only the figures; where it does not fit, there is no result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowleague.build import evaluator
from flowleague.contest.counting import Counting, flags_of
from flowleague.contest.events import Found, Score
from flowleague.contest.exports import span
from flowleague.contest.folder import Contest, open_contest, read_marks
from flowleague.contest.scores import ForeignCardError, check_comparable, check_fit
from flowleague.contest.standing import standing_of
from flowleague.contest.teams import name_key
from flowleague.errors import FlowLeagueError
from flowleague.files import temporary_folder
from flowleague.pulls import comment
from flowleague.pulls.artifact import read_artifact
from flowleague.pulls.change import is_about_an_entry
from flowleague.pulls.entry import Entry, check_entry, fetch_entry
from flowleague.pulls.event import Pull, Run
from flowleague.pulls.git import fetch_base, fetch_head
from flowleague.pulls.github import GitHub
from flowleague.ranking import field as league_entries
from flowleague.ranking.intervals import certainties
from flowleague.ranking.rank import rank
from flowleague.scorecard.card import Metric, Scorecard


@dataclass(frozen=True)
class Verdict:
    """What became of a pull request: the comment; and what to record, where it was measured and may be recorded."""

    pull: Pull
    comment: str
    entry: Entry | None = None
    card: Scorecard | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def judge(folder: Path, github: GitHub, run: Run) -> Verdict | None:
    """Judge the pull request that a run evaluated against the contest in a folder, which is a working copy of its base.

    None when there is nothing to say: its head has moved on, it was closed, or it is no entry.
    """
    pull = github.pull_of(run)
    if pull is None:
        return None
    base = fetch_base(folder, pull.base, github.token)
    fetch_head(folder, pull.number, pull.head, github.token)
    contest = open_contest(folder)
    try:
        if not is_about_an_entry(folder, base, pull):
            return None
        with temporary_folder() as place:
            fetch_entry(folder, pull, place, contest.rules.entries.largest_file_mib)
            entry = check_entry(contest, pull, place)
    except FlowLeagueError as refusal:
        return Verdict(pull, comment.refused(pull, refusal))
    return _with_result(contest, github, run, pull, entry)


def _with_result(contest: Contest, github: GitHub, run: Run, pull: Pull, entry: Entry) -> Verdict:
    raw = github.artifact(run)
    if raw is None:
        return Verdict(pull, comment.without_result(run, pull, f"It stored nothing, and ended as '{run.conclusion}'."))
    try:
        result = read_artifact(raw, pull)
        if result.card is None:
            return Verdict(pull, comment.failed(run, pull, entry.team, result.outcome.sentence or "nothing"))
        if run.conclusion != "success":
            raise ForeignCardError(f"It stored a scorecard, and ended as '{run.conclusion}'.")
        _check_card(contest, entry, result.card)
        if not any(metric.value is not None for metric in _ranking_metrics(contest, result.card)):
            return Verdict(pull, comment.failed(run, pull, entry.team, *comment.findings(result.card)))
    except FlowLeagueError as problem:
        return Verdict(pull, comment.without_result(run, pull, problem))
    place = "" if entry.late else place_of(contest, entry.team, result.card)
    text = comment.measured(run, pull, entry.team, place, contest.rules, result.card, entry.late)
    return Verdict(pull, text, entry, result.card, result.pictures)


def _ranking_metrics(contest: Contest, card: Scorecard) -> list[Metric]:
    """The metrics of a card that rank in a contest."""
    found = card.metrics()
    return [found[f"{group.name}.{rule.name}"] for group in contest.rules.categories for rule in group.metrics]


def _check_card(contest: Contest, entry: Entry, card: Scorecard) -> None:
    """Raises `ForeignCardError` unless a card measures this entry, by the rules, and as the others were measured."""
    check_fit(card, contest.rules)
    if card.evaluator != evaluator():
        raise ForeignCardError(f"It was measured by {card.evaluator}; this contest installs {evaluator()}.")
    scores = [measured for measured in contest.state.measured[-1].values() if isinstance(measured, Score)]
    check_comparable(card, scores[0].by if scores else None)
    if name_key(card.name) != name_key(entry.team):
        raise ForeignCardError("The scorecard names another team.")
    if entry.weights and sorted(file.sha256 for file in card.weights) != sorted(entry.weights.values()):
        raise ForeignCardError("The scorecard measures other weights than those of the entry.")


def place_of(contest: Contest, team: str, card: Scorecard) -> str:
    """The place that an entry takes among those that count now, in words; empty for a baseline, which has none."""
    key = name_key(team)
    if key in {name_key(name) for name in contest.rules.entries.baselines}:
        return ""
    mine = _entry_of(contest, team, card)
    others = [entry for entry in standing_of(contest).entries if name_key(entry.team) != key]
    rules = contest.rules
    standings = rank([*others, mine], rules.categories, rules.ranking.scheme, rules.ranking.ties)
    (row,) = [row for row in standings.rows if row.entry is mine]
    if mine.aside:
        return f"place **{row.place}**, but is set aside, and so moves nobody and wins nothing: {mine.aside}"
    sure = certainties(standings)["this"]
    return f"place **{row.place} of {len(standings.ranked)}** (95 %: {span(sure)})"


def _entry_of(contest: Contest, team: str, card: Scorecard) -> league_entries.Entry:
    """The entry of a card, with the figures that count."""
    metrics = {
        name: league_entries.Measured(metric.value, metric.standard_error or 0.0)
        for name, metric in card.metrics().items()
    }
    flags = flags_of(Found(each.name, each.category, each.sentence) for each in card.findings)
    mark = read_marks(contest.folder).get(name_key(team))
    mine = league_entries.Entry("this", team, metrics, analysis=mark, flags=tuple(flags))
    return Counting(contest, contest.state.settled()).as_counted(mine)
