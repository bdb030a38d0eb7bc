"""The board that stays open: every entry against a frozen panel, so that no score moves when another arrives."""

from typing import Any

from flowleague.contest.exports import Board
from flowleague.contest.standing import open_entries, panel_of
from flowleague.ranking.panel import rank_against


def open_page(board: Board) -> dict[str, Any]:
    """What the page shows: the panel, and a row for every entry; those on the board of the contest have a page."""
    contest = board.contest
    panel, rules, state = panel_of(contest), contest.rules, contest.state
    entries = open_entries(contest)
    rows = rank_against(panel, entries, rules.categories, rules.scheme) if panel else []
    with_page = {row.entry.id for row in board.standings.rows}
    return {
        "panel": [(entry.team, entry.id, entry.id in with_page) for entry in panel],
        "categories": [rule.name.replace("_", " ").removesuffix(" performance") for rule in rules.categories],
        "by_category": rules.scheme == "categories",
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
                "shown": f"{row.score:.2f}",
                "ranks": [(rank, f"{rank:.2f}") for rank in row.category_ranks.values()],
            }
            for row in rows
        ],
    }
