"""A contest's results: places with intervals, explanations, awards, exports."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowleague.cli import completion
from flowleague.cli.gradebook import check_ignored
from flowleague.cli.layout import Column, Row, print_json, print_table, say
from flowleague.cli.options import HERE, ContestOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowleague.contest.folder import Contest
    from flowleague.contest.rescore import Changes
    from flowleague.contest.standing import Board
    from flowleague.ranking.awards import Award


class Format(StrEnum):
    """A form of the standings."""

    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"
    CANVAS = "canvas"


def open_board(folder: Path) -> "Board":
    """Rank a contest's entries."""
    from flowleague.contest.folder import open_contest
    from flowleague.contest.standing import board_of

    return board_of(open_contest(folder))


def rank(contest: ContestOption = HERE, as_json: JsonOption = False) -> None:
    """Print the standings: places, 95 % intervals, score and rank in each category."""
    from flowleague.contest.amending import amendments
    from flowleague.contest.exports import to_json
    from flowleague.contest.past import read_past
    from flowleague.contest.standing import lacking_metrics
    from flowleague.edition2025.compare import alternatives
    from flowleague.ranking.sensitivity import sensitivity

    board = open_board(contest)
    if as_json:
        print(to_json(board), end="")
        return
    print_places(board)
    say(
        "Lower scores are better. 95 %: where the true place lies, given the standard errors; first: the probability "
        "of being the best. A gap separates groups that the noise can tell apart. In brackets: moves nobody."
    )
    say(*map(str, sensitivity(board.standings, alternatives())))
    flagged = {row.entry.id: row.entry for row in board.standings.rows if row.entry.flags}
    for id_, problem in board.standing.problems.items():
        if id_ not in flagged:
            say(f"{board.contest.state.submissions[id_].team}: {problem}")
    for entry in flagged.values():
        for flag in entry.flags:
            said = f"{entry.team}: {flag.label} ({flag.consequence}). {flag.sentence}"
            say(said + (f" Cleared by {flag.cleared}" if flag.cleared else ""))
    if lacking := lacking_metrics(board.contest, board.standing):
        say(_advice(lacking, len(board.standing.entries)))
    say(*amendments(read_past(contest).events))
    say(*(f"Not ranked: {waiting.team} ({waiting.reason})." for waiting in board.standing.waiting))
    if board.contest.rules.ranking.panel:
        print_open_board(board.contest)


def _advice(lacking: dict[str, list[str]], of: int) -> str:
    """What to do about scorecards that lack ranked metrics, by entry, of so many entries."""
    from flowleague.text import listed

    names = dict.fromkeys(name for missing in lacking.values() for name in missing)
    return (
        f"{len(lacking)} of {of} entries were measured without {listed(names, most=5)}, "
        "which this contest ranks; measure all again with: flowleague contest rescore --reason 'new metrics'"
    )


def print_places(board: "Board") -> None:
    """Print the places. Where there is little room the probability of being first is left out first."""
    from flowleague.contest.exports import span
    from flowleague.text import number, probability

    names = board.standings.table.categories
    heads = [Column("place", right=True), Column("95 %", right=True, spare=2), Column("first", right=True, spare=3)]
    heads += [Column("team", folds=True), Column("score", right=True)]
    heads += [Column(name[:3], right=True, spare=1) for name in names]
    rows: list[Row] = []
    group = 1
    for row in board.standings.rows:
        sure = board.certainties.get(row.entry.id)
        if sure and sure.group != group:
            group = sure.group
            rows.append(None)
        place = str(row.place) if row.entry.ranks else "base" if row.entry.baseline else f"({row.place})"
        flags = f" [{', '.join(flag.label for flag in row.entry.flags)}]" if row.entry.flags else ""
        cells = [place, span(sure).replace(" to ", "–"), probability(sure.first) if sure else ""]
        cells += [row.entry.team + flags, number(row.score)]
        rows.append([*cells, *(number(row.category_ranks[name], 3) for name in names)])
    print_table(heads, rows, board.contest.rules.name)


def print_open_board(contest: "Contest") -> None:
    """Print every entry against the frozen panel, where scores do not depend on other entries."""
    from flowleague.contest.standing import open_entries, panel_of
    from flowleague.ranking.panel import rank_against
    from flowleague.text import number

    panel, rules = panel_of(contest), contest.rules
    found = rank_against(panel, open_entries(contest), rules.categories, rules.ranking.scheme)
    heads = [Column("place", right=True), Column("team", folds=True), Column("entry"), Column("score", right=True)]
    rows = [(str(row.place), row.entry.team, row.entry.id, number(row.score)) for row in found]
    print_table(heads, rows, f"Against the panel of {len(panel)}")


def explain(
    team: Annotated[str, typer.Argument(help="The team's public name.", autocompletion=completion.teams)],
    contest: ContestOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Explain where a team won and lost points, and which single improvement would gain most."""
    from flowleague.ranking.explain import explain as explain_place

    board = open_board(contest)
    known = board.contest.state.team(team)
    said = explain_place(board.standings, known.name if known else team, board.certainties)
    if as_json:
        print_json(said)
    else:
        say(*said.sentences)


def feedback(
    team: Annotated[
        str | None, typer.Argument(help="A team's public name; all teams without it.", autocompletion=completion.teams)
    ] = None,
    contest: ContestOption = HERE,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a file for each team into this folder; printed without.")
    ] = None,
) -> None:
    """Write a complete text for each team: what came, findings with what to do, place, and what would gain most."""
    from flowleague.contest import feedback as texts
    from flowleague.files import write_atomically
    from flowleague.text import counted

    board = open_board(contest)
    if out is None:
        said = [texts.feedback_of(board, team)] if team else texts.feedback(board).values()
        say(*(text.rstrip("\n") for text in said))
        return
    files = texts.files_of(board, out, team or "")
    for path, text in files.items():
        write_atomically(path, text.encode())
    say(f"{counted(len(files), 'text')} written into {out}.")


def awards(contest: ContestOption = HERE, as_json: JsonOption = False) -> None:
    """Print who gets the awards and why, and which conditions the others missed."""
    given = open_board(contest).awards
    if as_json:
        print_json([_award(award) for award in given])
        return
    for award in given:
        winners = ", ".join(entry.team for entry in award.winners) or "nobody"
        say(f"{award.name}: {winners}. {award.reason}")
        for missed in award.missed:
            say(f"not {missed.entry.team}: {'; '.join(missed.reasons)}", indent="  ")


def _award(award: "Award") -> dict[str, object]:
    missed = {missed.entry.team: list(missed.reasons) for missed in award.missed}
    winners = [entry.team for entry in award.winners]
    return {"name": award.name, "winners": winners, "reason": award.reason, "missed": missed}


def export(
    contest: ContestOption = HERE,
    form: Annotated[Format, typer.Option("--format", help="canvas is a gradebook for import.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option(help="The file to write; printed without it.")] = None,
) -> None:
    """Write the standings as CSV, JSON, Markdown or a Canvas gradebook, without private names."""
    import sys

    from flowleague.contest import exports
    from flowleague.files import write_atomically

    if form is Format.CANVAS and out:
        check_ignored(out)
    board = open_board(contest)
    if form is Format.CANVAS:
        text, unknown = exports.to_canvas(board)
        for team in unknown:
            say(f"Left out: no Canvas user id of {team} is in private.toml.", file=sys.stderr)
    else:
        writers = {Format.CSV: exports.to_csv, Format.JSON: exports.to_json, Format.MARKDOWN: exports.to_markdown}
        text = writers[form](board)
    if out is None:
        print(text, end="")
    else:
        write_atomically(out, text.encode())
        say(f"The standings are {out}.")


def print_entries(contest: "Contest", team: str | None = None, failed: bool = False) -> None:
    """Print entries in the order of submission; why one could not be measured stands whole below the table."""

    zone = contest.rules.time.zone
    found = list(entries_of(contest, team, failed))
    heads = [Column("entry"), Column("team", folds=True), Column(f"sent in ({zone})"), Column("", folds=True, least=9)]
    rows = [(one["id"], one["team"], one["sent"], ", ".join(one["state"])) for one in found]
    print_table(heads, rows, contest.rules.name)
    say(*(f"{one['id']} of {one['team']}: {one['problem']}" for one in found if one["problem"]))
    if not found:
        say("There is no such entry." if team or failed else "No entry has come yet.")


def entries_of(contest: "Contest", team: str | None = None, failed: bool = False) -> "Iterator[dict[str, Any]]":
    """All entries in the order of submission, or a team's, or those that failed.

    Of each: id, team, local time, words on its state, and what was wrong with it.
    """
    from flowleague.contest.events import Failure, Score

    state, times = contest.state, contest.rules.time
    counting = {entry.id for entry in state.counting().values()}
    chosen = state.of_team(state.now_called(team)) if team else list(state.submissions.values())
    for entry in chosen:
        id_, found = entry.id, state.measured[-1].get(entry.id)
        if failed and not isinstance(found, Failure):
            continue
        measured = "waiting" if not found else "measured" if isinstance(found, Score) else "not measured"
        marks = {"counts": id_ in counting, "late": entry.late, "time by organiser": entry.told == "organiser"}
        marks |= {"withdrawn": id_ in state.withdrawn, "disqualified": id_ in state.disqualified}
        said = [word for word, holds in marks.items() if holds]
        when = f"{times.local(entry.submitted):%Y-%m-%d %H:%M:%S}"
        problem = found.problem if found else ""
        yield {"id": id_, "team": entry.team, "sent": when, "state": [measured, *said], "problem": problem}


def print_changes(changes: "Changes") -> None:
    """Print who moved in a rescoring, and why."""
    from flowleague.text import number

    by = "; ".join(changes.evaluator)
    say(f"The evaluator changed: {by}." if by else "The evaluator is the same.")
    moved = [move for move in changes.moves if move.before != move.after]
    say(f"{len(moved)} of {len(changes.moves)} ranked teams moved.")
    for move in moved:
        say(
            f"{move.team}: place {move.before} -> {move.after}, "
            f"score {number(move.score_before)} -> {number(move.score_after)}"
        )
        for shift in move.shifts:
            values = " -> ".join("none" if v is None else number(v) for v in (shift.before, shift.after))
            say(f"  {shift.metric}: {values}, rank {shift.rank_before} -> {shift.rank_after}")


def print_history(folder: Path) -> None:
    """Print the class of 2025, ranked again from its columns by its own scheme."""
    from flowleague.edition2025.past import COLUMNS, past_entries, read_history
    from flowleague.ranking.rank import rank as rank_entries
    from flowleague.text import number

    rows = read_history(folder)
    published = {row.team: row.overall_rank for row in rows if row.board == "class"}
    for row in rank_entries(past_entries(rows), COLUMNS, "columns", "share").rows:
        then = number(published[row.entry.team])
        say(f"{row.place}  {row.entry.team}: mean rank {number(row.score)}, published {then}")
