"""One complete text for each team: what came and what became of it, findings with what to do, place, and why.

The text is for pasting into a comment or sending, and holds public names and figures alone.
"""

from collections.abc import Iterator
from pathlib import Path

from flowleague.contest.events import Measurement, Score
from flowleague.contest.standing import Board
from flowleague.contest.state import Submission, Team
from flowleague.contest.teams import name_key
from flowleague.errors import FlowLeagueError
from flowleague.ranking.explain import explain
from flowleague.ranking.field import Entry
from flowleague.scorecard.card import Finding, ScorecardError, read_scorecard


def feedback(board: Board) -> dict[str, str]:
    """The text of each team, by its public name."""
    return {team.name: _text(board, team) for team in board.contest.state.teams.values()}


def feedback_of(board: Board, team: str) -> str:
    """The text of one team; raises `FlowLeagueError` for a name that is no team's."""
    return _text(board, board.contest.state.known_team(team))


def files_of(board: Board, folder: Path, only: str = "") -> dict[Path, str]:
    """The texts by file, of all teams or one: each is called as the team's folder of entries is."""
    state = board.contest.state
    teams = [state.known_team(only)] if only else list(state.teams.values())
    entries = {team.name: state.of_team(team.name) for team in teams}
    return {
        folder / f"{Path(entries[team.name][-1].folder).parts[1]}.md": _text(board, team)
        for team in teams
        if entries[team.name]
    }


def _text(board: Board, team: Team) -> str:
    return "\n".join(_lines(board, team)).rstrip() + "\n"


def _lines(board: Board, team: Team) -> Iterator[str]:
    state = board.contest.state
    mine = state.of_team(team.name)
    counting = state.counting().get(name_key(team.name))
    yield f"# {team.name} in {board.contest.rules.name}"
    yield ""
    yield from _result(board, team)
    ranked = next((row.entry for row in board.standings.rows if counting and row.entry.id == counting.id), None)
    if counting:
        yield from _findings(board, counting, ranked)
    yield "## What came"
    yield ""
    for entry in mine:
        yield f"- {_outcome(board, entry, counting)}"
    if not mine:
        yield "Nothing so far."


def _result(board: Board, team: Team) -> Iterator[str]:
    """Place and explanation, or why there is none."""
    if waiting := next((each.reason for each in board.standing.waiting if each.team == team.name), ""):
        yield f"No place yet: {waiting}."
    else:
        try:
            said = explain(board.standings, team.name, board.certainties)
        except FlowLeagueError as error:  # set aside, or a baseline: the sentence says so
            yield str(error)
        else:
            yield from (f"{line}  " for line in said.sentences)
    yield ""


def _findings(board: Board, entry: Submission, ranked: Entry | None) -> Iterator[str]:
    """What was found in the entry that counts: the sentence, what it costs, and what to do."""
    hints = {finding.name: finding.hint for finding in _on_card(board, entry)}
    flags = ranked.flags if ranked else ()
    if not flags:
        return
    yield "## What was found"
    yield ""
    for flag in flags:
        what = f" To do: {hints[flag.name]}" if hints.get(flag.name) else ""
        cleared = f" Cleared by {flag.cleared}" if flag.cleared else ""
        yield f"- **{flag.label}** ({flag.consequence}): {flag.sentence}{what}{cleared}"
    yield ""
    yield "Answer the organiser if a finding is wrong: a person decides, and may clear it."
    yield ""


def _on_card(board: Board, entry: Submission) -> tuple[Finding, ...]:
    """The findings on the entry's scorecard, which hold what to do; none where the card is not here."""
    measured = board.contest.state.measured[board.standing.round - 1].get(entry.id)
    cards = [path for path in (measured.files if measured else ()) if path.endswith(".json")]
    try:
        return read_scorecard(board.contest.folder / cards[0]).findings if cards else ()
    except (OSError, ScorecardError):
        return ()


def _outcome(board: Board, entry: Submission, counting: Submission | None) -> str:
    state, times = board.contest.state, board.contest.rules.time
    when = f"{times.local(entry.submitted):%Y-%m-%d %H:%M} ({times.zone})"
    files = ", ".join([entry.file, *entry.weights])
    marks = [
        "late: it does not count" if entry.late else "",
        "withdrawn" if entry.id in state.withdrawn else "",
        f"disqualified: {state.disqualified[entry.id]}" if entry.id in state.disqualified else "",
        "this one counts" if counting == entry else "",
        _measured(state.measured[board.standing.round - 1].get(entry.id)),
    ]
    return f"{entry.id}, sent in {when}: {files}; {'; '.join(mark for mark in marks if mark)}."


def _measured(measurement: Measurement | None) -> str:
    if measurement is None:
        return "not measured yet"
    if isinstance(measurement, Score):
        return "measured" if measurement.captured else "measured by running its code, because it cannot be captured"
    return f"could not be measured: {measurement.problem.rstrip('.')}"
