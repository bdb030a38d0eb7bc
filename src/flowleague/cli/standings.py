"""A contest's results: places with intervals, explanations, awards, exports."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowleague.cli.options import HERE, ContestOption

if TYPE_CHECKING:
    from flowleague.contest.folder import Contest
    from flowleague.contest.rescore import Changes
    from flowleague.contest.standing import Board


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


def rank(contest: ContestOption = HERE) -> None:
    """Print the standings: places, 95 % intervals, score and rank in each category."""
    from rich.console import Console
    from rich.markup import escape

    from flowleague.contest.standing import lacking_metrics
    from flowleague.edition2025.compare import alternatives
    from flowleague.ranking.sensitivity import sensitivity

    board, console = open_board(contest), Console()
    print_table(board)
    console.print(
        "Lower scores are better. 95 %: where the true place lies, given the standard errors; first: the probability "
        "of being the best. A line separates groups that the noise can tell apart.",
        style="dim",
    )
    for change in sensitivity(board.standings, alternatives()):
        console.print(escape(str(change)))
    flagged = {row.entry.id: row.entry for row in board.standings.rows if row.entry.flags}
    for id_, problem in board.standing.problems.items():
        if id_ not in flagged:
            console.print(f"{escape(board.contest.state.submissions[id_].team)}: {escape(problem)}")
    for entry in flagged.values():
        for flag in entry.flags:
            said = f"{entry.team}: {flag.label} ({flag.consequence}). {flag.sentence}"
            console.print(escape(said + (f" Cleared by {flag.cleared}" if flag.cleared else "")))
    if lacking := lacking_metrics(board.contest, board.standing):
        print(_advice(lacking, len(board.standing.entries)))
    for waiting in board.standing.waiting:
        console.print(f"Not ranked: {escape(waiting.team)} ({waiting.reason}).")
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


def print_table(board: "Board") -> None:
    """Print the places, as narrow as a terminal."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from flowleague.contest.exports import span
    from flowleague.text import number, probability

    names = board.standings.table.categories
    table = Table(title=escape(board.contest.rules.name), title_justify="left", box=box.SIMPLE_HEAD, padding=0)
    for column in ("place", "95 %", "first", "team", "score", *(name[:5] for name in names)):
        if column == "team":
            table.add_column(column, min_width=12, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    group = 1
    for row in board.standings.rows:
        sure = board.certainties.get(row.entry.id)
        if sure and sure.group != group:
            group = sure.group
            table.add_section()
        place = str(row.place) if row.entry.ranks else "base" if row.entry.baseline else f"({row.place})"
        flags = f" [{', '.join(flag.label for flag in row.entry.flags)}]" if row.entry.flags else ""
        cells = [place, span(sure), probability(sure.first) if sure else ""]
        cells += [escape(row.entry.team + flags), number(row.score)]
        cells += [number(row.category_ranks[name], 3) for name in names]
        table.add_row(*cells, style="" if row.entry.ranks else "dim")
    Console().print(table)


def print_open_board(contest: "Contest") -> None:
    """Print every entry against the frozen panel, where scores do not depend on other entries."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from flowleague.contest.standing import open_entries, panel_of
    from flowleague.ranking.panel import rank_against
    from flowleague.text import number

    panel, rules = panel_of(contest), contest.rules
    table = Table(title=f"Against the panel of {len(panel)}", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("place", "team", "entry", "score"):
        table.add_column(column, justify="right" if column in ("place", "score") else "left")
    for row in rank_against(panel, open_entries(contest), rules.categories, rules.ranking.scheme):
        table.add_row(str(row.place), escape(row.entry.team), row.entry.id, number(row.score))
    Console().print(table)


def explain(
    team: Annotated[str, typer.Argument(help="The team's public name.")],
    contest: ContestOption = HERE,
) -> None:
    """Explain where a team won and lost points, and which single improvement would gain most."""
    from flowleague.ranking.explain import explain as explain_place

    board = open_board(contest)
    known = board.contest.state.team(team)
    said = explain_place(board.standings, known.name if known else team, board.certainties)
    print("\n".join(said.sentences))


def feedback(
    team: Annotated[str | None, typer.Argument(help="A team's public name; all teams without it.")] = None,
    contest: ContestOption = HERE,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a file for each team into this folder; printed without.")
    ] = None,
) -> None:
    """Write a complete text for each team: what came, findings with what to do, place, and what would gain most."""
    from flowleague.contest import feedback as texts
    from flowleague.files import write_atomically

    board = open_board(contest)
    if out is None:
        said = [texts.feedback_of(board, team)] if team else texts.feedback(board).values()
        print("\n".join(said), end="")
        return
    files = texts.files_of(board, out, team or "")
    for path, text in files.items():
        write_atomically(path, text.encode())
    print(f"{'1 text is' if len(files) == 1 else f'{len(files)} texts are'} in {out}.")


def awards(contest: ContestOption = HERE) -> None:
    """Print who gets the awards and why, and which conditions the others missed."""
    for award in open_board(contest).awards:
        winners = ", ".join(entry.team for entry in award.winners) or "nobody"
        print(f"{award.name}: {winners}. {award.reason}")
        for missed in award.missed:
            print(f"  not {missed.entry.team}: {'; '.join(missed.reasons)}")


def export(
    contest: ContestOption = HERE,
    form: Annotated[Format, typer.Option("--format", help="canvas is a gradebook for import.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option(help="The file to write; printed without it.")] = None,
) -> None:
    """Write the standings as CSV, JSON, Markdown or a Canvas gradebook, without private names."""
    import sys

    from flowleague.contest import exports
    from flowleague.files import write_atomically

    board = open_board(contest)
    if form is Format.CANVAS:
        text, unknown = exports.to_canvas(board)
        for team in unknown:
            print(f"Left out: no Canvas user id of {team} is in private.toml.", file=sys.stderr)
    else:
        writers = {Format.CSV: exports.to_csv, Format.JSON: exports.to_json, Format.MARKDOWN: exports.to_markdown}
        text = writers[form](board)
    if out is None:
        print(text, end="")
    else:
        write_atomically(out, text.encode())
        print(f"The standings are {out}.")


def print_entries(contest: "Contest") -> None:
    """Print all entries in the order of submission."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from flowleague.contest.events import Score

    state, times = contest.state, contest.rules.time
    counting = {entry.id for entry in state.counting().values()}
    table = Table(title=escape(contest.rules.name), title_justify="left")
    for column in ("entry", "team", f"sent in ({times.zone})", "", "measured"):
        table.add_column(column)
    for id_, entry in state.submissions.items():
        out = {"withdrawn": id_ in state.withdrawn, "disqualified": id_ in state.disqualified}
        marks = {"late": entry.late, **out, "counts": id_ in counting}
        found = state.measured[-1].get(id_)
        measured = f"{'yes' if isinstance(found, Score) else 'no'} {found.problem[:60]}".strip() if found else ""
        when = f"{times.local(entry.submitted):%Y-%m-%d %H:%M:%S}" + (
            ", organiser" if entry.told == "organiser" else ""
        )
        table.add_row(id_, escape(entry.team), when, ", ".join(k for k, v in marks.items() if v), escape(measured))
    Console().print(table)


def print_changes(changes: "Changes") -> None:
    """Print who moved in a rescoring, and why."""
    from flowleague.text import number

    by = "; ".join(changes.evaluator)
    print(f"The evaluator changed: {by}." if by else "The evaluator is the same.")
    moved = [move for move in changes.moves if move.before != move.after]
    print(f"{len(moved)} of {len(changes.moves)} ranked teams moved.")
    for move in moved:
        print(
            f"{move.team}: place {move.before} -> {move.after}, "
            f"score {number(move.score_before)} -> {number(move.score_after)}"
        )
        for shift in move.shifts:
            values = " -> ".join("none" if v is None else number(v) for v in (shift.before, shift.after))
            print(f"  {shift.metric}: {values}, rank {shift.rank_before} -> {shift.rank_after}")


def print_history(folder: Path) -> None:
    """Print the class of 2025, ranked again from its columns by its own scheme."""
    from flowleague.edition2025.past import COLUMNS, past_entries, read_history
    from flowleague.ranking.rank import rank as rank_entries

    rows = read_history(folder)
    published = {row.team: row.overall_rank for row in rows if row.board == "class"}
    for row in rank_entries(past_entries(rows), COLUMNS, "columns", "share").rows:
        print(f"{row.place}  {row.entry.team}: mean rank {row.score!r}, published {published[row.entry.team]!r}")
