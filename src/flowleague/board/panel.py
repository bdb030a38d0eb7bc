"""The page of the open board: every entry against the frozen panel."""

from typing import Any

from flowleague.contest.standing import Board, open_entries, panel_of
from flowleague.ranking.panel import rank_against
from flowleague.text import number


def open_page(board: Board) -> dict[str, Any]:
    """The page of the open board: the panel, and a row for every entry, which is scored against the panel alone."""
    contest = board.contest
    panel, rules, state = panel_of(contest), contest.rules, contest.state
    entries = open_entries(contest)
    rows = rank_against(panel, entries, rules.categories, rules.ranking.scheme) if panel else []
    with_page = {row.entry.id for row in board.standings.rows}
    return {
        "panel": [(entry.team, entry.id, entry.id in with_page) for entry in panel],
        "categories": [rule.name.replace("_", " ").removesuffix(" performance") for rule in rules.categories],
        "by_category": rules.ranking.scheme != "columns",
        "rows": [
            {
                "place": row.place,
                "team": row.entry.team,
                "id": row.entry.id,
                "page": row.entry.id in with_page,
                "late": state.submissions[row.entry.id].late,
                "sent": f"{rules.time.local(state.submissions[row.entry.id].submitted):%d %b, %H:%M}",
                "order": state.submissions[row.entry.id].submitted.timestamp(),
                "score": row.score,
                "shown": number(row.score),
                "ranks": [(rank, number(rank, 3)) for rank in row.category_ranks.values()],
            }
            for row in rows
        ],
    }
