"""The verdict on an entry, above all else on its page: its place, what was won and lost, and what to do next."""

import math
from collections.abc import Mapping
from typing import Any

from flowleague.board.front import certainty_in_words, moved_mark, told
from flowleague.contest.events import Score
from flowleague.contest.exports import span
from flowleague.contest.history import MOST, History
from flowleague.contest.standing import Board
from flowleague.ranking.account import Advice, Part, advice, parts
from flowleague.ranking.explain import quantity
from flowleague.ranking.gains import Gain
from flowleague.ranking.rank import Row
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import number, numbers, ordinal, percent, short

ADVISED = 200  # in a larger field advice takes longer than all the rest; a command prints it
_WIDE = 280  # of the bars, in units of their SVG
_CHANGED = 12


def verdict(
    board: Board, row: Row, history: History, rose: Mapping[str, int | None], ahead: Mapping[str, float]
) -> dict[str, Any]:
    """Place and how sure, bars by category, the next step, and the team's entries; `ahead` as `intervals.ahead` says.

    `rose` are the places won in the last day.
    """
    ranked, id_ = board.standings.ranked, row.entry.id
    sure = board.certainties.get(id_)
    place = ranked.index(row) if row in ranked else None
    above = ranked[place - 1] if place else None
    below = ranked[place + 1] if place is not None and place + 1 < len(ranked) else None
    found = parts(board.standings, row)
    advised = row.entry.ranks and len(ranked) <= ADVISED
    return {
        "place": ordinal(row.place),
        "shared": row.entry.ranks and sum(other.place == row.place for other in ranked) > 1,
        "span": span(sure),
        "moved": moved_mark(rose[id_]) if id_ in rose else "",
        "leader": ranked[0].entry.team if place else "",
        "behind": short(row.score - ranked[0].score) if place else "",
        "above": above.entry if above else None,
        "below": below.entry if below else None,
        "beaten": _chance(ahead.get(above.entry.id)) if above else "",
        "beats": _chance(ahead.get(id_)) if below else "",
        "parts": [_bar(part, len(ranked), row.entry.ranks) for part in found],
        "next": _next(advice(board.standings, row), len(ranked)) if advised else None,
        "too_large": row.entry.ranks and not advised,
        "code_run": _was_run(board, id_),
        "history": [told(board, effect, _CHANGED) for effect in history.of_team(row.entry.team)],
        "counts": id_,
        "placed": len(history.entries) <= MOST,
    }


def _was_run(board: Board, id_: str) -> bool:
    """Whether an entry was measured by running its code."""
    measurement = board.contest.state.measured[board.standing.round - 1][id_]
    return isinstance(measurement, Score) and not measurement.captured


def _chance(p: float | None) -> str:
    return "" if p is None else certainty_in_words(p)


def _bar(part: Part, n: int, ranks: bool) -> dict[str, Any]:
    """A category with its bar, from the field's median to the entry; right is better."""
    here, median, best = (_at(rank, n) for rank in (part.rank, part.median, part.best))
    return {
        "title": TITLES.get(part.name, part.name),
        "place": f"{ordinal(part.place)}{' shared' if part.shared else ''}",
        "rank": short(part.rank),
        "best": short(part.best),
        "won": ("+" if part.won > 0 else "") + short(part.won),
        "word": "won" if part.won > 0 else "lost" if part.won < 0 else "even",
        "x": min(here, median),
        "width": max(abs(here - median), 1.0),
        "median": median,
        "tick": best,
        "ranks": ranks,
    }


def _at(rank: float, n: int) -> float:
    return round(_WIDE * (1 - (min(rank, n) - 1) / max(n - 1, 1)), 1)


def _next(found: Advice, n: int) -> dict[str, Any]:
    """The advice as texts, of which the page makes sentences."""
    small, step = found.smallest, found.step
    if small and step and (small.metric, small.place) == (step.metric, step.place):
        small = None  # it is said already
    texts = None
    if small and small.value is not None:
        texts = [quantity(small.metric, text) for text in numbers(small.value, small.target)]
    return {
        "step": _step(found.step) if found.step else None,
        "most": _step(found.most) if found.most else None,
        "smallest": small
        and {
            "label": METRICS[small.metric].label,
            "from": texts[0] if texts else "",
            "past": texts[1] if texts else quantity(small.metric, number(small.target)),
            "place": ordinal(small.place),
            "within": small.within_noise,
        },
        "weakest": TITLES.get(found.weakest.name, found.weakest.name),
        "weakest_place": ordinal(found.weakest.place),
        "n": n,
    }


def _step(step: Gain) -> dict[str, Any]:
    if step.value is None:
        mine, target = "", quantity(step.metric, number(step.target))
    else:
        mine, target = (quantity(step.metric, text) for text in numbers(step.value, step.target))
    category = step.metric.split(".")[0]
    return {
        "label": METRICS[step.metric].label,
        "category": TITLES.get(category, category),
        "from": mine,
        "past": target,
        "rival": step.rival,
        "points": f"{number(step.points, 3)} {'point' if step.points == 1 else 'points'}",
        "place": ordinal(step.place),
        "way": "" if math.isinf(step.relative) else percent(step.relative),
        "noises": "" if math.isinf(step.noises) else number(step.noises, 2),
    }
