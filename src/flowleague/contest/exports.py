"""The standings as CSV, JSON, Markdown and a Canvas gradebook. None of them holds a private name.

In CSV, JSON and the gradebook, numbers are as Python reads them, because programs do; in Markdown they are text for
people. Cells that a spreadsheet would run as a formula begin with an apostrophe; markup in names is escaped.
"""

import csv
import html
import io
import json
import re
from typing import Any

from flowleague.contest.events import Score, evaluator_of
from flowleague.contest.folder import read_canvas_ids
from flowleague.contest.past import read_past
from flowleague.contest.standing import Board
from flowleague.contest.teams import name_key
from flowleague.ranking.findings import Flag, is_declared
from flowleague.ranking.intervals import Certainty
from flowleague.ranking.rank import Row
from flowleague.text import cell, number, probability

_CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def _rows_of(board: Board) -> list[dict[str, Any]]:
    """One flat row for each entry, in the order of the standings; None where there is nothing."""
    return [_row(board, row) for row in board.standings.rows]


def _row(board: Board, row: Row) -> dict[str, Any]:
    entry, sure = row.entry, board.certainties.get(row.entry.id)
    measurement = board.contest.state.measured[board.standing.round - 1][entry.id]
    found = measurement.measured
    values = {name: found.get(name) for name in board.standings.table.metrics}
    return {
        "place": row.place,
        "team": entry.team,
        "entry": entry.id,
        "baseline": entry.baseline,
        "aside": entry.aside,
        "findings": "; ".join(flag.label for flag in entry.flags),
        "score": row.score,
        "place_low": sure and sure.low,
        "place_high": sure and sure.high,
        "probability_first": sure and sure.first,
        "group": sure and sure.group,
        **{f"rank.{name}": value for name, value in row.category_ranks.items()},
        **{name: measured and measured.value for name, measured in values.items()},
        **{f"{name}.standard_error": measured and measured.error for name, measured in values.items()},
        "measured": measurement.source,
        "problem": board.standing.problems.get(entry.id, ""),
        "sha256": board.contest.state.submissions[entry.id].sha256,
    }


def to_csv(board: Board) -> str:
    """The standings as CSV with a header."""
    rows = _rows_of(board)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]) if rows else ["place", "team"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    return cell(value) if isinstance(value, str) else value


def to_json(board: Board) -> str:
    """Everything shown, with what it was computed from: evaluator, round, and the head of the records."""
    rules, state = board.contest.rules, board.contest.state
    past = read_past(board.contest.folder)
    measured = state.measured[board.standing.round - 1]
    by = evaluator_of(measured)
    held_out = next((one.held_out for one in measured.values() if isinstance(one, Score) and one.held_out), "")
    content = {
        "contest": rules.name,
        "dataset": rules.dataset,
        "closes": rules.time.closes.isoformat(),
        "scheme": rules.ranking.scheme,
        "ties": rules.ranking.ties,
        "round": board.standing.round,
        "evaluator": by and {"version": by.evaluator, "plan": by.plan, "judges": by.judges, "data": by.data},
        "held_out": held_out,
        "records": {"number": past.number, "head": past.hash if past.number else ""},
        "standings": [
            row | {"findings": [_finding(flag) for flag in each.entry.flags]}
            for row, each in zip(_rows_of(board), board.standings.rows, strict=True)
        ],
        "declared": [name for name in board.standings.table.metrics if is_declared(name)],
        "awards": [
            {
                "award": award.name,
                "winners": [entry.team for entry in award.winners],
                "reason": award.reason,
                "missed": [{"team": missed.entry.team, "reasons": missed.reasons} for missed in award.missed],
            }
            for award in board.awards
        ],
        "waiting": [{"team": waiting.team, "reason": waiting.reason} for waiting in board.standing.waiting],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finding(flag: Flag) -> dict[str, str]:
    """A finding with its consequence and who cleared it."""
    said = {"name": flag.name, "sentence": flag.sentence, "consequence": flag.consequence.value}
    return said | ({"cleared": flag.cleared} if flag.cleared else {})


def to_markdown(board: Board) -> str:
    """The standings as a table, the awards and their reasons, for a README."""
    names = board.standings.table.categories
    lines = [f"# {escaped(board.contest.rules.name)}", ""]
    head = ("place", "95 %", "team", "score", *(name.replace("_", " ") for name in names), "first")
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in board.standings.rows:
        sure = board.certainties.get(row.entry.id)
        flags = "".join(f" ({escaped(flag.label)})" for flag in row.entry.flags)
        place = str(row.place) if row.entry.ranks else escaped(row.entry.aside) or "baseline"
        cells = [place, span(sure), escaped(row.entry.team) + flags]
        cells += [number(row.score), *(number(row.category_ranks[name], 3) for name in names)]
        lines.append("| " + " | ".join([*cells, probability(sure.first) if sure else ""]) + " |")
    lines += ["", "95 %: where the true place lies. First: the probability of being the best. Lower scores are better."]
    for award in board.awards:
        winners = ", ".join(escaped(entry.team) for entry in award.winners) or "nobody"
        lines += ["", f"**{award.name}**: {winners}. {escaped(award.reason)}"]
    for waiting in board.standing.waiting:
        lines += ["", f"Not ranked: {escaped(waiting.team)} ({waiting.reason})."]
    return "\n".join(lines) + "\n"


def to_canvas(board: Board) -> tuple[str, list[str]]:
    """A gradebook that Canvas imports, by user id alone, and the ranked teams for which no id is known."""
    state = board.contest.state
    people = {user: state.now_called(team) for user, team in read_canvas_ids(board.contest.folder).items()}
    title = board.contest.rules.name
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*_CANVAS_COLUMNS, _cell(f"{title} place"), _cell(f"{title} score")])
    unknown = []
    for row in board.standings.ranked:
        ids = [user for user, team in people.items() if name_key(team) == name_key(row.entry.team)]
        writer.writerows(["", user, "", "", "", row.place, f"{row.score:.4g}"] for user in ids)
        if not ids:
            unknown.append(row.entry.team)
    return buffer.getvalue(), unknown


def span(sure: Certainty | None) -> str:
    """An interval of places in words."""
    if sure is None:
        return ""
    return str(sure.low) if sure.low == sure.high else f"{sure.low} to {sure.high}"


def escaped(text: str) -> str:
    """Untrusted text inside Markdown: no tags, no links, no table cells of its own.

    >>> print(escaped("[a](b) <i> https://c www.d"))
    \\[a\\]\\(b\\) &lt;i&gt; https\\://c www\\.d
    """
    text = re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", html.escape(text, quote=False))
    return re.sub(r"(?i)\b(https?|ftp)(:)(?=//)|\b(www)(\.)", r"\1\3\\\2\4", text)  # which would be links by themselves
