"""The page of one entry: what was measured, where in the field it lies, what was found, and where it comes from."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flowleague.board.figures import valid
from flowleague.board.front import HIGH, WIDE, line
from flowleague.board.movement import Movement
from flowleague.board.running import Running
from flowleague.board.samples import Pictures, picture, why_missing
from flowleague.board.strips import Strip, strip
from flowleague.contest.events import Failure, Measurement, Score
from flowleague.contest.standing import Board
from flowleague.contest.teams import name_key
from flowleague.ranking.field import Compute
from flowleague.ranking.rank import Row
from flowleague.scorecard.card import Scorecard, ScorecardError, parse_scorecard
from flowleague.scorecard.metrics import CATEGORIES, MetricKind
from flowleague.scorecard.pictures import NAMES
from flowleague.text import figure, number, short


@dataclass(frozen=True)
class Strips:
    """The strips of all metrics that have a better direction, by name."""

    of: dict[str, Strip]

    @classmethod
    def of_field(cls, board: Board) -> "Strips":
        """Those of a board's ranked entries, as measured: what does not count is drawn, too."""
        found, measured = {}, board.contest.state.measured[board.standing.round - 1]
        field = [measured[row.entry.id].measured for row in board.standings.ranked]
        for category in CATEGORIES:
            for kind in category.metrics:
                name = f"{category.name}.{kind.name}"
                values = [v for entry in field if (v := valid(entry.get(name))) is not None]
                scale = strip(values, direction(board, name, kind) == "lower")
                if scale and direction(board, name, kind) != "shown":
                    found[name] = scale
        return cls(found)


def direction(board: Board, name: str, kind: MetricKind) -> str:
    """Which direction is better: as the rules say, and where they do not rank the metric, as its row says."""
    by = board.standings.table
    return by.directions[by.metrics.index(name)] if name in by.metrics else kind.direction


def entry_page(
    board: Board, row: Row, said: dict[str, Any], strips: Strips, moved: Movement, pictures: Pictures, live: Running
) -> dict[str, Any]:
    """Everything on the page of one entry; `said` is its verdict."""
    state, entry = board.contest.state, row.entry
    measurement = state.measured[board.standing.round - 1][entry.id]
    card = card_of(board, measurement)
    n = len(board.standings.ranked)
    problem, source = board.standing.problems.get(entry.id, ""), measurement.source
    return {
        "board": board,
        "row": row,
        "n": n,
        "score": short(row.score),
        "verdict": said,
        "problem": "" if entry.metrics else problem,
        "pictures": {name: picture(pictures, entry.id, name) for name in NAMES},
        "why_missing": why_missing(problem, source),
        "live": live,
        "sentences": said["sentences"],
        "card": card,
        "held_out": measurement.held_out if isinstance(measurement, Score) else "",
        "categories": _categories_of(board, row, card, strips) if card else [],
        "flags": [(flag, flag.consequence) for flag in entry.flags],
        "awards": _awards_of(board, entry.id),
        "submission": state.submissions[entry.id],
        "submitted": f"{board.contest.rules.time.local(state.submissions[entry.id].submitted):%Y-%m-%d %H:%M:%S}",
        "source": source,
        "compute": _compute_of(entry.compute),
        "line": _own_line(moved.places.get(name_key(entry.team), ()), n),
        "moments": [f"{board.contest.rules.time.local(m):%d %b, %H:%M}" for m in moved.moments],
    }


def card_of(board: Board, measurement: Measurement) -> Scorecard | None:
    """The card of a measurement; None when there is none, or when it is not the recorded one or of this version."""
    if isinstance(measurement, Failure):
        return None
    path, digest = next((path, digest) for path, digest in measurement.files.items() if path.endswith(".json"))
    try:
        raw = (board.contest.folder / path).read_bytes()
        return parse_scorecard(raw, path) if hashlib.sha256(raw).hexdigest() == digest else None
    except (OSError, ScorecardError):
        return None


def _categories_of(board: Board, row: Row, card: Scorecard, strips: Strips) -> list[dict[str, Any]]:
    """The scorecard by category, each metric with its place in the field."""
    found = card.metrics()
    groups = []
    for category in CATEGORIES:
        names = [f"{category.name}.{kind.name}" for kind in category.metrics]
        metrics = [
            metric_of(board, row, name, kind, found[name], strips)
            for name, kind in zip(names, category.metrics, strict=True)
        ]
        groups.append(
            {
                "title": category.title,
                "place": row.category_places.get(category.name),
                "rank": short(row.category_means[category.name]) if category.name in row.category_means else "",
                "metrics": [metric for metric in metrics if metric["better"] != "shown"],
                "shown": [metric for metric in metrics if metric["better"] == "shown"],
                "findings": [finding for finding in card.findings if finding.category == category.name],
            }
        )
    return groups


def metric_of(board: Board, row: Row, name: str, kind: MetricKind, metric: Any, strips: Strips) -> dict[str, Any]:
    """One metric of the scorecard; `mark` is its place on the strip, None where there is no value."""
    scale, counts = strips.of.get(name), valid(row.entry.metrics.get(name)) is not None
    return {
        "title": kind.title,
        "meaning": kind.meaning,
        "unit": kind.unit if kind.unit != "1" else "",
        "better": direction(board, name, kind),
        "rank": row.metric_ranks.get(name, "") if counts or name not in row.metric_ranks else "last",
        "void": metric.value is not None and not counts and name in row.metric_ranks,
        "value": "" if metric.value is None else figure(metric.value, metric.standard_error),
        "reason": metric.reason,
        "reference": "" if metric.reference is None else number(metric.reference),
        "compared": kind.reference,
        "n": number(metric.n) if metric.n else "",
        "strip": scale.path if scale else "",
        "mark": scale.mark(metric.value, metric.standard_error, metric.reference)
        if scale and metric.value is not None
        else None,
    }


def _awards_of(board: Board, id_: str) -> list[tuple[str, str]]:
    """What became of an entry in every award, in words."""
    said = []
    for award in board.awards:
        if any(winner.id == id_ for winner in award.winners):
            said.append((award.name, f"Won. {award.reason}"))
        for missed in award.missed:
            if missed.entry.id == id_:
                said.append((award.name, f"Missed: {'; '.join(missed.reasons)}."))
    return said


def _compute_of(compute: Compute) -> list[tuple[str, str]]:
    """What is known of the training, and what is not."""
    known = {
        "training time": None if compute.hours is None else f"{number(compute.hours, 3)} h",
        "GPU": None if compute.gpu is None else compute.gpu or "none",
        "memory": None if compute.memory_gib is None else f"{number(compute.memory_gib, 3)} GiB",
        "trained on": None if compute.datasets is None else ", ".join(compute.datasets),
        "from scratch": None if compute.from_scratch is None else "yes" if compute.from_scratch else "no",
    }
    return [(name, "unknown" if value is None else value) for name, value in known.items()]


def _own_line(places: tuple[int | None, ...], n: int) -> dict[str, Any] | None:
    """An entry's team over time, drawn from the first place to the last; None when there is only one moment."""
    if len([place for place in places if place]) < 2:
        return None
    scale = max(n / 6, 1)  # so that the line is as high in any field
    drawn = line(tuple(place and 1 + (place - 1) / scale for place in places), n)  # pyright: ignore[reportArgumentType]
    return {"path": drawn, "width": WIDE, "height": HIGH * (1 + (n - 1) / scale), "places": [p for p in places if p]}
