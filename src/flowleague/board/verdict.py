"""The verdict on an entry, above all else on its page: its place, what was won and lost, and what to do next."""

import math
from collections import Counter
from typing import Any

from flowleague.board.entries import card_of
from flowleague.board.front import certainty_in_words, moved_mark, told
from flowleague.contest.exports import span
from flowleague.contest.history import MOST, History
from flowleague.contest.standing import Board
from flowleague.ranking.account import Advice, Part, advice, parts
from flowleague.ranking.explain import explain, quantity
from flowleague.ranking.gains import Gain
from flowleague.ranking.intervals import ahead
from flowleague.ranking.latents import larger_latents
from flowleague.ranking.rank import Row
from flowleague.scorecard.metrics import METRICS, TITLES
from flowleague.text import counted, number, numbers, ordinal, percent, short

_ADVISED = 200  # in a larger field advice takes longer than all the rest; a command prints it
_WIDE = 280  # of the bars, in units of their SVG
_CHANGED = 12


class Verdicts:
    """The verdicts on all entries of a board: place and how sure, bars by category, the next step, the entries."""

    def __init__(self, board: Board, history: History):
        self.board, self.history, self.rose = board, history, history.moved(board.standings)
        self.ranked, self.parts = board.standings.ranked, parts(board.standings)
        self.index = {row.entry.id: k for k, row in enumerate(self.ranked)}
        self.at = Counter(row.place for row in self.ranked)
        self.is_small = len(self.ranked) <= _ADVISED
        self.ahead = ahead(board.standings) if self.is_small else {}
        self.sizes = _latent_sizes(board) if self.is_small else {}

    def of(self, row: Row) -> dict[str, Any]:
        """The verdict on one entry."""
        id_, n = row.entry.id, len(self.ranked)
        sure, k = self.board.certainties.get(id_), self.index.get(id_)
        above = self.ranked[k - 1] if k else None
        below = self.ranked[k + 1] if k is not None and k + 1 < n else None
        mine, advised = self.parts[id_], row.entry.ranks and self.is_small
        found = advice(self.board.standings, row, mine) if advised else None
        return {
            "place": ordinal(row.place),
            "shared": row.entry.ranks and self.at[row.place] > 1,
            "span": span(sure),
            "moved": moved_mark(self.rose[id_]) if id_ in self.rose else "",
            "leader": self.ranked[0].entry.team if k else "",
            "behind": short(row.score - self.ranked[0].score) if k else "",
            "above": above.entry if above else None,
            "below": below.entry if below else None,
            "beaten": _chance(self.ahead.get(above.entry.id)) if above else "",
            "beats": _chance(self.ahead.get(id_)) if below else "",
            "parts": [_bar(part, n) for part in mine],
            "next": _next(found, n) if found else None,
            "larger": self._larger(row, found.step.metric) if found and found.step else None,
            "sentences": _sentences(self.board, row.entry.team) if advised else [],
            "too_large": row.entry.ranks and not advised,
            "code_run": self.board.contest.state.measured[self.board.standing.round - 1][id_].was_run,
            "history": [told(self.board, effect, _CHANGED) for effect in self.history.of_team(row.entry.team)],
            "counts": id_,
            "placed": len(self.history.entries) <= MOST,
        }

    def _larger(self, row: Row, metric: str) -> dict[str, Any] | None:
        """What those with more latent numbers have in the metric of the next step, where the field supports a hint."""
        standings = self.board.standings
        found = larger_latents(standings, standings.field.entries.index(row.entry), metric, self.sizes)
        if not found:
            return None
        median = quantity(metric, number(found.median, 3))
        return {"size": found.size, "least": found.least, "teams": found.teams, "median": median}


def _sentences(board: Board, team: str) -> list[str]:
    """Where points were won and lost, without what the page shows as figures."""
    said = explain(board.standings, team, board.certainties)
    return [text for text in (*said.place[2:], said.account, *said.categories) if text]


def _latent_sizes(board: Board) -> dict[str, int]:
    """Latent dimensions of the ranked entries, from their cards."""
    measured = board.contest.state.measured[board.standing.round - 1]
    cards = {row.entry.id: card_of(board, measured[row.entry.id]) for row in board.standings.ranked}
    return {id_: card.latent_size for id_, card in cards.items() if card and card.latent_size}


def _chance(p: float | None) -> str:
    return "" if p is None else certainty_in_words(p)


def _bar(part: Part, n: int) -> dict[str, Any]:
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


def next_in_a_line(verdict: dict[str, Any]) -> str:
    """The next step of a verdict in a line; empty where there is none."""
    step = verdict["next"] and verdict["next"]["step"]
    if not step:
        return ""
    way = f"from {step['from']} past {step['past']}" if step["from"] else f"to any value past {step['past']}"
    place = "" if step["place"] == verdict["place"] else f" and place {step['place']}"
    return f"{step['label']} {way} gains {step['points']}{place}"


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
        "points": counted(step.points, "point"),
        "place": ordinal(step.place),
        "way": "" if math.isinf(step.relative) else percent(step.relative),
        "noises": "" if math.isinf(step.noises) else number(step.noises, 2),
    }
