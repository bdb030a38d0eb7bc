"""What the front page shows, as plain values for its template."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

from markupsafe import Markup

from flowleague.board.figures import metrics_of, shade
from flowleague.board.glossary import glossary
from flowleague.board.movement import Movement
from flowleague.board.samples import STRIP, Pictures, file_name
from flowleague.contest.amending import amendments
from flowleague.contest.exports import span
from flowleague.contest.history import Effect, History
from flowleague.contest.standing import Board
from flowleague.contest.teams import name_key
from flowleague.edition2025.compare import alternatives
from flowleague.ranking.account import lead
from flowleague.ranking.findings import Consequence, Flag
from flowleague.ranking.intervals import Certainty
from flowleague.ranking.rank import Row
from flowleague.ranking.sensitivity import sensitivity
from flowleague.scorecard.metrics import CATEGORIES, METRICS, TITLES
from flowleague.text import number, percent, short

_MISSED, CHANGES, LINES = 12, 8, 12  # so many are named on the front page; every team's own page says the rest
LATEST, _CHANGED = 10, 4  # entries on the front page, and what of each is named
SHOWN = 200  # rows of the standings, until a reader asks for all; board.css counts as far
WIDE, HIGH = 480, 22  # of the lines of places over time, in units of their SVG
_SHORT = {category.name: category.short for category in CATEGORIES}
_BAR = 72  # width of the bar of places, in units of its SVG


def front(board: Board, history: History, moved: Movement, pictures: Pictures) -> dict[str, Any]:
    """Everything on the front page."""
    standings, rules = board.standings, board.contest.rules
    rose, names = history.moved(standings), standings.table.categories
    shown = {row.entry.id for row in standings.rows}
    at, n = Counter(row.place for row in standings.ranked), len(standings.ranked)
    best = {name: min((row.category_ranks[name] for row in standings.ranked), default=0.0) for name in names}
    return {
        "board": board,
        "shown": SHOWN,
        "head": head(board, history),
        "rows": [_row_of(board, row, rose, best, at, n, pictures) for row in standings.rows],
        "categories": [(c.name, TITLES.get(c.name, c.name), _SHORT.get(c.name, c.name)) for c in rules.categories],
        "leading": [METRICS[f"{c.name}.{c.metrics[0].name}"].label for c in rules.categories],
        "by_category": rules.ranking.scheme != "columns",
        "whole": standings.table.whole,
        "awards": [_award_of(board, k) for k in range(len(board.awards))],
        "amendments": amendments(history.events),
        "changes": [str(change) for change in sensitivity(standings, alternatives())[:CHANGES]],
        "problems": [
            (row.entry.team, board.standing.problems.get(row.entry.id))
            for row in standings.rows
            if not row.entry.metrics
        ],
        "glossary": glossary(board, metrics_of(rules.categories)),
        "lines": _lines_of(board, moved),
        "latest": [told(board, effect, _CHANGED, shown) for effect in history.latest(LATEST)],
    }


def head(board: Board, history: History) -> dict[str, Any]:
    """State and times, who leads, and whether the awards are final; by the records alone, so a page is built alike."""
    state, time = board.contest.state, board.contest.rules.time
    updated = max((event.time for event in history.events), default=None)
    closed = updated is not None and updated >= time.closes
    unmeasured = sum(not s.late and s.id not in history.measured for s in state.live())
    found = lead(board.standings, board.certainties)
    return {
        "opens": time.opens,
        "closes": time.closes if time.closes.year < 9999 else None,
        "updated": updated,
        "closed": closed,
        "entries": len(state.live()),
        "awards": "Awards" if closed and not unmeasured else "By what is measured" if closed else "If it closed now",
        "lead": found,
        "score": short(found.winners[0].score) if found else "",
        "ahead": short(found.ahead) if found else "",
        "sure": certainty_in_words(found.sure) if found else "",
    }


def certainty_in_words(p: float) -> str:
    """A probability from a thousand draws, which never claims certainty: "over 99.9 %", "97 %".

    >>> certainty_in_words(0.9995), certainty_in_words(0.998), certainty_in_words(0.5)
    ('over 99.9\\xa0%', '99.8\\xa0%', '50\\xa0%')
    """
    if p > 0.999:
        return f"over {percent(0.999, 3)}"
    return f"under {percent(0.001)}" if p < 0.001 else percent(p, 3 if p > 0.99 else 2)


def _row_of(
    board: Board,
    row: Row,
    rose: Mapping[str, int | None],
    best: Mapping[str, float],
    at: Mapping[int, int],
    n: int,
    pictures: Pictures,
) -> dict[str, Any]:
    """One line of the standings of n teams; `best` is the best rank of each category, `at` how many have a place."""
    id_ = row.entry.id
    sure = board.certainties.get(id_)
    return {
        "id": id_,
        "team": row.entry.team,
        "aside": not row.entry.ranks,
        "marks": marks_of(board, row),
        "place": row.place,
        "shared": row.entry.ranks and at[row.place] > 1,
        "score": short(row.score),
        "span": span(sure).replace(" to ", "\N{EN DASH}"),
        "bar": _bar(sure, row.place, n) if sure else "",
        "strip": file_name(id_, STRIP) if STRIP in pictures.get(id_, {}) else "",
        "moved": moved_mark(rose[id_]) if id_ in rose else "",
        "categories": [
            (short(rank), f"{shade(rank, n)}{' best' if rank == best[name] else ''}")
            for name, rank in row.category_ranks.items()
        ],
    }


def marks_of(board: Board, row: Row) -> list[tuple[str, str, str]]:
    """What stands beside a team's name: a word, what it means, and whether it warns ("f") or informs ("")."""
    entry, found = row.entry, []
    measurement = board.contest.state.measured[board.standing.round - 1][entry.id]
    if not entry.ranks and entry.baseline:
        found.append(("baseline", "not ranked, and moves nobody", ""))
    if measurement.was_run:
        found.append(("code run", "it could not be captured as data, so it was measured by running its code", ""))
    if not entry.metrics:
        found.append(("not measured", "its page says why", "f"))
    live = sorted((flag for flag in entry.flags if not flag.cleared), key=_cost, reverse=True)
    if live:
        labels = "; ".join(flag.label for flag in live)
        more = f" + {len(live) - 1}" if live[1:] else ""
        found.append((f"{live[0].label}{more}", f"found: {labels}", "f"))
    elif entry.flags:
        found.append(("cleared", "; ".join(flag.label for flag in entry.flags), ""))
    if entry.aside and not live and not measurement.was_run:
        found.append((entry.aside, "not ranked, and moves nobody", ""))
    return found


def _cost(flag: Flag) -> int:
    """How much a finding costs: 0 for a note."""
    return list(Consequence).index(flag.consequence)


def _bar(sure: Certainty, place: int, n: int) -> str:
    """Where the true place lies on a scale of all places, and the official one, as an SVG path of two strokes."""
    low, high, at = (3 + (_BAR - 6) * (p - 1) / max(n - 1, 1) for p in (sure.low, sure.high, place))
    return f"M{max(low - 2, 1):.0f} 6H{min(high + 2, _BAR - 1):.0f}M{at:.0f} 2v8"


def moved_mark(rise: int | None) -> Markup:
    """By how many places a team rose; None: it is new."""
    if rise is None:
        return Markup("<b>new</b>")
    if not rise:
        return Markup("·")
    kind, arrow, way = ("up", "▲", "up") if rise > 0 else ("down", "▼", "down")
    return Markup('<span class="{}"><span class="vh">{} </span>{}{}</span>').format(kind, way, arrow, abs(rise))


def told(board: Board, effect: Effect, most: int, shown: Container[str] = ()) -> dict[str, Any]:
    """An entry and what it did, for a table; those that are `shown` have a page."""
    moment = effect.submission.submitted
    better, worse = ([], [])
    for change in effect.changes or ():
        (better if change.better else worse).append(
            f"{METRICS[change.metric].label} {_value(change.before.value)} → {_value(change.after.value)}"
        )
    kept = [*(("better", text) for text in better), *(("worse", text) for text in worse)]
    return {
        "id": effect.submission.id,
        "team": effect.submission.team,
        "when": moment,
        "before": effect.before,
        "after": effect.after,
        "first": effect.changes is None,
        "measured": effect.submission.id in board.contest.state.measured[board.standing.round - 1],
        "page": effect.submission.id in shown,
        "better": [text for kind, text in kept[:most] if kind == "better"],
        "worse": [text for kind, text in kept[:most] if kind == "worse"],
        "more": max(len(kept) - most, 0),
    }


def _value(value: float | None) -> str:
    return "none" if value is None else number(value, 3)


def _award_of(board: Board, number_: int) -> dict[str, Any]:
    """An award with the first of those who missed it; by place, as the standings have them."""
    award = board.awards[number_]
    return {
        "name": award.name,
        "winners": award.winners,
        "reason": award.reason,
        "missed": award.missed[:_MISSED],
        "others": max(len(award.missed) - _MISSED, 0),
    }


def _lines_of(board: Board, moved: Movement) -> dict[str, Any] | None:
    """The places of the first teams over time, as SVG paths; None when there is only one moment."""
    if len(moved.moments) < 2:
        return None
    rows = board.standings.ranked[:LINES]
    paths = [moved.places.get(name_key(row.entry.team), ()) for row in rows]
    lowest = min(max((place for path in paths for place in path if place), default=1), len(rows) + 4)
    times = board.contest.rules.time
    return {
        "lowest": lowest,
        "teams": [
            (row.entry, row.place, k, line(path, lowest), cut(row.entry.team))
            for k, (row, path) in enumerate(zip(rows, paths, strict=True))
        ],
        "moments": [f"{times.local(moved.moments[k]):%d %b, %H:%M}" for k in (0, len(moved.moments) // 2, -1)],
    }


def cut(name: str, room: int = 184) -> str:
    """A name that fits into so many units of 12 px text, by generous widths of its letters; cut with an ellipsis.

    >>> cut("The Latents"), cut("W" * 40), cut("東京大学" * 9)
    ('The Latents', 'WWWWWWWWWWWWWW…', '東京大学東京大学東京大学東…')
    """
    widths = accumulate(13 if east_asian_width(letter) in "WF" else 12 if letter in "MW@" else 7 for letter in name)
    ends = list(widths)
    return name if not ends or ends[-1] <= room else name[: sum(end <= room - 12 for end in ends)] + "…"


def line(places: Sequence[int | None], lowest: int) -> str:
    """Places over time as an SVG path, `WIDE` long and `HIGH` for a place; what is beyond the lowest is cut."""
    points = [(k, min(place, lowest)) for k, place in enumerate(places) if place]
    step = WIDE / max(len(places) - 1, 1)
    return "M" + "L".join(f"{k * step:.0f} {(place - 0.5) * HIGH:g}" for k, place in points) if points else ""
